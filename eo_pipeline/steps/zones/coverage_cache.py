"""A folder with the pixels that zones hold on a grid, for later dates: whole or absent, read block by block.

Runs lie in plain files of numbers, one block after another; index.npz tells where. Does not belong here: what decides
whether they fit (see coverage).
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.records import Ints, Runs
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.storage.disk_space import room_for

_INDEX = "index.npz"
_RUNS: dict[str, np.dtype[Any]] = {"starts": np.dtype("<i4"), "lengths": np.dtype("<i4"), "shares": np.dtype("<f8")}
"""Files of runs, and their numbers; a block whose shares are all 1 has none in the file."""


def coverage_folder(folder: Path, key: str) -> Path:
    """Where coverage is kept under a key."""
    return folder / f"coverage-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class CoverageWriter:
    """Writes runs block by block, in the order of the blocks."""

    def __init__(self, files: dict[str, BinaryIO]) -> None:
        """Into open files, by the names of _RUNS."""
        self._files = files
        self._offsets: list[Ints] = []
        self._shared: list[bool] = []

    def add(self, runs: Runs) -> None:
        """Write the pixels of the next block."""
        self._offsets.append(runs.offsets)
        self._shared.append(bool((runs.shares != 1).any()))
        self._files["starts"].write(runs.starts.astype(_RUNS["starts"]).tobytes())
        self._files["lengths"].write(runs.lengths.astype(_RUNS["lengths"]).tobytes())
        if self._shared[-1]:
            self._files["shares"].write(runs.shares.astype(_RUNS["shares"]).tobytes())

    @property
    def offsets(self) -> Ints:
        """Offsets of the zones of all blocks into their blocks' runs."""
        return _joined(self._offsets)

    @property
    def shared(self) -> NDArray[np.bool_]:
        """(block,) True where shares were written."""
        return np.array(self._shared, np.bool_)


@contextmanager
def written_coverage(
    path: Path, key: str, blocks: tuple[Block, ...], there: NDArray[np.bool_]
) -> Iterator[CoverageWriter]:
    """Write coverage; the folder appears under its name when the body has ended well.

    Args:
        path: `coverage_folder` of the key.
        key: what decides about the coverage.
        blocks: in the order in which their runs are added.
        there: (zone,) True where a zone touches the grid.

    Raises:
        DiskFullError: there is no room.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with room_for(path, 0):
        try:
            partial.mkdir(parents=True)
            with ExitStack() as stack:
                writer = CoverageWriter({name: stack.enter_context((partial / name).open("wb")) for name in _RUNS})
                yield writer
            np.savez(
                partial / _INDEX,
                key=np.frombuffer(key.encode(), np.uint8),
                there=there,
                windows=np.array([block.bounds for block in blocks], np.int64).reshape(-1, 4),
                sizes=np.array([block.zones.size for block in blocks], np.int64),
                zones=_joined([block.zones for block in blocks]),
                closing_sizes=np.array([block.closing.size for block in blocks], np.int64),
                closing=_joined([block.closing for block in blocks]),
                offsets=writer.offsets,
                shared=writer.shared,
            )
            _put(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _put(partial: Path, path: Path) -> None:
    """Give a folder its name; another process that was quicker has written the same."""
    shutil.rmtree(path, ignore_errors=True)
    try:
        partial.rename(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def open_coverage(path: Path, key: str) -> "KeptCoverage | None":
    """The coverage in a folder, if it is there, whole, and kept under exactly this key."""
    if not (path / _INDEX).exists():
        return None
    kept = KeptCoverage(path)
    return kept if kept.key == key and kept.whole else None


class KeptCoverage:
    """Coverage in a folder; blocks are read when they are asked for, from several threads.

    Attributes:
        key: under which it was written.
        there: (zone,) True where a zone touches the grid.
        blocks: in the order of their numbers.
        whole: whether the files of runs have the size that the index tells.
    """

    def __init__(self, path: Path) -> None:
        """Read all but the pixels."""
        with np.load(path / _INDEX, allow_pickle=False) as index:
            arrays = {name: index[name] for name in index.files}
        self.key = arrays["key"].tobytes().decode()
        self.there: NDArray[np.bool_] = arrays["there"]
        zones, closing = _split(arrays["zones"], arrays["sizes"]), _split(arrays["closing"], arrays["closing_sizes"])
        self.blocks = tuple(
            Block(Rectangle(*window), *held)
            for window, *held in zip(arrays["windows"].tolist(), zones, closing, strict=True)
        )
        self._offsets = _split(arrays["offsets"], arrays["sizes"] + 1)
        runs = np.array([offsets[-1] for offsets in self._offsets], np.int64)
        self._first = np.concatenate([[0], np.cumsum(runs)])
        self._first_share = np.concatenate([[0], np.cumsum(np.where(arrays["shared"], runs, 0))])
        self._files = {name: _mapped(path / name, kind) for name, kind in _RUNS.items()}
        runs_and_shares = (self._first[-1], self._first[-1], self._first_share[-1])
        self.whole = tuple(file.size for file in self._files.values()) == runs_and_shares

    def runs(self, number: int) -> Runs:
        """The pixels of one block."""
        runs = slice(self._first[number], self._first[number + 1])
        shares = self._files["shares"][self._first_share[number] : self._first_share[number + 1]]
        starts = self._files["starts"][runs].astype(np.int64)
        return Runs(
            self._offsets[number],
            starts,
            self._files["lengths"][runs].astype(np.int64),
            np.array(shares, np.float64) if shares.size else np.ones(starts.size),
        )


def _mapped(path: Path, kind: np.dtype[Any]) -> NDArray[Any]:
    """The whole numbers of a file, read where they are used; what is empty or missing cannot be mapped."""
    many = path.stat().st_size // kind.itemsize if path.exists() else 0
    return np.memmap(path, kind, mode="r", shape=(many,)) if many else np.zeros(0, kind)


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _split(values: Ints, sizes: Ints) -> list[Ints]:
    return [values[start:stop] for start, stop in pairwise([0, *np.cumsum(sizes).tolist()])]
