"""Every class of SCL is kept or dropped as the product says."""

from typing import Any

import numpy as np
import pytest

from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Mask
from eo_pipeline.core.quality_bands import SCL

CLASSES = np.arange(12, dtype=np.uint8).reshape(3, 4)
"""One pixel of each class, 0 to 11, row by row."""

UNUSABLE: dict[str, tuple[dict[str, Any], set[int]]] = {
    "the default": ({"scl_exclude": [0, 1, 3, 8, 9, 10]}, {0, 1, 3, 8, 9, 10}),
    "with snow": ({"scl_exclude": [0, 1, 3, 8, 9, 10, 11]}, {0, 1, 3, 8, 9, 10, 11}),
    "with water": ({"scl_exclude": [0, 1, 3, 6, 8, 9, 10]}, {0, 1, 3, 6, 8, 9, 10}),
    "with dark areas": ({"scl_exclude": [2, 3, 8, 9]}, {2, 3, 8, 9}),
    "nothing": ({"scl_exclude": []}, set()),
    "all but vegetation and soil": ({"scl_include": [4, 5]}, {0, 1, 2, 3, 6, 7, 8, 9, 10, 11}),
    "all": ({"scl_include": []}, set(range(12))),
    "a band of another name": ({"band": "LC", "exclude": [7]}, {7}),
    "the same by what is kept": ({"band": "LC", "include": [0, 11]}, set(range(1, 11))),
}


@pytest.mark.parametrize("number", SCL)
@pytest.mark.parametrize("declared", UNUSABLE)
def test_a_class_is_treated_as_the_product_says(declared: str, number: int) -> None:
    section, unusable = UNUSABLE[declared]
    rule = mask_rule(Mask.model_validate(section))
    assert rule.usable(CLASSES).flat[number] == (number not in unusable)


def test_each_single_class_can_be_left_out_or_kept_alone() -> None:
    for number in SCL:
        without = mask_rule(Mask(scl_exclude=[number])).usable(CLASSES)
        alone = mask_rule(Mask(scl_include=[number])).usable(CLASSES)
        assert np.flatnonzero(~without).tolist() == np.flatnonzero(alone).tolist() == [number]


@pytest.mark.parametrize(
    ("options", "usable"),
    [
        ({}, [2, 4, 5, 6, 7, 11]),
        ({"snow": True}, [2, 4, 5, 6, 7]),
        ({"water": True}, [2, 4, 5, 7, 11]),
        ({"snow": True, "water": True}, [2, 4, 5, 7]),
    ],
)
def test_snow_and_water_are_options_of_the_usual_rule(options: dict[str, bool], usable: list[int]) -> None:
    rule = mask_rule(Mask(usual="SCL", **options))
    assert rule.band == "SCL"
    assert np.flatnonzero(rule.usable(CLASSES)).tolist() == usable


def test_the_names_of_the_usual_classes_say_clouds_shadows_and_defects() -> None:
    unusable = {SCL[int(number)] for number in np.flatnonzero(~mask_rule(Mask(usual="SCL")).usable(CLASSES))}
    assert unusable == {
        "no data",
        "saturated or defective",
        "cloud shadow",
        "cloud, medium probability",
        "cloud, high probability",
        "thin cirrus",
    }


def test_a_class_that_the_type_cannot_hold_is_nowhere() -> None:
    assert mask_rule(Mask(band="LC", exclude=[300, -1])).usable(CLASSES).all()
    assert not mask_rule(Mask(band="LC", include=[300, -1])).usable(CLASSES).any()


def test_classes_may_be_stored_as_floats() -> None:
    classes = np.array([[8.0, 4.0, np.nan]], np.float32)
    assert mask_rule(Mask(scl_exclude=[8])).usable(classes).tolist() == [[False, True, False]]
