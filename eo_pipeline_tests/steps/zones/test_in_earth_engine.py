"""Zones measured inside Earth Engine: as plain numpy has them, and the table that the mosaics give."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.product import Product
from eo_pipeline.core.requests.region_batches import Limits
from eo_pipeline.core.zonal.columns import Form
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.earth_engine.zones.zone_pictures import AreaImages
from eo_pipeline.errors import ZonesError
from eo_pipeline.steps.zones.in_earth_engine import MeasuredZones, measure_in_earth_engine
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.steps.zones.wanted_zones import wanted_zones
from eo_pipeline_tests.raster_files import write_raster
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import CRS as UTM
from eo_pipeline_tests.scenes import LEFT, TOP, Scene, Service, scenes_product
from eo_pipeline_tests.steps.series.series_oracle import centred, shares
from eo_pipeline_tests.steps.zones.zone_oracle import shared_pixels, whole_pixels

KEPT = [2, 4, 5, 6, 7]
SCALE, OFFSET = 2.0, -10.0
STATISTICS = (
    *("count", "sum", "mean", "std", "var", "min", "max", "range", "median", "percentile_12.5", "mode", "minority"),
    *("variety", "valid_share", "nodata"),
)
BY_SHARE = tuple(name for name in STATISTICS if name not in ("median", "percentile_12.5", "minority"))
GRID = GeoBox.from_bbox((LEFT, TOP - 200, LEFT + 240, TOP), UTM, resolution=10)
WEST, EAST = GRID[:, :12], GRID[:, 12:]
MARGIN = 10
"""Pixels around the grid that zones may reach."""
SHAPES: Mapping[str, BaseGeometry] = {
    "triangle": shapely.Polygon([(LEFT + 13, TOP - 17), (LEFT + 171, TOP - 31), (LEFT + 88, TOP - 163)]),
    "ring across areas": shapely.box(LEFT + 21, TOP - 188, LEFT + 219, TOP - 12).difference(
        shapely.box(LEFT + 63, TOP - 131, LEFT + 154, TOP - 44)
    ),
    "elsewhere": shapely.box(LEFT + 900, TOP - 90, LEFT + 960, TOP - 20),
    "within one pixel": shapely.box(LEFT + 111.5, TOP - 57.5, LEFT + 113, TOP - 56),
    "two parts": shapely.MultiPolygon(
        [shapely.box(LEFT + 7, TOP - 62, LEFT + 42, TOP - 23), shapely.box(LEFT + 121, TOP - 181, LEFT + 191, TOP - 99)]
    ),
    "beyond the areas": shapely.box(LEFT + 203, TOP - 243, LEFT + 277, TOP - 151),
}
ZONES = Zones("fields.gpkg", "field", tuple(SHAPES), tuple(SHAPES.values()), CRS(UTM), (), "abc")


def product_of(**zones: Any) -> Product:
    plain: dict[str, Any] = {"file": "fields.gpkg", "id": "field", "where": "earth_engine"}
    stored = {"dtype": "uint16", "nodata": 0, "scale": SCALE, "offset": OFFSET, "units": "K"}
    return scenes_product(
        zones={**plain, "statistics": list(STATISTICS), **zones},
        composite={"reducer": "mosaic"},
        mask={"scl_include": KEPT},
        output={"B4": stored, "B8": stored},
    )


def images_of(product: Product, **areas: GeoBox) -> AreaImages:
    return AreaImages(product, product.period.rule.parse("2024-01"), areas, 10)


def measured(
    session: Session,
    product: Product,
    folder: Path,
    *,
    zones: Zones = ZONES,
    limits: Limits | None = None,
    form: Form = "wide",
    geometry: bool = False,
    **areas: GeoBox,
) -> MeasuredZones:
    """Over the areas that have images, of the two that there are."""
    assert product.zones is not None
    return measure_in_earth_engine(
        InteractiveClient(session),
        zones,
        images_of(product, **(areas or {"west": WEST, "east": EAST})),
        wanted_zones(product.zones, product.bands),
        areas=[WEST, EAST],
        folder=folder,
        tag="scenes",
        limits=limits,
        form=form,
        geometry=geometry,
    )


def composite(scenes: list[Scene], band: str) -> NDArray[np.float64]:
    """The last usable number of January's scenes as it is stored, NaN where there is none."""
    made = np.full(scenes[0].bands[band].shape, np.nan)
    for scene in scenes[:3]:
        raw = scene.bands[band].astype(float)
        kept = np.isin(scene.bands["SCL"], KEPT) & (raw > 0)
        made = np.where(kept, np.floor((raw - OFFSET) / SCALE + 0.5), made)
    return made


