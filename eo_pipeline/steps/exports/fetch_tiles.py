"""Tiles of an image without a task: windows asked for in parallel, written as the files that an export would have left.

What does not belong here: which images go this way (`core.requests.pixel_requests`), and when windows are asked for
again (`asking`).
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.pixel_requests import TARGET_BYTES, cut, halves, size_of
from eo_pipeline.earth_engine.interactive.client import InteractiveClient, Request
from eo_pipeline.earth_engine.interactive.expression import Expression, serialised
from eo_pipeline.earth_engine.interactive.pixels import numbers_everywhere, pixels_request, read_pixels
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.asking.ask_all import Report, ask_all
from eo_pipeline.steps.exports.collect_tiles import Tile
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.stored import Progress
from eo_pipeline.storage.tile_files import is_tile, write_tile

_NAME = "tile"
_AT_ONCE = 10
"""Requests under way, since windows are large."""


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


@dataclass(frozen=True)
class WindowAsk:
    """Pixels (band, y, x) of one window.

    Attributes:
        expression: of `numbers_everywhere` of the order's image.
        order: what is fetched.
        window: of all its pixels.
    """

    expression: Expression
    order: PixelOrder
    window: Rectangle

    def request(self) -> Request:
        """For all bands."""
        return pixels_request(self.expression, self.order.geobox[self.window.slices], tag=self.order.tag)

    def read(self, reply: bytes) -> NDArray[Any]:
        """Stored numbers."""
        return read_pixels(reply, (self.window.height, self.window.width), self.order.bands)

    def halves(self) -> Sequence["WindowAsk"]:
        """Of the longer side."""
        return [replace(self, window=half) for half in halves(self.window)]

    def join(self, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """The halves side by side."""
        whole = np.empty((len(parts[0]), self.window.height, self.window.width), parts[0].dtype)
        for half, pixels in zip(self.halves(), parts, strict=True):
            place = half.window.shifted(rows=-self.window.row_start, columns=-self.window.column_start)
            whole[:, *place.slices] = pixels
        return whole


def fetch_tiles(
    client: InteractiveClient,
    order: PixelOrder,
    *,
    folder: Path,
    target_bytes: int = TARGET_BYTES,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> FetchedTiles:
    """Fetch every window of an image into a folder, unless it is there already and whole.

    Memory: about four times `target_bytes` for each request that is under way, and once more for each that came.

    Args:
        client: for interactive requests.
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
    patience = patience or Patience(at_once=_AT_ONCE)
    requests = _fetch(client, order, paths, missing, patience=patience, progress=progress)
    tiles = tuple(_tile(path, order.digest) for path in sorted(paths.values()))
    return FetchedTiles(tiles, requests, len(windows) - len(missing))


def _fetch(
    client: InteractiveClient,
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
    expression = serialised(numbers_everywhere(order.image, order.bands))
    asks = ((window, WindowAsk(expression, order, window)) for window in missing)
    report, problems, done = Report(), [], len(paths) - len(missing)
    with closing(ask_all(client, asks, patience=patience, report=report)) as answers:
        for answer in answers:
            if answer.value is None:
                problems.append(f"{paths[answer.key].name}: {answer.problem}")
                continue
            geobox = order.geobox[answer.key.slices]
            write_tile(paths[answer.key], answer.value, geobox=geobox, bands=order.bands, digest=order.digest)
            done += 1
            if progress is not None:
                progress("tiles", done, len(paths))
    if problems:
        told = _listed(sorted(problems), len(paths), report.unasked, client.session.url)
        raise TilesError(told, passes=report.passing > 0)
    return report.sent


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
