"""Mosaics: 16 tiles of 2048 x 2048 pixels, three bands of uint16, become one COG; ours beside GDAL's ways and a limit.

Tiles are stored as Earth Engine stores them, or, for raw copies, with the mosaic's own blocks, codec and predictor.
Every mosaic is made once and compared before anything is timed: full resolution pixel by pixel, overviews with their
largest difference, and rio-cogeo's validation of ours. The limit is the codec alone on all cores (`mosaics.limits`).
The last line makes an image of ten times as many pixels, for memory. The benchmark fails if outputs differ or a COG is
not valid; whether aims are met stands in each line.
"""

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.aims import Aim
from benchmarks.harness import BenchmarkError, Json, Measurement, Side, in_turn, measure
from benchmarks.lines import Cost, Line, faster
from benchmarks.mosaics.outputs import difference, is_cog, overview_difference, same_place
from benchmarks.mosaics.scenes import EXPORTED, Scene, Storage, repeat_tiles, write_tiles
from benchmarks.peer_environments import peer_python

LEVELS: Mapping[str, int | None] = {"deflate": 6, "zstd": 9, "lzw": None}
"""What this project writes by each codec, which are GDAL's own; peers and the limit are told the same."""
BLOCK, PREDICTOR = 512, 2
"""Of this project's mosaics of whole numbers: tiles of raw copies have them, too."""
PEAK_MB, TIMES_LIMIT = 350, 1.5
SAME_BYTES = 1.05
"""Bytes of ours by a peer's that was told the codec and its level: more would mean that it was told another level."""
TIMES, SAME_PEAK = 10, 1.1
"""Pixels of the large image by those of the small one, and by how much its peak may be higher and still be the same."""

Python = Callable[[str], Path]
"""The interpreter of a peer's environment, by its name."""


@dataclass(frozen=True)
class Size:
    """How much is done: the image, and how often each side is timed."""

    scene: Scene
    rounds: int


FULL = Size(Scene(side=4, tile=2048), rounds=3)


@dataclass(frozen=True)
class Peer:
    """Another way.

    Attributes:
        name: as it is printed.
        environment: that it runs in.
        module: with its function.
        function: takes tiles, path and, if `told_codec`, codec and level.
        told_codec: whether it can be told them.
        optional: whether a line without it is better than none, since its environment cannot be had everywhere.
    """

    name: str
    environment: str
    module: str
    function: str
    told_codec: bool = True
    optional: bool = False


VRT = Peer("VRT + COG driver", "rasters", "benchmarks.mosaics.peers", "vrt_and_cog_driver")
MERGE = Peer("rasterio.merge + rio-cogeo", "rasters", "benchmarks.mosaics.peers", "merge_and_rio_cogeo")
EEDL = Peer("EEDL", "eedl", "benchmarks.mosaics.eedl", "eedl", told_codec=False, optional=True)


@dataclass(frozen=True)
class Case:
    """One mosaic.

    Attributes:
        name: of its lines.
        tiles: it is made of.
        height: in pixels.
        width: in pixels.
        codec: it is stored with.
        limit: function of `mosaics.limits`; empty for none.
        must: how many times faster than each peer it has to be made, by the peer's name.
        aims: the same, better still.
    """

    name: str
    tiles: Sequence[Path]
    height: int
    width: int
    codec: str
    limit: str
    must: Mapping[str, float]
    aims: Mapping[str, float]


