"""A product's mask and composite mean the same here, over arrays, as inside Earth Engine."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core import grids
from eo_pipeline.core.composites import Composite, Observations, composite, kind_of
from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.pixels import compute_pixels
from eo_pipeline_tests.scenes import NODATA, Scene, Service, scenes_product

COUNTS = ["n_obs", "n_valid"]
STORED = {"B4": {"dtype": "uint16", "nodata": NODATA}, "B8": {"dtype": "uint16", "nodata": NODATA}}

MASKS: dict[str, dict[str, Any]] = {
    "scl_exclude": {"scl_exclude": [0, 1, 3, 8, 9, 10]},
    "scl_include": {"scl_include": [4, 5]},
    "band_exclude": {"band": "SCL", "exclude": [8, 2]},
    "band_include": {"band": "SCL", "include": [1, 2, 3]},
    "qa_pixel": {"qa_pixel": [1, 4]},
    "bits": {"band": "QA_PIXEL", "bits": {"0-1": [0, 1], "6": [1], "8-10": [0, 3, 5]}},
    "cloud_score_plus": {"cloud_score_plus": {"threshold": 0.65}},
}


def inside(service: Service, product: Product) -> dict[str, NDArray[Any]]:
    """The recipe's pixels over the whole area, computed by Earth Engine."""
    assert product.area.box is not None
    [area] = grids.whole_area(product.area.lattice, product.area.box)
    image = recipes.image(
        product,
        area_key=area.key,
        geobox=area.geobox,
        period=product.period.rule.parse("2024-01"),
        native_resolution=10,
    )
    return compute_pixels(service.session, image, area.geobox, nan_where_masked=False)


def here(scenes: list[Scene], product: Product) -> Composite:
    """The same over the scenes' arrays."""
    stacks = [Observations(np.stack([scene.bands[band] for scene in scenes]), NODATA) for band in ("B4", "B8")]
    assert product.mask is not None
    rule = mask_rule(product.mask)
    usable = rule.usable(np.stack([scene.bands[rule.band] for scene in scenes]))
    return composite(stacks, kind_of(product.composite.reducer), usable=usable)


def assert_agree(service: Service, mask: dict[str, Any], reducer: str) -> None:
    made = {"reducer": reducer, "counts": COUNTS}
    product = scenes_product(mask=mask, composite=made, output=STORED)
    found, wanted = inside(service, product), here(service.scenes[:3], product)
    for band, values in zip(("B4", "B8"), wanted.values, strict=True):
        np.testing.assert_array_equal(found[band], values)
    np.testing.assert_array_equal(found["n_obs"], wanted.n_obs)
    np.testing.assert_array_equal(found["n_valid"], wanted.n_valid)
    assert 0 < wanted.n_valid.mean() < wanted.n_obs.mean()


@pytest.mark.parametrize("mask", MASKS)
def test_every_mask(service: Service, mask: str) -> None:
    assert_agree(service, MASKS[mask], "median")


@pytest.mark.parametrize("reducer", ["mean", "min", "max", "first", "mosaic"])
def test_every_reducer(service: Service, reducer: str) -> None:
    assert_agree(service, {"scl_include": [1, 2, 3, 4, 5, 6]}, reducer)
