"""Assets that are not what was exported: every difference is told, and nothing is labelled."""

import time
from datetime import UTC, datetime
from typing import Any

import ee
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.export_requests import Label, PixelGrid, image_to_asset
from eo_pipeline.errors import AssetError, ExportGoneError
from eo_pipeline.steps.exports.register_asset import AssetLabel, register_image, register_table
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.scenes import COLLECTION, CRS, LEFT, RESOLUTION, TOP, Service

NAME = f"projects/{PROJECT}/assets/registered"
GEOBOX = GeoBox((20, 24), Affine(RESOLUTION, 0, LEFT, 0, -RESOLUTION, TOP), CRS)
BANDS = [BandEncoding("B4", "uint16", nodata=0), BandEncoding("SCL", "uint16", nodata=255, kind="categorical")]
JANUARY = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), "2024-01")
LABEL = AssetLabel("scenes", "whole", JANUARY, "d" * 40)


@pytest.fixture(scope="module")
def image(service: Service) -> str:
    """An asset of two bands on GEOBOX."""
    first = service.session.call(lambda: ee.ImageCollection(COLLECTION).first().select(["B4", "SCL"]).toUint16())
    body = image_to_asset(first, Label("registered", 100), PixelGrid(GEOBOX, 10**6), name=NAME, bands=BANDS)
    operation = service.session.call(lambda: ee.data.exportImage("registered", body))["name"]
    for _ in range(200):
        if service.session.call(lambda: ee.data.getOperation(operation)).get("done"):
            break
        time.sleep(0.05)
    return NAME


def said(service: Service, name: str, **other: Any) -> str:
    asked = {"geobox": GEOBOX, "bands": BANDS, **other}
    with pytest.raises(AssetError) as caught:
        register_image(service.session, name, label=LABEL, **asked)
    return str(caught.value)


def test_an_image_of_other_grid_bands_or_pyramids_is_told_and_not_labelled(service: Service, image: str) -> None:
    moved = GeoBox((20, 25), Affine(RESOLUTION, 0, LEFT + 10, 0, -RESOLUTION, TOP), CRS)
    continuous = [BANDS[0], BandEncoding("SCL", "uint16", nodata=255)]
    assert said(service, image, geobox=moved, bands=continuous) == (
        f"the asset {image} is not what was exported:\n"
        "  grid of B4: expected 25 x 20 px, EPSG:32633, affine (10, 0, 500010, 0, -10, 5200000), got 24 x 20 px, "
        "EPSG:32633, affine (10, 0, 500000, 0, -10, 5200000)\n"
        "  pyramids of SCL: expected MEAN, got MODE\n"
        "  grid of SCL: expected 25 x 20 px, EPSG:32633, affine (10, 0, 500010, 0, -10, 5200000), got 24 x 20 px, "
        "EPSG:32633, affine (10, 0, 500000, 0, -10, 5200000)\n"
        "somebody replaced it; delete it and materialise `ee_asset` again, then it is exported anew"
    )
    assert "  bands: expected SCL, got B4, SCL\n" in said(service, image, bands=BANDS[1:])
    found = assets.describe(service.session, image)
    assert found is not None
    assert found.properties.keys() & {"product", "digest", "current"} == set()
    register_image(service.session, image, geobox=GEOBOX, bands=BANDS, label=LABEL)
    labelled = assets.describe(service.session, image)
    assert labelled is not None
    assert labelled.properties["digest"] == "d" * 40
    assert (labelled.start, labelled.end) == (JANUARY.start, JANUARY.end)


def test_what_is_of_another_type_is_told(service: Service, image: str) -> None:
    folder = f"projects/{PROJECT}/assets/holder"
    assets.make_holder(service.session, folder, "FOLDER")
    assert "  type: expected IMAGE, got FOLDER\n" in said(service, folder)
    with pytest.raises(AssetError, match=r"\n  type: expected TABLE, got IMAGE\n"):
        register_table(service.session, image, columns=["a"], label=LABEL)


def test_what_is_not_there_was_deleted(service: Service) -> None:
    with pytest.raises(ExportGoneError) as caught:
        register_image(service.session, f"{NAME}_gone", geobox=GEOBOX, bands=BANDS, label=LABEL)
    assert str(caught.value) == (
        f"expected the asset {NAME}_gone, which an export made, found none: somebody deleted it; the sensor "
        "`earth_engine_operations` has it exported again, or materialise `submission` with lost: true"
    )
