"""The window that a person sees before any task is the export's own pixels."""

from io import BytesIO

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from PIL import Image

from eo_pipeline.core import grids
from eo_pipeline.core.product import Product
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.previews.preview import Preview, middle, preview, preview_picture
from eo_pipeline_tests.scenes import BOX, COLLECTION, COLUMNS, ROWS, Service, scenes_product

RED = {"collection": COLLECTION, "bands": ["B4"]}


def look(service: Service, product: Product, *, period: str = "2024-01", side: int = 512) -> Preview:
    [area] = grids.whole_area(product.area.lattice, BOX)
    return preview(service.session, product, area, product.period.rule.parse(period), side=side)


@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_pixels_are_those_of_the_product_with_nan_where_nothing_is_usable(service: Service) -> None:
    found = look(service, scenes_product(source=RED, mask={"scl_include": [4]}, composite={"reducer": "max"}))
    scenes = service.scenes[:3]
    red = np.stack([np.where((s.bands["SCL"] == 4) & (s.bands["B4"] > 0), s.bands["B4"], np.nan) for s in scenes])
    wanted = np.nanmax(red, axis=0).astype(np.float32)
    np.testing.assert_array_equal(found.pixels["B4"], wanted)
    assert found.images == 3
    [summary] = found.summaries
    assert summary.valid_share == pytest.approx((~np.isnan(wanted)).mean())
    assert summary.minimum == pytest.approx(float(np.nanmin(wanted)))
    assert summary.maximum == pytest.approx(float(np.nanmax(wanted)))


def test_a_small_window_lies_in_the_middle_of_the_area(service: Service) -> None:
    product = scenes_product(source=RED, composite={"reducer": "max"})
    whole, found = look(service, product), look(service, product, side=8)
    top, left = (ROWS - 8) // 2, (COLUMNS - 8) // 2
    np.testing.assert_array_equal(found.pixels["B4"], whole.pixels["B4"][top : top + 8, left : left + 8])


@pytest.mark.parametrize(
    ("shape", "side", "window"),
    [((10, 20), 512, (0, 0, 10, 20)), ((100, 30), 40, (30, 0, 40, 30)), ((101, 101), 100, (0, 0, 100, 100))],
)
def test_the_middle_of_a_geobox(shape: tuple[int, int], side: int, window: tuple[int, int, int, int]) -> None:
    affine = Affine(10, 0, 1000, 0, -10, 2000)
    top, left, height, width = window
    found = middle(GeoBox(shape, affine, "EPSG:32633"), side)
    assert found == GeoBox((height, width), affine * Affine.translation(left, top), "EPSG:32633")


def test_without_images_there_are_no_pixels(service: Service) -> None:
    found = look(service, scenes_product(source=RED), period="2024-07")
    assert (found.images, found.pixels, found.summaries) == (0, {}, ())


def test_a_wrong_band_is_told_before_anything_is_computed(service: Service) -> None:
    with pytest.raises(ProductError, match="expected only a band of the collection, got B99"):
        look(service, scenes_product(source={"collection": COLLECTION, "bands": ["B99"]}))


def test_no_task_is_started(service: Service) -> None:
    before = service.sandbox.events("operation")
    look(service, scenes_product())
    assert service.sandbox.events("operation") == before


def test_the_picture_is_a_png_of_values_beside_counts(service: Service) -> None:
    product = scenes_product(source=RED, composite={"counts": ["n_valid"]})
    png = preview_picture(look(service, product), product, title="scenes 2024-01")
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"
        assert image.width > image.height
