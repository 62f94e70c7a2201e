"""What a product asks of a collection, compared with what the service says of it."""

from datetime import UTC, datetime

import pytest

from eo_pipeline.core import grids
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import catalog
from eo_pipeline.earth_engine.catalog import CollectionInfo
from eo_pipeline.earth_engine.session import connect, requests_by_tag
from eo_pipeline.errors import ProductError
from eo_pipeline_tests.scenes import COLLECTION, SCORES, Service, scenes_product


def described(service: Service, product: Product) -> CollectionInfo | None:
    assert product.area.box is not None
    [area] = grids.whole_area(product.area.lattice, product.area.box)
    return catalog.describe(service.session, product, area.geobox)


def test_a_collection_is_described_by_an_image_over_the_area(service: Service) -> None:
    info = described(service, scenes_product())
    assert info is not None
    assert info.bands == ("B4", "B8", "SCL", "QA_PIXEL")
    assert info.resolutions == pytest.approx((10, 10, 10, 10))
    assert {"system:index", "system:time_start", "CLOUDY_PIXEL_PERCENTAGE"} <= set(info.properties)


@pytest.mark.parametrize(
    "sections",
    [
        {"period": {"every": "month", "start": "2030-01"}},
        {"area": {"box": [0, 0, 100, 100], "crs": "EPSG:32733", "resolution": 10}},
    ],
)
def test_no_image_over_the_area_or_since_the_start_is_no_description(
    service: Service, sections: dict[str, object]
) -> None:
    assert described(service, scenes_product(**sections)) is None


def test_a_recipe_without_a_source_has_no_collection(service: Service) -> None:
    product = scenes_product(source=None, recipe="a.b", output={"b": {}})
    assert described(service, product) is None
    assert catalog.native_resolution(product, None) is None


def test_an_unknown_collection_is_named(service: Service) -> None:
    product = scenes_product(source={"collection": "COPERNICUS/S9", "bands": ["B4"]})
    with pytest.raises(ProductError) as caught:
        described(service, product)
    assert str(caught.value) == (
        "source.collection: expected an image collection that Earth Engine has, got 'COPERNICUS/S9'; "
        "correct the id, or ask for access to it"
    )


def source(**changes: object) -> dict[str, object]:
    return {"source": {"collection": COLLECTION, "bands": ["B4"], **changes}}


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        (source(bands=["B4", "B05", "B06"]), "source.bands: expected only a band of the collection, got B05, B06; "),
        (source(bands=["B05"]), "B4, B8, SCL, QA_PIXEL"),
        (source(where={"CLOUDS": {"lt": 9}}), "source.where: expected only a property of the collection, got CLOUDS; "),
        (source(where={"CLOUDS": {"lt": 9}}), "CLOUDY_PIXEL_PERCENTAGE"),
        (source() | {"mask": {"band": "QC", "exclude": [1]}}, "mask: expected only a band of the collection, got QC; "),
    ],
)
def test_what_a_collection_does_not_have_is_named_beside_what_it_has(
    service: Service, sections: dict[str, object], words: str
) -> None:
    product = scenes_product(**sections)
    info = described(service, product)
    assert info is not None
    with pytest.raises(ProductError) as caught:
        catalog.check_product(product, info)
    assert words in str(caught.value)


def test_a_mask_of_scl_needs_the_band(service: Service) -> None:
    product = scenes_product(source={"collection": SCORES, "bands": ["cs_cdf"]}, mask={"scl_exclude": [3]})
    info = described(service, product)
    assert info is not None
    with pytest.raises(ProductError, match=r"mask: expected only a band of the collection, got SCL; .*cs_cdf"):
        catalog.check_product(product, info)


INFO = CollectionInfo(("B1", "B4", "B8"), ("A",), (60.0, 20.0, 10.0))


@pytest.mark.parametrize(
    ("declared", "info", "metres"),
    [
        ({"bands": ["B1", "B4"]}, INFO, 20.0),
        ({"bands": ["B1"]}, INFO, 60.0),
        ({"bands": ["B8"], "native_resolution": 30}, INFO, 30.0),
        ({"bands": ["B8"], "native_resolution": 30}, None, 30.0),
        ({"bands": ["B8"]}, None, None),
    ],
)
def test_masks_apply_at_the_finest_band_s_resolution(
    declared: dict[str, object], info: CollectionInfo | None, metres: float | None
) -> None:
    product = scenes_product(source={"collection": COLLECTION, **declared})
    assert catalog.native_resolution(product, info) == metres


def test_days_with_images_are_listed_once_in_order(service: Service) -> None:
    product = scenes_product(period={"every": "image", "start": "2024-01-10"})
    until = datetime(2024, 2, 1, tzinfo=UTC)
    days = catalog.image_days(service.session, product, until=until)
    assert days == [datetime(2024, 1, 15, tzinfo=UTC), datetime(2024, 1, 25, tzinfo=UTC)]


def test_a_product_whose_name_ends_in_an_underscore_is_asked_about_under_its_tag(service: Service) -> None:
    """A workload tag ends in a letter or digit; the client refuses others before any request."""
    session = connect(service.settings)
    product = scenes_product(name="scenes_", period={"every": "image", "start": "2024-01-10"})
    assert product.area.box is not None
    [area] = grids.whole_area(product.area.lattice, product.area.box)
    assert catalog.describe(session, product, area.geobox) is not None
    assert catalog.image_days(session, product, until=datetime(2024, 2, 1, tzinfo=UTC))
    assert requests_by_tag(session) == {"scenes": 2}


def test_image_dates_need_a_source(service: Service) -> None:
    product = scenes_product(
        source=None, recipe="a.b", output={"b": {}}, period={"every": "image", "start": "2024-01-10"}
    )
    with pytest.raises(
        ProductError, match=r"period\.every: expected `source` beside image dates, got only a recipe; na"
    ):
        catalog.image_days(service.session, product, until=datetime(2024, 2, 1, tzinfo=UTC))
