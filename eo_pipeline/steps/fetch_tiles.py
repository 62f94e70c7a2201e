"""Tiles of an image without a task: windows asked for in parallel, written as the files that an export would have left.

What does not belong here: which images go this way (`core.requests.pixel_requests`), and when windows are asked for
again (`fetch_windows`).
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.requests.pixel_requests import TARGET_BYTES, cut, size_of
from eo_pipeline.earth_engine.pixels import fetch_window, numbers_everywhere
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.collect_tiles import Tile
from eo_pipeline.steps.fetch_windows import Patience, WindowFetch
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.stored import Progress
from eo_pipeline.storage.tile_files import is_tile, write_tile

_NAME = "tile"


@dataclass(frozen=True)
class FetchedTiles:
    """The tiles of one image.

    Attributes:
        tiles: sorted by name.
        requests: sent for them now, those that were refused included.
        reused: tiles that were there already.
    """

    tiles: tuple[Tile, ...]
    requests: int
    reused: int


@dataclass(frozen=True)
class PixelOrder:
    """What is fetched.

    Attributes:
        image: the encoded `ee.Image` of `recipes.image`.
        geobox: all its pixels.
        bands: in order; all of one dtype and one nodata.
        digest: of the export that is spared; tiles of another one are not reused.
        tag: workload tag that the compute is accounted under.
    """

    image: Any
    geobox: GeoBox
    bands: Sequence[BandEncoding]
    digest: str
    tag: str


def fetch_tiles(
    session: Session,
    order: PixelOrder,
    *,
    folder: Path,
    target_bytes: int = TARGET_BYTES,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> FetchedTiles:
    """Fetch every window of an image into a folder, unless it is there already and whole.

    Memory: about four times `target_bytes` for each request that is under way.

    Args:
        session: for interactive requests.
        order: the image and its pixels.
        folder: local; gets `tile-<row>-<column>.tif`, complete files only.
        target_bytes: uncompressed bytes of a window.
        patience: how many requests at once, and how often again.
        progress: told after each file.

    Raises:
        TilesError: windows could not be fetched: all of them in one message; the others are kept.
        DiskFullError: no room for a file.
    """
    with room_for(folder, 0):
        folder.mkdir(parents=True, exist_ok=True)
    height, width = order.geobox.shape
    windows = cut(size_of((int(height), int(width)), order.bands), target_bytes=target_bytes)
    paths = {window: folder / _file_name(window) for window in windows}
    missing = [window for window, path in paths.items() if not _is_there(path, window, order)]
    requests = _fetch(session, order, paths, missing, patience=patience or Patience(), progress=progress)
    tiles = tuple(_tile(path, order.digest) for path in sorted(paths.values()))
    return FetchedTiles(tiles, requests, len(windows) - len(missing))


def _fetch(
    session: Session,
    order: PixelOrder,
    paths: Mapping[Rectangle, Path],
    missing: Sequence[Rectangle],
    *,
    patience: Patience,
    progress: Progress | None,
) -> int:
    """Write the missing windows' files; gives how many requests that took."""
    if not missing:
        return 0
    image = numbers_everywhere(order.image, order.bands)
    fetch = WindowFetch(
        missing,
        lambda part: fetch_window(session, image, order.geobox[part.slices], order.bands, tag=order.tag),
        patience,
    )
    problems, done = [], len(paths) - len(missing)
    with closing(fetch.results()) as results:
        for found in results:
            if found.pixels is None:
                problems.append(f"{paths[found.window].name}: {found.problem}")
                continue
            geobox = order.geobox[found.window.slices]
            write_tile(paths[found.window], found.pixels, geobox=geobox, bands=order.bands, digest=order.digest)
            done += 1
            if progress is not None:
                progress("tiles", done, len(paths))
    if problems:
        raise TilesError(_listed(sorted(problems), len(paths), fetch.unasked, session.url))
    return fetch.requests


def _is_there(path: Path, window: Rectangle, order: PixelOrder) -> bool:
    return is_tile(path, geobox=order.geobox[window.slices], bands=order.bands, digest=order.digest)


def _file_name(window: Rectangle) -> str:
    return f"{keys.tile_stem(_NAME, row=window.row_start, column=window.column_start)}.tif"


def _tile(path: Path, digest: str) -> Tile:
    offsets = path.stem.removeprefix(f"{_NAME}-")
    return Tile(path.name, path.stat().st_size, crc32c_of(path), f"earthengine:{digest}/{offsets}")


def _listed(problems: Sequence[str], total: int, unasked: int, url: str) -> str:
    lines = "\n".join(f"  {problem}" for problem in problems)
    rest = f"\n{unasked} more were not asked for" if unasked else ""
    return (
        f"expected {total} tiles from {url}, got {len(problems)} that could not be computed:\n{lines}{rest}\n"
        "the others are kept; run the partition again to fetch these, or write route: batch"
    )
