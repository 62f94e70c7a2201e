"""Arrays in numpy's format are those that numpy wrote, in every version of it."""

import io
from tokenize import TokenError
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.earth_engine.interactive.npy import decoded

RANDOM = np.random.default_rng(5)
BANDS = RANDOM.integers(0, 255, (4, 7, 3), dtype=np.uint8).view([("B4", "u1"), ("B3", "u1"), ("B2", "u1")])[..., 0]
MANY = np.zeros((2, 3), [(f"band_{number}", "<f4") for number in range(900)])
ACCENTED = np.ones((2, 3), [("été", "<u2"), ("δ", "<f8")])
FLOATS = RANDOM.random((3, 5))


def written(array: NDArray[Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


@pytest.mark.parametrize("array", [BANDS, MANY, ACCENTED, FLOATS, np.asfortranarray(FLOATS), np.zeros((0, 3))])
@pytest.mark.filterwarnings("ignore:Stored array in format")
def test_what_numpy_wrote_is_read(array: NDArray[Any]) -> None:
    found = decoded(written(array))
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_is_read(version: tuple[int, int]) -> None:
    assert np.array_equal(decoded(written(FLOATS, version)), FLOATS)


def test_files_that_begin_alike_hold_their_own_numbers() -> None:
    assert [decoded(written(FLOATS + n))[1, 2] for n in range(3)] == [FLOATS[1, 2] + n for n in range(3)]


WHOLE = written(BANDS)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"<html>Sorry</html>" * 20,
        *(WHOLE[:length] for length in (5, 8, 9, 40, len(WHOLE) // 2, len(WHOLE) - 1)),
        WHOLE.replace(b"descr", b"dexcr"),
        WHOLE.replace(b"{", b"("),
    ],
)
def test_what_is_no_whole_file_is_refused(spoilt: bytes) -> None:
    with pytest.raises((ValueError, TokenError)):
        decoded(spoilt)


def test_a_pickle_is_not_opened() -> None:
    file = io.BytesIO()
    np.save(file, np.array([1, None]), allow_pickle=True)
    with pytest.raises(ValueError, match="OBJECT array"):
        decoded(file.getvalue())
