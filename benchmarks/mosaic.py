"""Mosaics: 16 tiles of 2048 x 2048 pixels, three bands of uint16, become one COG; ours beside GDAL's ways and a limit.

Tiles are stored as Earth Engine stores them, or, for raw copies, with the mosaic's own blocks, codec and predictor.
Every mosaic is made once and compared before anything is timed: full resolution pixel by pixel, overviews with their
largest difference, and rio-cogeo's validation of ours. The limit is the codec alone on all cores (`mosaics.limits`).
The last line makes an image of ten times as many pixels, for memory. The benchmark fails if outputs differ or a COG is
not valid; whether aims are met stands in each line.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.aims import Aim
from benchmarks.harness import BenchmarkError, Json, Side, in_turn, inner, measure
from benchmarks.lines import Cost, Line, faster
from benchmarks.mosaics.outputs import difference, is_cog, overview_difference, same_place
from benchmarks.mosaics.scenes import EXPORTED, Scene, Storage, repeat_tiles, write_tiles
from benchmarks.mosaics.sides import (
    EEDL,
    LEVELS,
    MERGE,
    VRT,
    Case,
    Peer,
    limit_side,
    our_side,
    path_of,
    peer_side,
)
from benchmarks.peer_environments import Python, peer_python

BLOCK, PREDICTOR = 512, 2
"""Of this project's mosaics of whole numbers: tiles of raw copies have them, too."""
FASTER: Mapping[str, tuple[float, float]] = {"deflate": (2.5, 4.0), "zstd": (4.0, 6.0)}
COPIED_FASTER = (4.0, 8.0)
"""How many times faster than VRT + COG driver ours has to be, and should be."""
MERGE_FASTER = 4.0
"""The same of rasterio.merge + rio-cogeo."""
PEAK_MB, TIMES_LIMIT = 350, 1.5
SAME_BYTES = 1.05
"""Bytes of ours by a peer's that was told the codec and its level: more would mean that it was told another level."""
SAME_PEAK = 1.1
"""By how much the peak of a far larger image may be higher and still be the same."""


@dataclass(frozen=True)
class Size:
    """How much is done: the image, how often each side is timed, and how many times the pixels the large image has."""

    scene: Scene
    rounds: int
    times: int


FULL = Size(Scene(side=4, tile=2048), rounds=5, times=10)


@dataclass(frozen=True)
class Run:
    """One run of the benchmark: how much, in which folder, and the interpreters of peers."""

    size: Size
    folder: Path
    python: Python


def comparisons(size: Size = FULL, python: Python = peer_python) -> Iterator[Line]:
    """A line a codec and peer, a line a codec of raw copies, a line for memory; files are written unmeasured."""
    with tempfile.TemporaryDirectory() as scratch:
        run = Run(size, Path(scratch), python)
        tiles = write_tiles(run.folder / "exported", size.scene, EXPORTED)
        deflate = list(exported(run, "deflate", (VRT, MERGE, EEDL), tiles))
        yield from deflate
        yield from exported(run, "zstd", (VRT, MERGE), tiles)
        yield from copied(run, "deflate")
        yield from copied(run, "lzw")
        yield larger(run, tiles, small_peak_mb=deflate[0].ours.peak_mb)


def exported(run: Run, codec: str, peers: Sequence[Peer], tiles: Sequence[Path]) -> Iterator[Line]:
    """Tiles as Earth Engine stores them, compressed anew."""
    must, aim = FASTER[codec]
    case = _square(run, f"{len(tiles)} tiles to {codec}", tiles, codec, "all_blocks_compressed")
    case = replace(case, must={VRT.name: must, MERGE.name: MERGE_FASTER}, aims={VRT.name: aim})
    yield from lines(run, case, peers)


def copied(run: Run, codec: str) -> Iterator[Line]:
    """Tiles that are stored as the mosaic is."""
    stored = Storage(codec.upper(), PREDICTOR, BLOCK)
    tiles = write_tiles(run.folder / f"aligned-{codec}", run.size.scene, stored)
    must, aim = COPIED_FASTER
    case = _square(run, f"{len(tiles)} tiles whose {codec} can be copied", tiles, codec, "overviews_compressed")
    yield from lines(run, replace(case, must={VRT.name: must}, aims={VRT.name: aim}), (VRT,))


