"""One slot of a cube, 8 bands x 5120 x 5120 pixels of uint16, in Icechunk on disk: ours beside xarray's `to_zarr`.

Ours are forks of one session on four threads, merged and committed with the ledger's row. "to_zarr" is xarray's
`to_zarr(region=)` into an empty cube of ours: the same shards of 2560, chunks of 256 and codec. "to_zarr defaults" is
the same into what xarray lays out by itself, with its own codec. What each of them stored is read back by Zarr and
compared with the pixels before anything is timed. The limit is the codec alone, over the same chunks on four threads.
All of them do it twice in a process, and the second time counts.

The limit tells, too, what the codec takes where Blosc compresses a chunk at once, as ours does (`codec_at_once`).

A line of its own tells what one more slot costs when the cube holds 1, 100 and 1,000: seconds, bytes, and bytes beside
the pixels, each by those at one slot. A slot is one default shard of one band, the least that a product of that size
writes. A second such line is for the record: slots so small that what a commit writes is not small beside them. Each
commit writes the list of all commits anew, as Icechunk's format has it, and keeps the one before.
"""

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import icechunk
import numpy as np
import zarr

from benchmarks.aims import Aim
from benchmarks.cubes.ground import Ground, read_pixels, write_pixels
from benchmarks.cubes.ours import empty_cube
from benchmarks.harness import Json, Side, in_turn, inner, measure
from benchmarks.lines import Cost, Line, faster
from benchmarks.peer_environments import Python, peer_python
from eo_pipeline.storage.cubes.layout import array_at

FASTER = {"to_zarr": 2.0, "to_zarr defaults": 3.0}
"""How many times faster than each peer ours has to be."""
TIMES_LIMIT, TIMES_ONE_SLOT = 1.5, 1.5
ENVIRONMENT = "cubes"


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        slot: that is written.
        rounds: how often each side is timed.
        usual: a slot of the cube that grows.
        small: the same, for the record.
        lengths: at which one more slot is looked at.
        further: how many slots are looked at there.
    """

    slot: Ground
    rounds: int
    usual: Ground
    small: Ground
    lengths: tuple[int, ...]
    further: int


FULL = Size(Ground(8, 5120, 2560, 256), 3, Ground(1, 2560, 2560, 256), Ground(2, 512, 256, 128), (1, 100, 1000), 15)


def comparisons(size: Size = FULL, python: Python = peer_python) -> Iterator[Line]:
    """A line a peer, and two of slots."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        yield from beside_peers(size, folder, python)
        yield one_more_slot(size.usual, size, folder / "usual")
        yield one_more_slot(size.small, size, folder / "small", must=False)


def beside_peers(size: Size, folder: Path, python: Python) -> Iterator[Line]:
    """One slot."""
    pixels = str(write_pixels(folder / "pixels", size.slot))
    empty = {"empty": str(empty_cube(folder / "empty", size.slot))}
    ground, interpreter = {"ground": asdict(size.slot)}, python(ENVIRONMENT)
    cubes = {name: {"pixels": pixels, "cube": str(folder / name)} for name in ("ours", *FASTER)}
    ours = Side("ours", "benchmarks.cubes.ours", "write", ground | empty | cubes["ours"])
    peers = [
        Side("to_zarr", "benchmarks.cubes.peers", "to_zarr", empty | cubes["to_zarr"], interpreter),
        Side("to_zarr defaults", "benchmarks.cubes.peers", "to_zarr_defaults", cubes["to_zarr defaults"], interpreter),
    ]
    limit = Side("codec", "benchmarks.cubes.limits", "codec", {**ground, "pixels": pixels})
    told = {side.name: _compared(side, pixels) for side in (ours, *peers)}
    name = f"one slot of {size.slot.bands} bands x {size.slot.pixels}^2"
    measured = in_turn(name, [ours, *peers, limit], size.rounds)
    mine, *theirs, floor = (Cost.of([inner(once) for once in rounds]) for rounds in measured)
    at_once = statistics.median(once.answer["at_once_s"] for once in measured[-1])
    least = Aim("times the codec alone", mine.seconds / floor.seconds, most=TIMES_LIMIT)
    for peer, cost in zip(peers, theirs, strict=True):
        facts = {"ours": told["ours"], "theirs": told[peer.name], "raw_mb": size.slot.raw_mb}
        facts |= {"codec_at_once_s": at_once}
        equal = bool(told["ours"]["equal"] and told[peer.name]["equal"])
        must = (faster(peer.name, mine, cost, FASTER[peer.name]), least)
        yield Line(name, mine, peer.name, cost, floor, equal=equal, must=must, told=facts)


def one_more_slot(slot: Ground, size: Size, folder: Path, *, must: bool = True) -> Line:
    """What a slot costs as the cube grows, and whether it has to stay what it is."""
    folder.mkdir()
    pixels = str(write_pixels(folder / "pixels", slot))
    where: dict[str, Json] = {"pixels": pixels, "cube": str(folder / "grown")}
    lengths = {"lengths": size.lengths, "further": size.further}
    measured = measure(Side("ours", "benchmarks.cubes.ours", "slots", {"ground": asdict(slot)} | where | lengths))
    costs = {length: _medians(each) for length, each in measured.answer.items()}
    one = costs[str(size.lengths[0])]
    ratios = {length: {key: cost[key] / one[key] for key in one} for length, cost in costs.items()}
    grown = {
        key: Aim(f"{key} of one more slot, by those of the first", ratio, most=TIMES_ONE_SLOT)
        for key, ratio in ratios[str(size.lengths[-1])].items()
    }
    aims = (grown.pop("commit_bytes"), *(() if must else grown.values()))
    name = f"one more slot of {slot.bands} band(s) x {slot.pixels}^2 at {', '.join(costs)} slots"
    equal = _equal(f"{where['cube']}/{size.lengths[-1]}", pixels, slot=size.lengths[-1])
    told = {"costs": costs, "ratios": ratios}
    musts = tuple(grown.values()) if must else ()
    shutil.rmtree(folder)
    return Line(name, Cost.of([measured]), "", None, None, equal=equal, must=musts, aims=aims, told=told)


def _medians(costs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: statistics.median(cost[key] for cost in costs) for key in costs[0]}


def _compared(side: Side, pixels: str) -> dict[str, Json]:
    """Runs a side once: whether it stored the pixels, and in how many MB."""
    measure(side)
    cube = str(side.arguments["cube"])
    stored = sum(path.stat().st_size for path in Path(cube).rglob("*") if path.is_file())
    return {"equal": _equal(cube, pixels, slot=0), "stored_mb": stored / 1e6}


def _equal(cube: str, pixels: str, *, slot: int) -> bool:
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(cube))
    group = zarr.open_group(repository.readonly_session("main").store, mode="r")
    return all(
        np.array_equal(np.asarray(array_at(group, name)[slot]), band) for name, band in read_pixels(pixels).items()
    )
