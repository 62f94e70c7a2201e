"""Cubes that were made before the ledger knew the state `ocean`: readable and writable as ever."""

from typing import Any

import numpy as np
import pytest
import zarr

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    extend_time,
    open_or_create_icechunk_cube,
    read_ledger,
    record_discarded,
    verify_cube,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import LOWER_RIGHT, MONTH, UPPER_LEFT, pixels, provenance, template
from eo_pipeline_tests.storage.cubes.test_regions import stored, write
from eo_pipeline_tests.storage.cubes.test_repository import head, history

OLD = {"flag_values": [0, 1, 2, 3, 4], "flag_meanings": "not_done written no_images empty failed"}
NEW = {"flag_values": [0, 1, 2, 3, 4, 5], "flag_meanings": "not_done written no_images empty failed ocean"}
JANUARY = MONTH.parse("2023-01")


def flags(cube: Cube) -> dict[str, object]:
    attributes = array_at(head(cube), "ledger/state").attrs.asdict()
    return {name: attributes[name] for name in ("flag_values", "flag_meanings")}


def relabel(cube: Cube, **attributes: Any) -> None:
    """Give `ledger/state` other attributes."""
    session = cube.repository.writable_session("main")
    array_at(zarr.open_group(session.store), "ledger/state").attrs.update(attributes)
    session.commit("relabelled")


@pytest.fixture
def old_cube(cube: Cube, address: CubeAddress) -> Cube:
    relabel(cube, **OLD)
    return open_or_create_icechunk_cube(address, template())


def test_older_cube_is_written_and_stays_as_it_is(old_cube: Cube) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    assert write(old_cube, "2023-01", UPPER_LEFT, arrays, area="a").changed
    np.testing.assert_array_equal(stored(old_cube, "red", 0, UPPER_LEFT), arrays["red"])
    assert flags(old_cube) == OLD
    assert verify_cube(old_cube.address, template()).findings == ()


def test_older_cube_learns_ocean_in_the_commit_that_needs_it(old_cube: Cube) -> None:
    write(old_cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    before = history(old_cube)
    areas = {"b": LOWER_RIGHT}
    assert record_discarded(old_cube, JANUARY, areas, provenance("land", "ocean of 2023-01")).changed
    assert history(old_cube) == ["example ocean of 2023-01", *before]
    assert flags(old_cube) == NEW
    ledger = read_ledger(old_cube)
    assert list(zip(ledger["area"], ledger["state"], strict=True)) == [("a", "written"), ("b", "ocean")]
    assert verify_cube(old_cube.address, template()).findings == ()


def test_states_in_another_order_are_refused(cube: Cube, address: CubeAddress) -> None:
    relabel(cube, flag_meanings="not_done empty written no_images failed")
    with pytest.raises(CubeError, match=r"ledger/state flag_meanings: expected 'not_done written .*, the cube has"):
        open_or_create_icechunk_cube(address, template())


def test_states_that_nobody_knows_yet_are_refused(cube: Cube, address: CubeAddress) -> None:
    relabel(cube, flag_values=[0, 1, 2, 3, 4, 5, 6])
    with pytest.raises(CubeError, match=r"ledger/state flag_values: expected \[0, .*, 5\], the cube has .*, 6\]"):
        open_or_create_icechunk_cube(address, template())


def test_discarded_areas_lose_what_they_held_and_are_recorded_once(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    write(cube, "2023-01", LOWER_RIGHT, pixels(LOWER_RIGHT, seed=2), area="b")
    discarded = provenance("land", "ocean of 2023-01")
    assert record_discarded(cube, JANUARY, {"a": UPPER_LEFT}, discarded).changed
    commits = history(cube)
    assert not record_discarded(cube, JANUARY, {"a": UPPER_LEFT}, discarded).changed
    assert history(cube) == commits
    assert not stored(cube, "red", 0, UPPER_LEFT).any()
    np.testing.assert_array_equal(stored(cube, "red", 0, LOWER_RIGHT), pixels(LOWER_RIGHT, seed=2)["red"])
    assert list(read_ledger(cube)["state"]) == ["ocean", "written"]
    assert verify_cube(cube.address, template()).findings == ()


def test_discarding_another_area_s_shards_is_refused(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    with pytest.raises(CubeError, match="Expected the shards of area x"):
        record_discarded(cube, JANUARY, {"x": UPPER_LEFT}, provenance("land"))


def test_discarding_without_a_slot_is_refused(cube: Cube) -> None:
    extend_time(cube, JANUARY)
    with pytest.raises(CubeError, match=r"a slot for 2023-02 .* call extend_time first"):
        record_discarded(cube, MONTH.parse("2023-02"), {"a": UPPER_LEFT}, provenance("land"))