def larger(run: Run, tiles: Sequence[Path], *, small_peak_mb: float) -> Line:
    """Memory of an image with more pixels, beside that of the small one; one round."""
    size = run.size
    copies, height, width = repeat_tiles(tiles, run.folder / "repeated", size.scene, times=size.times)
    name = f"memory of {len(copies)} tiles to deflate, {size.times} times the pixels"
    case = Case(name, copies, height, width, "deflate", limit="", must={}, aims={})
    (line,) = lines(replace(run, size=replace(size, rounds=1)), case, (VRT,))
    growth = Aim("times the peak of the small image", line.ours.peak_mb / small_peak_mb, most=SAME_PEAK)
    return replace(line, must=(*line.must, growth), told={**line.told, "small_peak_mb": small_peak_mb})


def lines(run: Run, case: Case, peers: Sequence[Peer]) -> Iterator[Line]:
    """Ours beside each peer that is there; ours is the same measurements in all of them."""
    ours, made = path_of(run.folder, "ours"), measure(our_side(case, run.folder)).answer
    others, told, skipped = dict[Peer, Side](), dict[Peer, Json](), dict[Peer, str]()
    for peer in peers:
        try:
            side = peer_side(case, peer, run.folder, run.python)
            found = _compared(case, made, measure(side).answer, path_of(run.folder, peer.name))
            others[peer], told[peer] = side, found | {"level_told": peer.told_codec}
        except (BenchmarkError, subprocess.CalledProcessError) as error:
            if not peer.optional:
                raise
            skipped[peer] = f"{peer.name} cannot be had here: {str(error).splitlines()[-1]}"
    limit = [limit_side(case, run.folder)] if case.limit else []
    mine, *theirs = in_turn(case.name, [our_side(case, run.folder), *others.values(), *limit], run.size.rounds)
    floor = Cost.of([inner(measured) for measured in theirs.pop()]) if limit else None
    costs = dict(zip(others, map(Cost.of, theirs), strict=True))
    for peer in peers:
        line = Line(case.name, Cost.of(mine), peer.name, costs.get(peer), floor, equal=True)
        if peer in skipped:
            yield replace(line, skipped=skipped[peer], told={"ours": made}, equal=is_cog(ours))
        else:
            yield _judged(replace(line, told=told[peer], equal=told[peer]["equal"]), case)


def _judged(line: Line, case: Case) -> Line:
    """With what it has to reach."""
    assert line.theirs is not None  # noqa: S101 - only lines whose peer was measured are judged
    must = [faster(line.peer, line.ours, line.theirs, least) for least in _of(case.must, line.peer)]
    aims = [faster(line.peer, line.ours, line.theirs, least) for least in _of(case.aims, line.peer)]
    if line.limit is not None:
        aims.append(Aim("times the limit", line.ours.seconds / line.limit.seconds, most=TIMES_LIMIT))
    if line.told["level_told"]:
        must.append(Aim("times its bytes", line.told["bytes_ours"] / line.told["bytes_theirs"], most=SAME_BYTES))
    return replace(line, must=(*must, Aim("peak MB", line.ours.peak_mb, most=PEAK_MB)), aims=tuple(aims))


def _of(least: Mapping[str, float], peer: str) -> list[float]:
    return [least[peer]] if peer in least else []


def _compared(case: Case, made: Json, theirs: Json, path: Path) -> Json:
    """What both sides' mosaics hold: equal at full resolution, in one place, and ours a valid COG."""
    ours = path.with_name("ours.tif")
    full, overviews = difference(ours, path), overview_difference(ours, path)
    valid = is_cog(ours)
    return {
        "equal": full.pixels == 0 and same_place(ours, path) and valid,
        "pixels": [case.height, case.width],
        "level": LEVELS[case.codec],
        "bytes_ours": made["bytes"],
        "bytes_theirs": sum(theirs.values()),
        "different_pixels": full.pixels,
        "overviews": {
            "different_pixels": overviews.pixels,
            "largest_difference": overviews.largest,
            "nodata_in_one_only": overviews.nodata,
        },
        "cog_ours": valid,
        "cog_theirs": is_cog(path),
    }


def _square(run: Run, name: str, tiles: Sequence[Path], codec: str, limit: str) -> Case:
    pixels = run.size.scene.pixels
    return Case(name, tiles, pixels, pixels, codec, limit, must={}, aims={})
