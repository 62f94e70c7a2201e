"""Raster files kept open between reads: opening costs more than a small window. Not here: what is read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rasterio
from rasterio.io import DatasetReader

_Key = tuple[Path, int, int]
"""A file as it was when it was opened: path, time of change (nanoseconds), bytes."""


class OpenRasters:
    """Files that are open and not in use; a file in use belongs to one reader alone.

    Args:
        idle: how many of them stay open, those last used.
    """

    def __init__(self, idle: int) -> None:
        self._limit = idle
        self._idle: OrderedDict[_Key, DatasetReader] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, path: Path) -> Iterator[DatasetReader]:
        """The file, open; a file that was replaced in the meantime is opened anew.

        Raises:
            OSError: it is not there, or no raster.
        """
        about = path.stat()
        key = (path, about.st_mtime_ns, about.st_size)
        with self._lock:
            file = self._idle.pop(key, None)
        if file is None:
            file = rasterio.open(path)
        yield file
        for surplus in self._kept(key, file):
            surplus.close()

    def _kept(self, key: _Key, file: DatasetReader) -> list[DatasetReader]:
        """Keeps a file; gives those that are one too many."""
        with self._lock:
            twice = self._idle.pop(key, None)
            self._idle[key] = file
            oldest = [self._idle.popitem(last=False)[1] for _ in range(len(self._idle) - self._limit)]
        return oldest if twice is None else [twice, *oldest]
