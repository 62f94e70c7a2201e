"""Taking a partition out of a cube: fill in place of its pixels, no row, others as they were."""

import numpy as np
import pytest

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, clear_region, holds_region, read_ledger
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import BANDS, LOWER_RIGHT, MONTH, UPPER_LEFT, pixels
from eo_pipeline_tests.storage.cubes.test_regions import stored, write
from eo_pipeline_tests.storage.cubes.test_repository import head, history

JANUARY = MONTH.parse("2023-01")
METADATA = {"product": "example", "partition": "a|2023-01 deleted"}


def clear(cube: Cube, key: str = "2023-01", area: str = "a") -> bool:
    return clear_region(cube, MONTH.parse(key), UPPER_LEFT, area_key=area, metadata=METADATA).changed


def test_pixels_become_fill_and_the_row_goes_in_one_commit(cube: Cube) -> None:
    others = pixels(LOWER_RIGHT, seed=2)
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    write(cube, "2023-01", LOWER_RIGHT, others, area="b")
    before = history(cube)
    assert holds_region(cube, JANUARY, UPPER_LEFT, area_key="a")
    assert clear(cube)
    assert history(cube) == ["example a|2023-01 deleted", *before]
    for band in BANDS:
        found = stored(cube, band.name, 0)
        np.testing.assert_array_equal(found[UPPER_LEFT.slices], array_at(head(cube), band.name).fill_value)
        np.testing.assert_array_equal(found[LOWER_RIGHT.slices], others[band.name])
    assert list(read_ledger(cube)["area"]) == ["b"]
    np.testing.assert_array_equal(array_at(head(cube), "ledger/state")[0], [[0, 0], [0, 1]])
    assert not holds_region(cube, JANUARY, UPPER_LEFT, area_key="a")


def test_what_is_not_there_is_not_committed(cube: Cube) -> None:
    assert not clear(cube)
    write(cube, "2023-01", LOWER_RIGHT, None, area="b")
    before = history(cube)
    assert not clear(cube)
    assert not clear(cube, "2024-01")
    assert history(cube) == before


def test_the_same_inputs_are_written_again_afterwards(cube: Cube) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    write(cube, "2023-01", UPPER_LEFT, arrays, area="a")
    clear(cube)
    assert write(cube, "2023-01", UPPER_LEFT, arrays, area="a").changed
    np.testing.assert_array_equal(stored(cube, "red", 0, UPPER_LEFT), arrays["red"])


def test_another_area_s_pixels_are_not_touched(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    with pytest.raises(CubeError, match="Expected the shards of area x"):
        clear(cube, area="x")
