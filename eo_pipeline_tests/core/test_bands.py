"""Band encodings: what is refused, and what follows for arrays."""

import math
from typing import Any

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import ProductError


def test_the_defaults_change_nothing() -> None:
    band = BandEncoding("ndvi", "float32")
    assert (band.scale, band.offset, band.nodata, band.units, band.kind) == (1.0, 0.0, None, "", "continuous")
    assert band.physical(0.25) == 0.25


def test_physical_is_stored_times_scale_plus_offset() -> None:
    assert BandEncoding("lst", "uint16", scale=0.02, offset=-273.15).physical(15000) == pytest.approx(26.85)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("name", {"name": " ", "dtype": "uint8"}),
        ("dtype", {"name": "b", "dtype": "complex64"}),
        ("kind", {"name": "b", "dtype": "uint8", "kind": "ordinal"}),
        ("scale", {"name": "b", "dtype": "uint8", "scale": 0}),
        ("scale", {"name": "b", "dtype": "uint8", "scale": math.nan}),
        ("offset", {"name": "b", "dtype": "uint8", "offset": math.inf}),
        ("nodata", {"name": "b", "dtype": "uint8", "nodata": -1}),
        ("nodata", {"name": "b", "dtype": "uint8", "nodata": 256}),
        ("nodata", {"name": "b", "dtype": "int16", "nodata": 0.5}),
        ("nodata", {"name": "b", "dtype": "int16", "nodata": math.nan}),
        ("nodata", {"name": "b", "dtype": "int16", "nodata": math.inf}),
        ("nodata", {"name": "b", "dtype": "int16", "nodata": True}),
        ("nodata", {"name": "b", "dtype": "float32", "nodata": 0.1}),
        ("nodata", {"name": "b", "dtype": "float32", "nodata": 1e39}),
        ("nodata", {"name": "b", "dtype": "float64", "nodata": math.inf}),
        ("valid_range", {"name": "b", "dtype": "uint8", "valid_range": (1, 256)}),
        ("valid_range", {"name": "b", "dtype": "uint8", "valid_range": (0.5, 2)}),
        ("valid_range", {"name": "b", "dtype": "int16", "valid_range": (2, 1)}),
        ("valid_range", {"name": "b", "dtype": "float32", "valid_range": (0, math.nan)}),
        ("valid_range", {"name": "b", "dtype": "float32", "valid_range": (0, 1e39)}),
    ],
)
def test_a_wrong_field_is_named(field: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ProductError, match=f"field {field}: expected .*, got ") as caught:
        BandEncoding(**fields)
    if field != "name":
        assert "band 'b'" in str(caught.value)


def test_the_message_says_which_numbers_fit() -> None:
    with pytest.raises(ProductError, match=r"a whole number from 0 to 65535, as uint16 holds .*, got -9999; correct"):
        BandEncoding("ndvi", "uint16", nodata=-9999)


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", 255), ("int16", -32768), ("int16", -9999.0), ("float32", math.nan), ("float32", -9999), ("int8", -128)],
)
def test_nodata_that_fits_is_taken(dtype: str, nodata: float) -> None:
    taken = BandEncoding("b", dtype, nodata=nodata).nodata
    assert taken is not None
    assert np.array_equal(taken, nodata, equal_nan=True)


def test_nodata_and_nan_are_not_usable() -> None:
    stored = np.array([1.0, -9999.0, np.nan], dtype="float32")
    band = BandEncoding("b", "float32", nodata=-9999)
    assert band.is_nodata(stored).tolist() == [False, True, False]
    assert band.is_valid(stored).tolist() == [True, False, False]
    assert BandEncoding("b", "float32").is_valid(stored).tolist() == [True, True, False]
    assert BandEncoding("b", "float32", nodata=math.nan).is_nodata(stored).tolist() == [False, False, True]


def test_json_is_strict_and_tells_of_a_range_only_where_there_is_one() -> None:
    """Chips that were stored before there were ranges keep their structure."""
    plain = {
        "name": "b", "dtype": "float32", "scale": 1.0, "offset": 0.0, "nodata": "NaN", "units": "", "description": "",
        "kind": "continuous",
    }  # fmt: skip
    assert BandEncoding("b", "float32", nodata=math.nan).as_json() == plain
    assert BandEncoding("b", "float32", nodata=math.nan, valid_range=(0, 1)).as_json() == plain | {
        "valid_range": [0, 1]
    }


def test_without_nodata_every_integer_is_usable() -> None:
    assert BandEncoding("b", "uint8").is_valid(np.array([[0, 255]], dtype="uint8")).tolist() == [[True, True]]
