"""Blocks end up row by row, whatever the order they are made in, and the room of those that wait is used again."""

from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.storage.cogs.part_files import BlockTable, PartFiles
from eo_pipeline.storage.cogs.placed_blocks import PlacedBlocks
from eo_pipeline.storage.threads import in_threads

GRID = (7, 9)
BLOCKS = [np.random.default_rng(number).bytes(number % 5 * 100) for number in range(GRID[0] * GRID[1])]
"""Every fifth has no byte: it is not to be written."""


def expected(start: int) -> bytes:
    """The file from its first block on, written plainly."""
    pieces = [len(block).to_bytes(4, "little") + block + block[-4:] for block in BLOCKS if block]
    return bytes(start) + b"".join(pieces)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("begin_after", [0, 20, len(BLOCKS)])
@pytest.mark.parametrize("memory", [0, 1000, 10**6])
def test_blocks_made_in_any_order_lie_row_by_row(tmp_path: Path, seed: int, begin_after: int, memory: int) -> None:
    order = np.random.default_rng(seed).permutation(len(BLOCKS)).tolist()
    table = BlockTable.empty(GRID)
    with PartFiles(tmp_path, [table], memory=memory) as part:
        placed = PlacedBlocks(part)

        def put(number: int) -> None:
            placed.put(*divmod(number, GRID[1]), BLOCKS[number])

        in_threads(put, order[:begin_after], threads=3)
        for number in order[:begin_after]:
            assert part.get(0, *divmod(number, GRID[1])) == BLOCKS[number]
        placed.begin(50)
        in_threads(put, order[begin_after:], threads=3)
        assert [part.get(0, *divmod(number, GRID[1])) for number in range(len(BLOCKS))] == BLOCKS
        part.keep_whole(tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    data = (tmp_path / "whole").read_bytes()
    assert data == expected(50)
    assert [data[at : at + 4] for at in table.positions.ravel() if at] == [block[:4] for block in BLOCKS if block]
    assert np.array_equal(table.sizes.ravel(), [len(block) for block in BLOCKS])


def test_room_of_blocks_that_waited_is_used_again(tmp_path: Path) -> None:
    """Every row is made from its last block to its first: two of them wait, at most."""
    with PartFiles(tmp_path, [BlockTable.empty((50, 3))]) as part:
        placed = PlacedBlocks(part)
        placed.begin(10)
        for row in range(50):
            for column in (2, 1, 0):
                placed.put(row, column, bytes(1000 + row % 2))
        sizes = sorted(path.stat().st_size for path in tmp_path.iterdir())
    assert sizes[1] == 10 + 50 * 3 * 1008 + 25 * 3
    assert sizes[0] < 3 * 1250


def test_blocks_wait_in_memory_as_far_as_that_suffices(tmp_path: Path) -> None:
    """Of two that wait, one has room there; it is given back."""
    with PartFiles(tmp_path, [BlockTable.empty((50, 3))], memory=1500) as part:
        placed = PlacedBlocks(part)
        placed.begin(10)
        for row in range(50):
            for column in (2, 1, 0):
                placed.put(row, column, bytes(1000))
        sizes = sorted(path.stat().st_size for path in tmp_path.iterdir())
    assert sizes == [1000, 10 + 50 * 3 * 1008]
