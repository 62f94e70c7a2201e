"""A file with the pixels that zones hold on a grid, for later dates: whole or absent, read block by block.

It is a zip of npy arrays as numpy writes, so that other tools can open it. Does not belong here: what decides whether
it fits (see coverage).
"""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.records import Runs
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.blocks import Block
from eo_pipeline.storage.disk_space import room_for


def coverage_file(folder: Path, key: str) -> Path:
    """Where coverage is kept under a key."""
    return folder / f"coverage-{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


class CoverageWriter:
    """Writes coverage block by block."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Into an open archive."""
        self._archive = archive

    def add(self, name: str, array: NDArray[Any]) -> None:
        """Write one array."""
        with self._archive.open(f"{name}.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)

    def add_runs(self, number: int, runs: Runs) -> None:
        """Write the pixels of one block; those with share 1 need no share."""
        self.add(f"{number}_offsets", runs.offsets)
        self.add(f"{number}_starts", runs.starts.astype(np.int32))
        self.add(f"{number}_lengths", runs.lengths.astype(np.int32))
        if (runs.shares != 1).any():
            self.add(f"{number}_shares", runs.shares)


@contextmanager
def written_coverage(
    path: Path, key: str, blocks: tuple[Block, ...], there: NDArray[np.bool_]
) -> Iterator[CoverageWriter]:
    """Write coverage; the file appears under its name when the body has ended well.

    Args:
        path: `coverage_file` of the key.
        key: what decides about the coverage.
        blocks: in the order of their numbers.
        there: (zone,) True where a zone touches the grid.

    Raises:
        DiskFullError: there is no room.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with room_for(path, 0):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
                writer = CoverageWriter(archive)
                writer.add("key", np.frombuffer(key.encode(), np.uint8))
                writer.add("there", there)
                writer.add("windows", np.array([block.bounds for block in blocks], np.int64).reshape(-1, 4))
                for name in ("zones", "closing"):
                    parts = [getattr(block, name) for block in blocks]
                    writer.add(name, np.concatenate([np.zeros(0, np.int64), *parts]))
                    writer.add(f"{name}_offsets", np.cumsum([0, *(part.size for part in parts)]))
                yield writer
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


class KeptCoverage:
    """Coverage in a file; blocks are read when they are asked for, from several threads.

    Attributes:
        key: under which it was written.
        there: (zone,) True where a zone touches the grid.
        blocks: in the order of their numbers.
    """

    def __init__(self, path: Path) -> None:
        """Read all but the pixels."""
        self._arrays = np.load(path, allow_pickle=False)
        self.key = self._arrays["key"].tobytes().decode()
        self.there: NDArray[np.bool_] = self._arrays["there"]
        zones, closing = self._split("zones"), self._split("closing")
        self.blocks = tuple(
            Block(Rectangle(*window), *held)
            for window, *held in zip(self._arrays["windows"].tolist(), zones, closing, strict=True)
        )
        self._with_shares = {name for name in self._arrays.files if name.endswith("_shares")}

    def runs(self, number: int) -> Runs:
        """The pixels of one block."""
        starts = self._arrays[f"{number}_starts"].astype(np.int64)
        name = f"{number}_shares"
        return Runs(
            self._arrays[f"{number}_offsets"],
            starts,
            self._arrays[f"{number}_lengths"].astype(np.int64),
            self._arrays[name] if name in self._with_shares else np.ones(starts.size),
        )

    def _split(self, name: str) -> list[NDArray[np.int64]]:
        values = self._arrays[name]
        return [values[start:stop] for start, stop in pairwise(self._arrays[f"{name}_offsets"].tolist())]
