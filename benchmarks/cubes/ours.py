"""This project's writer. Where it is imported from, and how it is called, stands here only."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from benchmarks.cubes.ground import WORKERS, Ground, read_pixels, second, timed
from benchmarks.harness import Json
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    ShardBatch,
    ShardTask,
    WrittenBatch,
    extend_time,
    open_or_create_icechunk_cube,
    shards_in,
    write_partition,
)

DAY = CalendarRule("day")
START = datetime(2020, 1, 1, tzinfo=UTC)


def empty_cube(folder: Path, ground: Ground) -> Path:
    """A cube with one slot and no pixels."""
    extend_time(_opened(folder, ground), _day(0))
    return folder


def write(*, ground: Mapping[str, int], pixels: str, empty: str, cube: str) -> dict[str, float]:
    """Writes the slot by forks of one session, a shard each, on as many threads as there are cores, and commits."""
    held, size = read_pixels(pixels), Ground(**ground)
    with ThreadPoolExecutor(WORKERS) as pool:

        def written() -> dict[str, float]:
            shutil.rmtree(cube, ignore_errors=True)
            shutil.copytree(empty, cube)
            opened = _opened(Path(cube), size)
            return timed(lambda: _write(opened, 0, held, pool.map))

        return second(written)


def slots(*, ground: Mapping[str, int], pixels: str, cube: str, lengths: Sequence[int], further: int) -> Json:
    """Fills a cube to each length, slot by slot; what one more costs: seconds, bytes in all and of commits.

    The cubes get `further` more slots in turn, so that what else the machine does and memory that is new to it count
    for each of them alike. A slot is what it is in operation: time is extended in one commit, pixels are written in
    another.

    Args:
        ground: of a slot.
        pixels: of a slot.
        cube: a folder for the cubes, each named by its length.
        lengths: in slots.
        further: how many slots are looked at.
    """
    held, size = read_pixels(pixels), Ground(**ground)
    folders = {length: Path(cube) / str(length) for length in lengths}
    opened = {length: _opened(folder, size) for length, folder in folders.items()}
    for length in lengths:
        for slot in range(length):
            _append(opened[length], slot, held)
    told: dict[str, list[dict[str, float]]] = {str(length): [] for length in lengths}
    for number in range(further):
        for length, folder in folders.items():
            os.sync()  # what others left to be written to disk
            before = _stored(folder)
            cost = timed(lambda length=length: _append(opened[length], length + number, held))  # type: ignore[misc] # noqa: B023 - called at once
            after = _stored(folder)
            grown = {name: after[name] - before[name] for name in after}
            told[str(length)].append(cost | {"bytes": sum(grown.values()), "commit_bytes": grown["commits"]})
    return told


def _append(cube: Cube, slot: int, held: Mapping[str, NDArray[np.uint16]]) -> None:
    extend_time(cube, _day(slot))
    _write(cube, slot, held, map)


def _write(
    cube: Cube,
    slot: int,
    held: Mapping[str, NDArray[np.uint16]],
    run: Callable[[Callable[[ShardBatch], WrittenBatch], Sequence[ShardBatch]], Iterable[WrittenBatch]],
) -> None:
    height, width = cube.template.geobox.shape
    whole = Rectangle(0, 0, height, width)
    tasks = [ShardTask(shard, f"{slot}", partial(_shard, held)) for shard in shards_in(cube.template, whole)]
    provenance = Provenance("benchmark", _day(slot).key, f"{slot}", "v1", "run", START)
    write_partition(cube, _day(slot), whole, tasks, run, area_key="all", provenance=provenance)


def _shard(held: Mapping[str, NDArray[np.uint16]], shard: Rectangle) -> Mapping[str, NDArray[np.uint16]]:
    return {name: pixels[shard.slices] for name, pixels in held.items()}


def _opened(folder: Path, ground: Ground) -> Cube:
    grid = GeoBox((ground.pixels, ground.pixels), Affine(10, 0, 500_000, 0, -10, 5_000_000), "EPSG:32633")
    bands = tuple(BandEncoding(name, "uint16", nodata=0) for name in ground.names)
    template = CubeTemplate("benchmark", grid, bands, DAY, START, chunk=ground.chunk, shard=ground.shard)
    return open_or_create_icechunk_cube(CubeAddress(str(folder)), template)


def _day(slot: int) -> Period:
    start = START.timestamp() + 86_400 * slot
    return DAY.periods(*(datetime.fromtimestamp(start + 86_400 * after, UTC) for after in (0, 1)))[0]


def _stored(folder: Path) -> dict[str, int]:
    """Bytes of chunks, and of all else, which commits write."""
    sizes = [(path.relative_to(folder).parts[0], path.stat().st_size) for path in folder.rglob("*") if path.is_file()]
    chunks = sum(size for room, size in sizes if room == "chunks")
    return {"chunks": chunks, "commits": sum(size for _, size in sizes) - chunks}
