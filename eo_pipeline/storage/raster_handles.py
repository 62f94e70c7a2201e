"""Many rasters read by several threads, each thread through datasets of its own, of which few are open at once.

GDAL's datasets are not to be shared between threads. Does not belong here: which pixels are wanted.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.raw_blocks import RawBlocks
from eo_pipeline.storage.decoded_blocks import read_blocks
from eo_pipeline.storage.rasters import GDAL_ERRORS, unreadable
from eo_pipeline.storage.scratch import Scratch
from eo_pipeline.storage.warped_rasters import WarpedRaster, open_warped

_OPEN = 32
"""Files that one thread keeps open: tiles that overlap are read in turns, piece by piece."""

_CHECKED = 1024
"""Pixels a side of the windows that a raster is checked by."""


@dataclass
class _Own:
    """What one thread has open, what was used last at the end."""

    opened: OrderedDict[Hashable, tuple[Any, ExitStack]] = field(default_factory=OrderedDict)

    def get(self, key: Hashable, enter: Callable[[ExitStack], Any]) -> Any:
        """What `enter` opened for the key, now or before."""
        if key not in self.opened:
            with ExitStack() as stack:
                self.opened[key] = enter(stack), stack.pop_all()
            if len(self.opened) > _OPEN:
                self.opened.popitem(last=False)[1][1].close()
        self.opened.move_to_end(key)
        return self.opened[key][0]

    def close(self) -> None:
        """Let go of everything."""
        for _, stack in self.opened.values():
            stack.close()
        self.opened.clear()


class RasterHandles:
    """Reads windows of any number of rasters; to be closed when no thread reads any more."""

    def __init__(self) -> None:
        self._local, self._scratch = threading.local(), Scratch()
        self._all: list[_Own] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for own in self._all:
            own.close()

    def read(self, raster: Path | WarpedRaster, rectangle: Rectangle, bands: Sequence[int], into: NDArray[Any]) -> None:
        """Read stored numbers of a rectangle that lies inside the raster.

        Args:
            raster: a local one, or as it looks on another grid.
            rectangle: its own rows and columns.
            bands: numbers counted from 1.
            into: (band, y, x) of the rectangle's size and the raster's dtype; need not be contiguous.

        Raises:
            TilesError: these pixels cannot be read; names the file.
        """
        window = Window(rectangle.column_start, rectangle.row_start, rectangle.width, rectangle.height)
        try:
            if isinstance(raster, Path) and read_blocks(self.raw_blocks(raster), rectangle, bands, into, self._scratch):
                return
            self._dataset(raster).read(list(bands), window=window, out=into)
        except (*GDAL_ERRORS, StorageError, OSError) as error:
            raise unreadable(raster.path if isinstance(raster, WarpedRaster) else raster, error) from error

    def mask(self, path: Path, rectangle: Rectangle) -> NDArray[np.bool_]:
        """True (y, x) where a raster's own mask says that a rectangle's pixels have a value.

        Raises:
            TilesError: it cannot be read; names the file.
        """
        window = Window(rectangle.column_start, rectangle.row_start, rectangle.width, rectangle.height)
        try:
            return np.asarray(self._dataset(path).dataset_mask(window=window) > 0)
        except GDAL_ERRORS as error:
            raise unreadable(path, error) from error

    def check(self, path: Path, header: RasterHeader) -> None:
        """Read all of a raster once.

        Raises:
            TilesError: some of it cannot be read; names the file.
        """
        (height, width), bands = header.geobox.shape, range(1, header.count + 1)
        for window in windows(height=height, width=width, rows=_CHECKED, columns=_CHECKED):
            self.read(path, window, bands, np.empty((header.count, window.height, window.width), header.dtype))

    def raw_blocks(self, path: Path) -> RawBlocks:
        """The compressed blocks of a local file, for the calling thread; OSError if it cannot be opened."""
        blocks: RawBlocks = self._own().get(("raw", path), lambda stack: stack.enter_context(RawBlocks(path)))
        return blocks

    def _dataset(self, raster: Path | WarpedRaster) -> Any:
        return self._own().get(raster, partial(_open, raster))

    def _own(self) -> _Own:
        own: _Own | None = getattr(self._local, "own", None)
        if own is None:
            own = self._local.own = _Own()
            with self._lock:
                self._all.append(own)
        return own


def _open(raster: Path | WarpedRaster, stack: ExitStack) -> Any:
    """The dataset; the stack closes it and all below it.

    A dataset that finds no environment in its thread makes one, and could be closed in that thread only.
    """
    with rasterio.Env():
        if isinstance(raster, Path):
            return stack.enter_context(rasterio.open(raster))
        return stack.enter_context(open_warped(stack.enter_context(rasterio.open(raster.path)), raster))
