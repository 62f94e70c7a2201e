"""Which shards have to be made anew: by the ledger, without reading a pixel, as writing them then does."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    Cube,
    ShardTask,
    extend_time,
    held_inputs,
    record_failure,
    shards_in,
    stale_shards,
    write_region,
)
from eo_pipeline_tests.storage.cubes.examples import BANDS, MONTH, UPPER_LEFT, provenance, reader
from eo_pipeline_tests.storage.cubes.shards import SHARDS, WHOLE, seeded, tasks_for, write

JANUARY = MONTH.parse("2023-01")
FIRST = dict.fromkeys(SHARDS, "h1")


def test_nothing_is_held_of_what_was_never_done(cube: Cube) -> None:
    assert held_inputs(cube, JANUARY, WHOLE, area_key="all") == {}
    assert stale_shards(cube, JANUARY, WHOLE, FIRST, area_key="all") == SHARDS
    extend_time(cube, JANUARY)
    assert stale_shards(cube, JANUARY, WHOLE, FIRST, area_key="all") == SHARDS


def test_shards_whose_inputs_differ_are_told_and_no_others_are_made(cube: Cube) -> None:
    write(cube, "2023-01", tasks_for(1))
    assert held_inputs(cube, JANUARY, WHOLE, area_key="all") == FIRST
    assert stale_shards(cube, JANUARY, WHOLE, FIRST, area_key="all") == ()
    wanted = {**FIRST, SHARDS[3]: "late", SHARDS[1]: "late"}
    assert stale_shards(cube, JANUARY, WHOLE, wanted, area_key="all") == (SHARDS[1], SHARDS[3])
    asked: list[Rectangle] = []

    def read(shard: Rectangle) -> dict[str, NDArray[Any]]:
        asked.append(shard)
        return seeded(2, shard)

    write(cube, "2023-01", [ShardTask(shard, wanted[shard], read) for shard in SHARDS], inputs="late")
    assert tuple(asked) == (SHARDS[1], SHARDS[3])
    assert held_inputs(cube, JANUARY, WHOLE, area_key="all") == wanted


def test_what_failed_or_was_made_as_a_whole_is_stale(cube: Cube) -> None:
    extend_time(cube, JANUARY)
    record_failure(cube, JANUARY, WHOLE, "all", provenance("h1"))
    assert stale_shards(cube, JANUARY, WHOLE, FIRST, area_key="all") == SHARDS
    whole = {band.name: np.ones((100, 120), band.dtype) for band in BANDS}
    write_region(cube, JANUARY, WHOLE, reader(whole), area_key="all", provenance=provenance("h1"))
    assert held_inputs(cube, JANUARY, WHOLE, area_key="all") == {}
    assert stale_shards(cube, JANUARY, WHOLE, FIRST, area_key="all") == SHARDS


def test_other_shards_than_the_region_s_are_refused(cube: Cube) -> None:
    some = dict(list(FIRST.items())[:3])
    with pytest.raises(CubeError, match=r"inputs' hash of each of the 4 shards of .*, got 3, .*; cut the region with"):
        stale_shards(cube, JANUARY, WHOLE, some, area_key="all")
    with pytest.raises(CubeError, match=r"whole shards of 64 x 64 pixels, got rows 0 to 50"):
        stale_shards(cube, JANUARY, Rectangle(0, 0, 50, 64), {}, area_key="all")


def test_shards_of_another_area_are_refused(cube: Cube) -> None:
    tasks = [ShardTask(shard, "h1", partial(seeded, 1)) for shard in shards_in(cube.template, UPPER_LEFT)]
    write(cube, "2023-01", tasks, UPPER_LEFT, area="a")
    with pytest.raises(CubeError, match=r"area b at .* to be its own, got area a"):
        held_inputs(cube, JANUARY, WHOLE, area_key="b")