def around(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """With pixels without a value on all sides, which zones beyond the areas hold."""
    return np.pad(pixels, MARGIN, constant_values=np.nan)


def expected(pixels: NDArray[np.float64], shape: BaseGeometry, *, by_share: bool) -> Mapping[str, float]:
    physical, grid = around(pixels) * SCALE + OFFSET, GRID.pad(MARGIN)
    if not by_share:
        return whole_pixels(physical[centred(shape, grid)])
    share = shares(shape, grid)
    seen = share >= 0.005
    return shared_pixels(physical[seen], share[seen])


@pytest.mark.parametrize("rule", ["center", "fractional"])
def test_every_statistic_is_that_of_plain_numpy(service: Service, tmp_path: Path, rule: str) -> None:
    names = STATISTICS if rule == "center" else BY_SHARE
    table = measured(service.session, product_of(rule=rule, statistics=list(names)), tmp_path).table
    rows = table.set_index("field")
    assert list(rows.index) == list(SHAPES)
    for band in ("B4", "B8"):
        pixels = composite(service.scenes, band)
        for zone, shape in SHAPES.items():
            if zone == "elsewhere":
                continue
            wanted = expected(pixels, shape, by_share=rule == "fractional")
            for name in names:
                got: Any = rows.loc[zone, f"{band}_{name}"]
                if name not in wanted or np.isnan(wanted[name]):
                    assert pd.isna(got), (band, zone, name)
                else:
                    assert got == pytest.approx(wanted[name], rel=1e-6, abs=1e-9), (band, zone, name)


def mosaics(service: Service, folder: Path, *areas: GeoBox) -> list[Path]:
    """What an export of areas would be made into."""
    pixels = np.stack([composite(service.scenes, band) for band in ("B4", "B8")])
    stored = np.where(np.isnan(pixels), 0, pixels).astype("uint16")
    made = []
    for area in areas:
        column = round((area.affine.c - LEFT) / 10)
        part = stored[:, :, column : column + area.shape[1]]
        made.append(write_raster(folder / f"{column}.tif", area, part, nodata=0, names=("B4", "B8")))
    return made


@pytest.mark.parametrize("form", ["wide", "long"])
def test_the_table_is_that_of_the_mosaics(service: Service, tmp_path: Path, form: Form) -> None:
    """Types, columns and rows too, with zones elsewhere and beyond, classes, bins and a least share."""
    more = {"histogram": [0, 5000, 9000.5, 2e4], "min_valid_fraction": 0.3, "inner_buffer": 2.0}
    product = product_of(form=form, geometry=True, **more)
    assert product.zones is not None
    there = measured(service.session, product, tmp_path, form=form, geometry=True).table
    here = measure_zones(
        ZONES,
        mosaics(service, tmp_path, WEST, EAST),
        wanted_zones(product.zones, product.bands),
        product.period.rule.parse("2024-01"),
        areas=[WEST, EAST],
        form=form,
        geometry=True,
    )
    assert len(here) > len(SHAPES) - 1
    pd.testing.assert_frame_equal(there, here, rtol=1e-9)


def test_shares_of_the_service_give_the_table_of_exact_ones_but_for_slivers(service: Service, tmp_path: Path) -> None:
    """Left out are the rarest value and how many there are: slivers decide about them."""
    names = [name for name in STATISTICS if name not in ("minority", "variety")]
    product = product_of(rule="fractional", statistics=names)
    assert product.zones is not None
    there = measured(service.session, product, tmp_path).table
    here = measure_zones(
        ZONES,
        mosaics(service, tmp_path, WEST, EAST),
        wanted_zones(product.zones, product.bands),
        product.period.rule.parse("2024-01"),
        areas=[WEST, EAST],
    )
    pd.testing.assert_frame_equal(there, here, rtol=5e-3)


def test_an_area_without_images_has_no_values(service: Service, tmp_path: Path) -> None:
    product = product_of(statistics=["count", "mean", "nodata"])
    assert product.zones is not None
    there = measured(service.session, product, tmp_path, west=WEST).table
    here = measure_zones(
        ZONES,
        mosaics(service, tmp_path, WEST),
        wanted_zones(product.zones, product.bands),
        product.period.rule.parse("2024-01"),
        areas=[WEST, EAST],
    )
    assert (there.set_index("field").loc["beyond the areas", ["B4_count", "B4_nodata"]] == [0, 8 * 9]).all()
    pd.testing.assert_frame_equal(there, here, rtol=1e-9)


def test_classes_and_their_ground_in_one_band(service: Service, tmp_path: Path) -> None:
    """A reply about a single band names its outputs otherwise."""
    product = scenes_product(
        zones={
            "file": "f.gpkg",
            "id": "field",
            "statistics": ["count", "median"],
            "classes": [2, 4, 9],
            "areas": True,
            "where": "earth_engine",
        },
        source={"collection": "local/scenes", "bands": ["SCL"]},
        composite={"reducer": "mosaic"},
        output={"SCL": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}},
    )
    rows = measured(service.session, product, tmp_path).table.set_index("field")
    latest = around(service.scenes[2].bands["SCL"].astype(float))
    for zone, shape in SHAPES.items():
        if zone == "elsewhere":
            continue
        values = latest[centred(shape, GRID.pad(MARGIN))]
        there = values[~np.isnan(values)]
        assert rows.loc[zone, "SCL_count"] == there.size
        if there.size:
            assert rows.loc[zone, "SCL_median"] == np.median(there)
        for number in (2, 4, 9):
            assert rows.loc[zone, f"SCL_class_{number}_count"] == (there == number).sum()
            assert rows.loc[zone, f"SCL_class_{number}_area"] == 100 * (there == number).sum()


