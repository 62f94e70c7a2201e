"""Every mask leaves the same pixels inside Earth Engine as here, also where quality bands have pixels of their own."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Mask
from eo_pipeline.core.quality_bands import SCL
from eo_pipeline_tests.earth_engine.cloudy_scenes import (
    CLASSES,
    DAYS,
    SIDE,
    UNKNOWN,
    WITHOUT_PROBABILITY,
    Bands,
    Cloudy,
    at_ten_metres,
    cloudy_product,
    computed,
    every_class,
    running_cloudy,
)

MASKS: dict[str, dict[str, Any]] = {
    "classes of 20 m, grown": {"scl_exclude": [3, 8, 9, 10], "dilation": 3},
    "a radius with a fraction": {"usual": "SCL", "dilation": 2.5},
    "usual classes": {"usual": "SCL"},
    "usual classes and snow, opened": {"usual": "SCL", "snow": True, "opening": 1.5},
    "usual classes and water, opened and grown": {"usual": "SCL", "water": True, "opening": 2, "dilation": 4},
    "classes that are kept, grown": {"scl_include": [4, 5, 6, 7], "dilation": 1},
    "usual bits, opened and grown": {"usual": "QA_PIXEL", "opening": 1, "dilation": 2},
    "usual bits, snow and water": {"usual": "QA_PIXEL", "snow": True, "water": True},
    "usual bits of 60 m, grown": {"usual": "QA60", "dilation": 1},
    "fields of bits, grown": {"band": "QA_PIXEL", "bits": {"0-1": [0, 1], "3": [0]}, "dilation": 2},
    "a probability": {"s2cloudless": {"threshold": 40}},
    "a probability, opened and grown": {"s2cloudless": {"threshold": 60}, "opening": 1, "dilation": 5},
    "a score, grown": {"cloud_score_plus": {"threshold": 0.35}, "dilation": 2},
}


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloudy]:
    with running_cloudy(tmp_path_factory.mktemp("cloudy")) as found:
        yield found


def left_inside(cloudy: Cloudy, mask: dict[str, Any], day: str) -> NDArray[np.bool_]:
    """True where a scene alone keeps its red pixel inside Earth Engine."""
    return ~np.isnan(computed(cloudy, cloudy_product(every="day", mask=mask), day)["B4"])


def left_here(scene: Bands, mask: dict[str, Any]) -> NDArray[np.bool_]:
    """The same over arrays, on pixels of 10 m; beyond the scene nothing is known."""
    rule = mask_rule(Mask.model_validate(mask))
    known = scene[rule.band] != UNKNOWN.get(rule.band)
    numbers = np.where(known, scene[rule.band].astype(np.float64 if rule.band == "cs_cdf" else np.int32), -1)
    usable = rule.usable(np.pad(numbers, rule.halo, constant_values=-1), nodata=-1)
    return np.asarray(at_ten_metres(usable, rule.band) & (scene["B4"] != UNKNOWN["B4"]))


@pytest.mark.parametrize("name", MASKS)
def test_every_mask_of_every_scene(cloudy: Cloudy, name: str) -> None:
    for day, scene in zip(DAYS, cloudy.scenes, strict=True):
        found = left_inside(cloudy, MASKS[name], day)
        if "s2cloudless" in MASKS[name] and day == WITHOUT_PROBABILITY:
            assert not found.any()
            continue
        np.testing.assert_array_equal(found, left_here(scene, MASKS[name]))
        assert 0.01 < found.mean() < 0.95


def test_clouds_grow_and_specks_go_as_scipy_s_do(cloudy: Cloudy) -> None:
    y, x = np.mgrid[-3:4, -3:4]
    small, wide = y**2 + x**2 <= 2**2, y**2 + x**2 <= 3**2
    mask = {"scl_exclude": [7, 8, 9], "opening": 2, "dilation": 3}
    for day, scene in zip(DAYS, cloudy.scenes, strict=True):
        known = scene["SCL"] != UNKNOWN["SCL"]
        cloud = np.isin(scene["SCL"], [7, 8, 9])
        middles = ndimage.binary_erosion(cloud | ~known, small, border_value=1) & known
        opened = ndimage.binary_dilation(middles, small) & known
        grown = ndimage.binary_dilation(opened, wide)
        assert 0 < opened.sum() < cloud.sum()
        left = at_ten_metres(known & ~grown, "SCL") & (scene["B4"] != UNKNOWN["B4"])
        np.testing.assert_array_equal(left_inside(cloudy, mask, day), left)


@pytest.mark.parametrize("number", SCL)
@pytest.mark.parametrize("says", ["scl_exclude", "scl_include"])
def test_a_class_alone_is_dropped_or_kept_as_the_product_says(cloudy: Cloudy, says: str, number: int) -> None:
    """A synthetic case for each class: a scene of blocks of 2 x 2 classes, all twelve in turn."""
    product = cloudy_product(every="day", source={"collection": CLASSES, "bands": ["B4", "B8"]}, mask={says: [number]})
    found = ~np.isnan(computed(cloudy, product, DAYS[0])["B4"])
    is_class = np.repeat(np.repeat(every_class() == number, 2, axis=0), 2, axis=1)
    assert is_class.sum() == SIDE**2 / 12
    wanted = is_class if says == "scl_include" else ~is_class
    np.testing.assert_array_equal(found, wanted)
    here = mask_rule(Mask.model_validate({says: [number]})).usable(every_class())
    np.testing.assert_array_equal(at_ten_metres(here, "SCL"), wanted)
