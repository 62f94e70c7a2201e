"""Bits of QA_PIXEL, QA60 and others, against each number written out in binary."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Mask
from eo_pipeline.errors import ProductError

EVERY = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
"""Every number of 16 bits."""


def binary(number: int) -> str:
    """Its 16 bits, bit 0 first."""
    return f"{number:016b}"[::-1]


def test_a_pixel_is_usable_if_none_of_the_bits_is_set() -> None:
    usable = mask_rule(Mask(qa_pixel=[1, 4])).usable(EVERY)
    wanted = [binary(n)[1] == "0" and binary(n)[4] == "0" for n in range(2**16)]
    assert usable.ravel().tolist() == wanted


def test_every_field_has_to_have_one_of_its_values() -> None:
    usable = mask_rule(Mask(band="QA", bits={"0-1": [0, 1], "6": [1], "8-10": [0, 3, 5]})).usable(EVERY)
    wanted = [
        int(binary(n)[0:2][::-1], 2) in (0, 1) and binary(n)[6] == "1" and int(binary(n)[8:11][::-1], 2) in (0, 3, 5)
        for n in range(2**16)
    ]
    assert usable.ravel().tolist() == wanted


LANDSAT = {
    0b00000000_00000001: "fill",
    0b01010101_11000000: "clear with the confidences of clear sky",
    0b01010101_01000010: "dilated cloud",
    0b10010101_01000100: "cirrus",
    0b01010111_00001000: "cloud",
    0b01011101_00010000: "cloud shadow",
    0b01110101_01100000: "snow",
    0b01010101_11000001: "fill, though clear",
    0b01010101_01000000: "clear land",
}
"""Numbers of QA_PIXEL with their single bits 0 to 7 as USGS tells them; of bit 7 the first `clear` is water."""


@pytest.mark.parametrize(
    ("options", "usable"),
    [
        ({}, ["clear with the confidences of clear sky", "snow", "clear land"]),
        ({"snow": True}, ["clear with the confidences of clear sky", "clear land"]),
        ({"water": True}, ["snow", "clear land"]),
        ({"snow": True, "water": True}, ["clear land"]),
    ],
)
def test_the_usual_rule_of_landsat(options: dict[str, bool], usable: list[str]) -> None:
    quality = np.array([list(LANDSAT)], np.uint16)
    kept = mask_rule(Mask(usual="QA_PIXEL", **options)).usable(quality)[0]
    assert [name for name, keep in zip(LANDSAT.values(), kept, strict=True) if keep] == usable


def test_the_usual_rule_of_qa60_knows_opaque_clouds_and_cirrus() -> None:
    quality = np.array([[0, 1024, 2048, 3072, 512]], np.uint16)
    assert mask_rule(Mask(usual="QA60")).usable(quality).tolist() == [[True, False, False, False, True]]


@pytest.mark.parametrize("section", [{"usual": "QA60", "snow": True}, {"qa_pixel": [3], "water": True}])
def test_snow_and_water_are_refused_where_no_rule_knows_them(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected snow and water only beside `usual: SCL` or `usual: QA_PIXEL`"):
        Mask.model_validate(section)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint32", "int32"])
def test_bits_of_any_whole_type(dtype: str) -> None:
    stored = np.array([[0, 1, 64, 127]], dtype)
    assert mask_rule(Mask(qa_pixel=[6, 20])).usable(stored).tolist() == [[True, True, False, False]]
    field = mask_rule(Mask(band="QA", bits={"6-20": [1]}))
    assert field.usable(stored).tolist() == [[False, False, True, True]]


def test_the_highest_bit_of_a_signed_number_counts() -> None:
    stored = np.array([[-1, -(2**15), 1]], np.int16)
    assert mask_rule(Mask(qa_pixel=[15])).usable(stored).tolist() == [[False, False, True]]
    assert mask_rule(Mask(band="QA", bits={"15": [1]})).usable(stored).tolist() == [[True, True, False]]


@pytest.mark.parametrize("section", [{"qa_pixel": [3]}, {"band": "QA", "bits": {"3": [0]}}])
def test_bits_of_floats_are_refused(section: dict[str, Any]) -> None:
    rule = mask_rule(Mask.model_validate(section))
    with pytest.raises(ProductError, match="expected a band of whole numbers, since its bits are asked for, got float"):
        rule.usable(np.zeros((2, 2), np.float32))