def test_batches_give_the_same_and_are_asked_for_once(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    whole, batched = tmp_path / "whole", tmp_path / "batched"
    whole.mkdir()
    batched.mkdir()
    once = measured(service.session, product_of(), whole)
    one_each = measured(interactive, product_of(), batched, limits=Limits(rows=1))
    assert (once.requests, once.reused, one_each.requests) == (1, 0, len(SHAPES) - 1)
    pd.testing.assert_frame_equal(one_each.table, once.table)
    recorder.asked.clear()
    again = measured(interactive, product_of(), batched, limits=Limits(rows=1))
    assert (again.requests, again.reused, list(recorder.asked)) == (0, len(SHAPES) - 1, [])
    pd.testing.assert_frame_equal(again.table, once.table)


def test_a_zone_that_fails_is_named_and_costs_itself_only(
    service: Service, interactive: Session, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="status", path="value:compute", status=400, message="Wrong.", count=1)
    with pytest.raises(ZonesError, match=r"(?s)expected 6 zones measured by Earth Engine, got 1 that failed:\n  field"):
        measured(interactive, product_of(), tmp_path, limits=Limits(rows=1))
    again = measured(interactive, product_of(), tmp_path, limits=Limits(rows=1))
    assert (again.requests, again.reused) == (1, len(SHAPES) - 2)


def test_what_the_service_does_not_know_is_refused(service: Service, tmp_path: Path) -> None:
    product = product_of()
    assert product.zones is not None
    points = replace(ZONES, geometries=tuple(shape.centroid for shape in SHAPES.values()))
    wanted = wanted_zones(product.zones, product.bands, kind="points")
    with pytest.raises(ZonesError, match=r"zones\.where: expected local beside zones that are points, got earth_"):
        measure_in_earth_engine(
            InteractiveClient(service.session),
            points,
            images_of(product, west=WEST),
            wanted,
            areas=[WEST],
            folder=tmp_path,
            tag="scenes",
        )


def test_the_ground_of_classes_in_degrees_is_refused(service: Service, tmp_path: Path) -> None:
    """The service would have to weigh each pixel by its own area."""
    plain = {"file": "f.gpkg", "id": "field", "classes": [2], "areas": True, "where": "earth_engine"}
    output = {"SCL": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}}
    product = scenes_product(zones=plain, source={"collection": "local/scenes", "bands": ["SCL"]}, output=output)
    assert product.zones is not None
    degrees = GeoBox.from_bbox((15, 46, 16, 47), "EPSG:4326", resolution=0.01)
    with pytest.raises(ZonesError, match=r"beside areas of classes on longitudes and latitudes, got earth_engine"):
        measure_in_earth_engine(
            InteractiveClient(service.session),
            ZONES,
            images_of(product, west=degrees),
            wanted_zones(product.zones, product.bands),
            areas=[degrees],
            folder=tmp_path,
            tag="scenes",
        )


def test_no_zone_on_any_area_is_an_error(service: Service, tmp_path: Path) -> None:
    with pytest.raises(ZonesError, match="expected zones that touch the areas"):
        measured(service.session, product_of(), tmp_path, zones=ZONES.only({"elsewhere"}))
