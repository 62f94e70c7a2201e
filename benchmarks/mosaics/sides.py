"""Who makes mosaics, and of what: this project, its peers and the limit as sides that the harness can measure.

Does not belong here: what they have to reach.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Json, Side
from benchmarks.peer_environments import Python

LEVELS: Mapping[str, int | None] = {"deflate": 6, "zstd": 1, "lzw": None}
"""What this project writes by each codec, which are GDAL's own; peers and the limit are told the same."""


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


def our_side(case: Case, folder: Path) -> Side:
    """This project's."""
    size = {"height": case.height, "width": case.width}
    wanted = {"tiles": _texts(case.tiles), "path": str(path_of(folder, "ours")), "codec": case.codec, **size}
    return Side("ours", "benchmarks.mosaics.ours", "ours", wanted, prepare="load", makes=[path_of(folder, "ours")])


def peer_side(case: Case, peer: Peer, folder: Path, python: Python) -> Side:
    """A peer's, in its environment."""
    path = path_of(folder, peer.name)
    wanted: dict[str, Json] = {"tiles": _texts(case.tiles), "path": str(path)}
    if peer.told_codec:
        wanted |= {"codec": case.codec, "level": LEVELS[case.codec]}
    made = [path, Path(f"{path}.ovr")]
    return Side(peer.name, peer.module, peer.function, wanted, python=python(peer.environment), makes=made)


def limit_side(case: Case, folder: Path) -> Side:
    """The limit's, of the mosaic that ours has made."""
    wanted = {"path": str(path_of(folder, "ours")), "codec": case.codec, "level": LEVELS[case.codec]}
    return Side("limit", "benchmarks.mosaics.limits", case.limit, wanted)


def path_of(folder: Path, name: str) -> Path:
    """Where a side, by its name, leaves its mosaic."""
    return folder / f"{name}.tif"


def _texts(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]
