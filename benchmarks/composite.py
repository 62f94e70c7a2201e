"""Median composites: 24 scenes, 3 bands, 1200 x 1200 pixels of uint16, 40 % masked; ours beside bottleneck and xarray.

All sides work on one thread on arrays that are in memory, and mask, reduce and round them. Ours counts observations,
too. Composites are compared pixel by pixel before anything is timed; the benchmark fails if one differs. The limit is
copying the input. Each side does its work for a second or once in each of the rounds; the median of its calls counts,
and ours' first one stands beside it as `first_s`. Memory is that of the whole process: the input is in it, and stands
beside it as `input_mb`.

A line of its own begins with files: as many scenes of three bands and SCL, local COGs of one grid with STAC items. Each
side loads a chunk of 1200 x 1200 pixels of all of them on four threads, masks clouds by class and takes medians: ours
beside `odc.stac` with xarray's median, and beside its own loading.
"""

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.aims import Aim
from benchmarks.composites.archive import Archive, chunk_of, write_archive
from benchmarks.composites.scenes import NODATA, Scenes, write_scenes
from benchmarks.composites.timing import THREADS
from benchmarks.harness import ONE_CORE, Json, Side, in_turn, inner, measure
from benchmarks.lines import Cost, Line, faster
from benchmarks.peer_environments import Python, peer_python

FASTER = {"bottleneck": 10.0, "xarray": 100.0}
"""How many times faster than each peer ours has to be."""
CHUNK_FASTER, TIMES_LOADING = 5.0, 2.0
ENVIRONMENT = "composites"


@dataclass(frozen=True)
class Size:
    """How much is done, and how often each side is timed."""

    scenes: Scenes
    rounds: int
    archive: Archive


FULL = Size(Scenes(count=24, bands=3, pixels=1200, masked=0.4), rounds=3, archive=Archive(24, 1536, 1200))


def comparisons(size: Size = FULL, python: Python = peer_python) -> Iterator[Line]:
    """A line a peer of the kernel, with the same measurements of ours; and one of the whole chunk."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        yield from kernel(size, write_scenes(folder / "scenes", size.scenes), folder, python)
        yield whole_chunk(size, write_archive(folder / "archive", size.archive), folder, python)


def kernel(size: Size, scenes: Path, folder: Path, python: Python) -> Iterator[Line]:
    """The median of arrays in memory."""
    interpreter = python(ENVIRONMENT)
    ours = _side("ours", "ours.median", scenes, folder, prepare="load")
    peers = [_side(peer, f"peers.{peer}", scenes, folder, python=interpreter) for peer in FASTER]
    limit = _side("copying", "limits.copying", scenes, folder)
    made = measure(ours).answer
    told = [_compared(made, ours, peer) for peer in peers]
    count, pixels = size.scenes.count, size.scenes.pixels
    name = f"median of {count} scenes x {size.scenes.bands} bands x {pixels}^2, one thread"
    measured = in_turn(name, [ours, *peers, limit], size.rounds)
    mine, *theirs, floor = (Cost.of([inner(once) for once in rounds]) for rounds in measured)
    for peer, cost, facts in zip(peers, theirs, told, strict=True):
        must = faster(peer.name, mine, cost, FASTER[peer.name])
        yield Line(name, mine, peer.name, cost, floor, equal=facts["equal"], must=(must,), told=facts)


def whole_chunk(size: Size, archive: Path, folder: Path, python: Python) -> Line:
    """From files to medians."""
    grid, where = chunk_of(size.archive.pixels), {"archive": str(archive)}
    wanted = {"crs": str(grid.crs), "shape": list(grid.shape), "transform": list(grid.affine)[:6]}
    answers = [{"answer": str(folder / name)} for name in ("chunk.npy", "odc.npy")]
    pixels = {"pixels": size.archive.pixels}
    ours = Side("ours", "benchmarks.composites.ours", "chunk", where | pixels | answers[0], prepare="load")
    peer = Side("odc.stac + xarray", "benchmarks.composites.peers", "odc_stac", where | wanted | answers[1])
    peer = replace(peer, python=python(ENVIRONMENT))
    told = _compared(measure(ours).answer, ours, peer)
    name = f"chunk of {size.archive.pixels}^2 from {size.archive.count} scenes, {THREADS} threads"
    measured = in_turn(name, [ours, peer], size.rounds)
    mine, theirs = (Cost.of([inner(once) for once in rounds]) for rounds in measured)
    loading = statistics.median(once.answer["loading_s"] for once in measured[0])
    told |= {"loading_s": loading}
    must = (
        faster(peer.name, mine, theirs, CHUNK_FASTER),
        Aim("times its own loading", mine.seconds / loading, most=TIMES_LOADING),
    )
    return Line(name, mine, peer.name, theirs, None, equal=told["equal"], must=must, told=told)


def _side(
    name: str, function: str, scenes: Path, folder: Path, *, python: Path | None = None, prepare: str = ""
) -> Side:
    module, called = function.split(".")
    side = Side(
        name,
        f"benchmarks.composites.{module}",
        called,
        {"scenes": str(scenes), "answer": str(folder / f"{name}.npy")},
        environment=ONE_CORE,
        prepare=prepare,
    )
    return side if python is None else replace(side, python=python)


def _compared(made: Json, ours: Side, peer: Side) -> dict[str, Json]:
    """How many pixels differ; runs the peer."""
    measure(peer)
    mine, theirs = (np.load(side.arguments["answer"]) for side in (ours, peer))
    different = int((mine != theirs).sum()) if mine.shape == theirs.shape else mine.size
    return {
        "equal": different == 0,
        "pixels": mine.size,
        "different_pixels": different,
        "first_s": made["first_s"],
        "empty_share": float((mine == NODATA).mean()),
    } | {key: made[key] for key in ("input_mb",) if key in made}