def comparisons(size: Size = FULL, python: Python = peer_python) -> Iterator[Line]:
    """A line a codec and peer, a line a codec of raw copies, a line for memory; files are written unmeasured."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tiles = write_tiles(folder / "exported", size.scene, EXPORTED)
        peaks = []
        for codec, must, aim in (("deflate", 2.5, 4.0), ("zstd", 4.0, 6.0)):
            case = _square(size, f"{len(tiles)} tiles to {codec}", tiles, codec, "all_blocks_compressed")
            case = replace(case, must={VRT.name: must, MERGE.name: 4.0}, aims={VRT.name: aim})
            others = (VRT, MERGE, EEDL) if codec == "deflate" else (VRT, MERGE)
            for line in lines(case, others, folder, size.rounds, python):
                peaks.append(line.ours.peak_mb)
                yield line
        for codec in ("deflate", "lzw"):
            aligned = write_tiles(folder / f"aligned-{codec}", size.scene, Storage(codec.upper(), PREDICTOR, BLOCK))
            name = f"{len(aligned)} tiles of {codec} whose blocks can be copied"
            case = _square(size, name, aligned, codec, "overviews_compressed")
            case = replace(case, must={VRT.name: 4.0}, aims={VRT.name: 8.0})
            yield from lines(case, (VRT,), folder, size.rounds, python)
        yield ten_times(tiles, size, folder, python, small_peak_mb=max(peaks))


def lines(case: Case, peers: Sequence[Peer], folder: Path, rounds: int, python: Python) -> Iterator[Line]:
    """Ours beside each peer that is there; ours is the same measurements in all of them."""
    ours, others, skipped = _our_side(case, folder), dict[Peer, Side](), dict[Peer, str]()
    made = measure(ours).answer
    told: dict[Peer, Json] = {}
    for peer in peers:
        try:
            others[peer] = _side(case, peer, folder, python)
            found = _compared(case, made, measure(others[peer]).answer, _path(folder, peer.name))
            told[peer] = found | {"level_told": peer.told_codec}
        except (BenchmarkError, subprocess.CalledProcessError) as error:
            if not peer.optional:
                raise
            skipped[peer] = f"{peer.name} cannot be had here: {str(error).splitlines()[-1]}"
            others.pop(peer, None)
    limit = [_limit_side(case, folder)] if case.limit else []
    mine, *theirs = in_turn(case.name, [ours, *others.values(), *limit], rounds)
    floor = Cost.of([_inner(measured) for measured in theirs.pop()]) if limit else None
    costs = dict(zip(others, map(Cost.of, theirs), strict=True))
    for peer in peers:
        line = Line(case.name, Cost.of(mine), peer.name, costs.get(peer), floor, equal=True)
        if peer in skipped:
            yield replace(line, skipped=skipped[peer], told={"ours": made}, equal=is_cog(_path(folder, "ours")))
        else:
            yield _judged(replace(line, told=told[peer], equal=told[peer]["equal"]), case)


def ten_times(tiles: Sequence[Path], size: Size, folder: Path, python: Python, *, small_peak_mb: float) -> Line:
    """Memory at ten times the pixels, beside that of the small image; one round."""
    copies, height, width = repeat_tiles(tiles, folder / "repeated", size.scene, times=TIMES)
    name = f"memory of {len(copies)} tiles to deflate, {TIMES} times the pixels"
    case = Case(name, copies, height, width, "deflate", limit="", must={}, aims={})
    (line,) = lines(case, (VRT,), folder, 1, python)
    growth = Aim("times the peak of the small image", line.ours.peak_mb / small_peak_mb, most=SAME_PEAK)
    return replace(line, must=(*line.must, growth), told={**line.told, "small_peak_mb": small_peak_mb})


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


def _square(size: Size, name: str, tiles: Sequence[Path], codec: str, limit: str) -> Case:
    pixels = size.scene.pixels
    return Case(name, tiles, pixels, pixels, codec, limit, must={}, aims={})


def _our_side(case: Case, folder: Path) -> Side:
    size = {"height": case.height, "width": case.width}
    wanted = {"tiles": _texts(case.tiles), "path": str(_path(folder, "ours")), "codec": case.codec, **size}
    return Side("ours", "benchmarks.mosaics.ours", "ours", wanted, prepare="load")


def _side(case: Case, peer: Peer, folder: Path, python: Python) -> Side:
    wanted: dict[str, Json] = {"tiles": _texts(case.tiles), "path": str(_path(folder, peer.name))}
    if peer.told_codec:
        wanted |= {"codec": case.codec, "level": LEVELS[case.codec]}
    return Side(peer.name, peer.module, peer.function, wanted, python=python(peer.environment))


def _limit_side(case: Case, folder: Path) -> Side:
    wanted = {"path": str(_path(folder, "ours")), "codec": case.codec, "level": LEVELS[case.codec]}
    return Side("limit", "benchmarks.mosaics.limits", case.limit, wanted)


def _inner(measured: Measurement) -> Measurement:
    """With the times that the function took itself: it prepares before its clock."""
    return replace(measured, seconds=measured.answer["seconds"], cpu_s=measured.answer["cpu_s"])


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.tif"


def _texts(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]
