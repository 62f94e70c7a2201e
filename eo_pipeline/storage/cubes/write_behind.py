"""Storing a shard while the next one is encoded. What does not belong here: encoding (`shard_encoding`)."""

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np
from icechunk import IcechunkStore
from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import LocalStore

_KEPT = 64 * 1024
"""Bytes up to which a repository may hold what is stored in its manifests; Icechunk's own limit is 512."""

_ROOMS = ("shard", "shard behind")


class WriteBehind:
    """Stores what it is given, one shard at a time, in a thread of its own; all is stored when the block ends well.

    What a store fails with is raised by the next call, or at the end of the block.

    Args:
        store: of a cube; kept under that name.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None
        self._puts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._pool:
            if kind is None:
                self._wait()

    @property
    def room(self) -> str:
        """Name of the scratch memory that the next shard may be encoded in: nothing in it is still to be stored."""
        return _ROOMS[self._puts % len(_ROOMS)]

    def put(self, key: str, data: memoryview | None) -> None:
        """Store a shard's bytes, which lie in `room`, or take away what is stored there."""
        self._wait()
        self._last = self._pool.submit(put, self.store, key, data)
        self._puts += 1

    def _wait(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            last.result()


def put(store: Store, key: str, data: memoryview | None) -> None:
    """Store bytes that change when this returns, or take away what is stored.

    Small ones are kept by Icechunk in its session as they are given, all by stores in memory: those get a copy.
    """
    if data is None:
        sync(store.delete(key))
        return
    is_written = isinstance(store, IcechunkStore | LocalStore) and len(data) > _KEPT
    buffer = default_buffer_prototype().buffer
    sync(store.set(key, buffer.from_array_like(np.frombuffer(data if is_written else bytes(data), np.uint8))))
