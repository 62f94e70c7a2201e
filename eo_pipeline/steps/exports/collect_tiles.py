"""Bring an export's tiles from where it wrote them to this machine, verified: every byte and every pixel of the area.

What does not belong here: where they are kept afterwards, their mosaic, and the words for what is wrong
(`tile_flaws`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.core.mosaics import MosaicOptions
from eo_pipeline.errors import TilesError, TilesGoneError
from eo_pipeline.steps.exports.listed_tiles import ListedPart, check_parts, common_folder, local_name, read_tiles
from eo_pipeline.steps.exports.tile_flaws import FlawedTile, describe_flaws
from eo_pipeline.storage.stored import Download, Flaw, Progress, Stored

STRICT = MosaicOptions()
"""All pixels are needed, on the area's own grid."""


class TileStore[S: Stored](Protocol):
    """Where an export writes its files to: a bucket, a folder of Drive."""

    @property
    def address(self) -> str:
        """What names of objects are appended to, after a slash, for a person: gs://bucket."""
        ...

    def list(self, prefix: str) -> Sequence[S]:
        """Every object whose name starts with the prefix, sorted by name."""
        ...

    def download(self, objects: Sequence[tuple[S, Path]]) -> Iterator[Download[S]]:
        """Bring objects to paths, unless they are there; each is yielded when it is done, whole or with its flaw."""
        ...

    def evidence_of_deletion(self, names: Sequence[str], *, written: datetime | None, now: datetime) -> tuple[str, ...]:
        """Why objects that are not listed may have been there and gone, in sentences; none if nothing says so."""
        ...


@dataclass(frozen=True)
class Tile:
    """One verified file.

    Attributes:
        name: file name.
        size: bytes.
        crc32c: base64.
        source: gs:// address that it came from.
    """

    name: str
    size: int
    crc32c: str
    source: str


@dataclass(frozen=True)
class TileSet:
    """The tiles of one partition.

    Attributes:
        state: collected, or no_images if nothing was exported.
        digest: of the export.
        folder: below the root, where the files lie; empty without files.
        tiles: sorted by name.
    """

    state: str
    digest: str
    folder: str
    tiles: tuple[Tile, ...]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(tile.size for tile in self.tiles)


def collect_tiles[S: Stored](
    store: TileStore[S],
    parts: Sequence[ExpectedTiles],
    *,
    geobox: GeoBox,
    folder: Path,
    now: datetime,
    mosaic: MosaicOptions = STRICT,
    progress: Progress | None = None,
) -> tuple[Tile, ...]:
    """Download every tile of an export's parts into a folder, unless it is there already and whole.

    Args:
        store: where the export wrote to.
        parts: one, or several after a split; a tile whose name does not follow from its part's grid is taken all the
            same, and judged by its georeferencing.
        geobox: the pixels that all parts must cover together.
        folder: local; files get their object's last name, and of several parts the folder of each part before it.
        now: UTC, to tell by age which lifecycle rules may have deleted what is missing.
        mosaic: whether pixels may be missing and tiles may lie in another CRS.
        progress: told after each file.

    Raises:
        TilesError: objects are missing, empty, truncated, corrupt or unreadable: all of them in one message.
        TilesGoneError: the same, and some are missing that were there: another export brings them back.
        GridMismatchError: a tile does not lie on its part's pixels.
        StorageError, CredentialsError, ServiceUnreachableError: see the store's `list` and `download`.
    """
    check_parts(parts, geobox)
    root = common_folder(parts)
    listed = [ListedPart(part, tuple(o for o in store.list(part.prefix) if part.has(o.name))) for part in parts]
    found = {source.name: source for part in listed for source in part.objects}
    wanted = [(source, folder / local_name(source.name, root)) for source in found.values() if source.size]
    folder.mkdir(parents=True, exist_ok=True)
    done = _download(store, wanted, progress)
    whole = {name: download for name, download in done.items() if download.path is not None}
    flaws = [_failed(download) for download in done.values() if download.path is None]
    flaws += [FlawedTile(Flaw.EMPTY, name) for name, source in found.items() if not source.size]
    readable, unreadable = read_tiles({name: download.path for name, download in whole.items() if download.path})
    flaws += unreadable
    for part in listed:
        flaws += part.missing(readable, mosaic)
    if flaws:
        raise _error(store, listed, flaws, now)
    tiles = (Tile(d.path.name, d.source.size, d.crc32c, f"{store.address}/{n}") for n, d in whole.items() if d.path)
    return tuple(sorted(tiles, key=lambda tile: tile.name))


def _download[S: Stored](
    store: TileStore[S], wanted: Sequence[tuple[S, Path]], progress: Progress | None
) -> dict[str, Download[S]]:
    """What became of each object, by name."""
    done: dict[str, Download[S]] = {}
    for download in store.download(wanted):
        done[download.source.name] = download
        if progress is not None:
            progress("tiles", len(done), len(wanted))
    return done


def _failed[S: Stored](download: Download[S]) -> FlawedTile:
    flaw = download.flaw or Flaw.REFUSED
    return FlawedTile(flaw, download.source.name, download.problem, stored=flaw is Flaw.MISSING)


def _error[S: Stored](
    store: TileStore[S], listed: Sequence[ListedPart[S]], flaws: Sequence[FlawedTile], now: datetime
) -> TilesError:
    source = ", ".join(f"{store.address}/{part.expected.prefix}*" for part in listed)
    evidence = list(dict.fromkeys(sentence for part in listed for sentence in _why_gone(store, part, flaws, now)))
    expected = sum(len(part.expected.names()) for part in listed)
    said = describe_flaws(flaws, expected=expected, source=source, evidence=evidence)
    return TilesGoneError(said) if evidence else TilesError(said)


def _why_gone[S: Stored](
    store: TileStore[S], part: ListedPart[S], flaws: Sequence[FlawedTile], now: datetime
) -> Iterator[str]:
    """What says that missing tiles of a part were there."""
    names = part.expected.names().keys() | {source.name for source in part.objects}
    gone = sorted(names & {flaw.name for flaw in flaws if flaw.flaw is Flaw.MISSING})
    if not part.objects:
        gone = sorted(part.expected.names())
        yield f"nothing is left at {store.address}/{part.expected.prefix}* of an export that succeeded"
    if gone:
        yield from store.evidence_of_deletion(gone, written=part.written, now=now)
    if any(name == source.name for name in gone for source in part.objects):
        yield "some went while the others were being fetched"
