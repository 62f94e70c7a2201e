"""Assets of a sandbox: what they lie in, what they hold, how they are labelled and deleted."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import ee
import pytest

from eo_pipeline.core import grids
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.export_requests import Label, PixelGrid, image_to_asset
from eo_pipeline.errors import ServiceError
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.scenes import BOX, COLLECTION, COLUMNS, CRS, LEFT, RESOLUTION, ROWS, TOP, Service, scenes_product

ROOT = f"projects/{PROJECT}/assets"
JANUARY = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), "2024-01")


def made(service: Service, name: str) -> None:
    """Export the first scene's B4 and the share of a class, as uint16 and float32."""
    [area] = grids.whole_area(scenes_product().area.lattice, BOX)
    first = service.session.call(lambda: ee.ImageCollection(COLLECTION).first())
    image = first.select(["B4"]).addBands(first.select(["SCL"]).divide(11).toFloat())
    bands = [BandEncoding("B4", "uint16", nodata=0), BandEncoding("SCL", "float32")]
    body = image_to_asset(image, Label(name, 100), PixelGrid(area.geobox, 10**6), name=name, bands=bands)
    operation = service.session.call(lambda: ee.data.exportImage(f"made-{len(name)}", body))["name"]
    for _ in range(200):
        if service.session.call(lambda: ee.data.getOperation(operation)).get("done"):
            break
        time.sleep(0.05)


@pytest.fixture(scope="module")
def image(service: Service) -> str:
    """An exported image's name."""
    assets.make_holder(service.session, f"{ROOT}/exports/deep/scenes", "IMAGE_COLLECTION")
    made(service, f"{ROOT}/exports/deep/scenes/whole")
    return f"{ROOT}/exports/deep/scenes/whole"


def test_what_an_image_holds(service: Service, image: str) -> None:
    found = assets.describe(service.session, image)
    assert found is not None
    assert (found.name, found.type) == (image, "IMAGE")
    assert found.size > 0
    assert [(band.name, band.precision, band.pyramiding) for band in found.bands] == [
        ("B4", "INT", "MEAN"),
        ("SCL", "FLOAT", "MEAN"),
    ]
    for band in found.bands:
        assert band.geobox.shape == (ROWS, COLUMNS)
        assert list(band.geobox.affine)[:6] == [RESOLUTION, 0, LEFT, 0, -RESOLUTION, TOP]
        assert str(band.geobox.crs) == CRS


def test_what_it_lies_in_was_made(service: Service, image: str) -> None:
    kinds = {}
    for name in (ROOT, f"{ROOT}/exports", f"{ROOT}/exports/deep", image.rpartition("/")[0]):
        found = assets.describe(service.session, name)
        assert found is not None
        assert (found.bands, found.size) == ((), 0)
        kinds[name.rpartition("/")[2]] = found.type
    assert kinds == {"assets": "FOLDER", "exports": "FOLDER", "deep": "FOLDER", "scenes": "IMAGE_COLLECTION"}


def test_an_asset_that_is_not_there_is_none(service: Service) -> None:
    assert assets.describe(service.session, f"{ROOT}/nothing") is None


def test_an_asset_that_may_not_be_seen_is_an_error(service: Service) -> None:
    words = f"Permission 'earthengine.assets.get' denied on resource '{ROOT}/theirs' (or it may not exist)."
    service.sandbox.arm(kind="status", path="/assets/theirs", status=403, message=words)
    with pytest.raises(ServiceError, match=r"Earth Engine: Permission 'earthengine.assets.get' denied .*Grant the acc"):
        assets.describe(service.session, f"{ROOT}/theirs")


def test_labels_are_found_by_whoever_filters_the_collection(service: Service, image: str) -> None:
    labels: dict[str, str | float] = {"product": "scenes", "area": "whole", "period": "2024-01", "digest": "d" * 40}
    assets.set_properties(service.session, image, {"kept": 5, "area": "old"}, JANUARY)
    assets.set_properties(service.session, image, labels, JANUARY)
    found = assets.describe(service.session, image)
    assert found is not None
    assert found.properties == {**labels, "kept": 5, "CLOUDY_PIXEL_PERCENTAGE": 10}
    assert (found.start, found.end) == (JANUARY.start, JANUARY.end)
    collection: Any = ee.ImageCollection(image.rpartition("/")[0])
    for start, end, size in (("2024-01-01", "2024-01-02", 1), ("2024-02-01", "2024-03-01", 0)):
        inside = collection.filterDate(start, end).filter(ee.Filter.eq("digest", "d" * 40))
        assert service.session.compute(inside.size()) == size
    one: Any = ee.Image(image)
    assert service.session.compute(one.get("system:time_start")) == JANUARY.start.timestamp() * 1000
    assert service.session.compute(one.get("system:time_end")) == JANUARY.end.timestamp() * 1000


@pytest.mark.parametrize("name", [f"{ROOT}/assets/assets/users", "users/ada/maps/users"])
def test_a_holder_may_be_called_like_a_root(service: Service, name: str) -> None:
    if name.startswith("users/"):
        service.session.call(lambda: ee.data.createAssetHome("users/ada"))
    assets.make_holder(service.session, name, "IMAGE_COLLECTION")
    found = assets.describe(service.session, name)
    assert found is not None
    assert found.type == "IMAGE_COLLECTION"


def test_a_holder_is_made_once_however_many_ask(service: Service) -> None:
    name = f"{ROOT}/many/at/once"
    with ThreadPoolExecutor(4) as pool:
        for asked in [pool.submit(assets.make_holder, service.session, name, "IMAGE_COLLECTION") for _ in range(4)]:
            asked.result()
    found = assets.describe(service.session, name)
    assert found is not None
    assert found.type == "IMAGE_COLLECTION"


def test_a_holder_that_somebody_makes_in_between_is_no_error(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    create = ee.data.createAsset

    def late(value: dict[str, Any], name: str) -> Any:
        create(value, name)
        return create(value, name)

    monkeypatch.setattr(ee.data, "createAsset", late)
    assets.make_holder(service.session, f"{ROOT}/race", "FOLDER")
    found = assets.describe(service.session, f"{ROOT}/race")
    assert found is not None


def test_a_name_that_something_else_has_is_told(service: Service, image: str) -> None:
    with pytest.raises(
        ServiceError,
        match=rf"expected the asset {image} to be a FOLDER, got a IMAGE; move it, or export to another parent",
    ):
        assets.make_holder(service.session, f"{image}/below", "FOLDER")


def test_a_holder_in_a_project_of_others_is_refused_in_the_service_s_words(service: Service) -> None:
    service.sandbox.control("settings", {"read_only_projects": ["theirs"]})
    with pytest.raises(ServiceError, match=r"Earth Engine: .*earthengine\.assets\.create"):
        assets.make_holder(service.session, "projects/theirs/assets/mine", "FOLDER")


def test_an_asset_is_deleted_once_or_twice(service: Service) -> None:
    made(service, f"{ROOT}/short_lived")
    assert assets.describe(service.session, f"{ROOT}/short_lived") is not None
    assets.delete(service.session, f"{ROOT}/short_lived")
    assert assets.describe(service.session, f"{ROOT}/short_lived") is None
    assets.delete(service.session, f"{ROOT}/short_lived")


def test_what_holds_others_is_not_deleted(service: Service, image: str) -> None:
    with pytest.raises(ServiceError, match=r"delete its children"):
        assets.delete(service.session, image.rpartition("/")[0])
