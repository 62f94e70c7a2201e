"""A file that is not what was written does not pass."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs import write_cog as module
from eo_pipeline.storage.cogs.layout import Layout
from eo_pipeline.storage.cogs.part_files import PartFiles
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.whole_file import assemble, check_whole
from eo_pipeline_tests.raster_files import grid
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of

SPEC = CogSpec(grid(60, 60), bands_of("uint16", 1), {}, "zstd", block=16)
PIXELS = np.random.default_rng(0).integers(1, 2**16, (1, 60, 60)).astype("uint16")


def flipped(at: int) -> Callable[[bytes], bytes]:
    def flip(data: bytes) -> bytes:
        broken = bytearray(data)
        broken[at] ^= 1
        return bytes(broken)

    return flip


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (flipped(-100), "other bytes in level 0, block row 3, column 3"),
        (flipped(-1), "other bytes in level 0, block row 3, column 3"),
        (lambda data: data[:-50], "other bytes in level 0, block row 3, column 3"),
        (lambda data: data[:3000] + bytes(len(data) - 3000), "other bytes in level"),
    ],
)
def test_a_byte_that_changed_on_the_way_to_disk_is_found_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[bytes], bytes], words: str
) -> None:
    def spoiled(path: Path, part: PartFiles, layout: Layout, *, threads: int) -> None:
        assemble(path, part, layout, threads=threads)
        path.write_bytes(spoil(path.read_bytes()))

    monkeypatch.setattr(module, "assemble", spoiled)
    with pytest.raises(StorageError, match=f"to read back as it was written, got {words}"):
        module.write_cog(tmp_path / "c.tif", SPEC, ArraySource(PIXELS), threads=2, max_memory_mb=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (dataclasses.replace(SPEC, geobox=grid(60, 61)), r"\(60, 60\).* instead of .*\(60, 61\)"),
        (dataclasses.replace(SPEC, bands=bands_of("uint8", 1)), r"'uint16'.* instead of .*'uint8'"),
    ],
)
def test_a_header_that_says_something_else_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: CogSpec, words: str
) -> None:
    monkeypatch.setattr(
        module, "check_whole", lambda path, _, tables, threads: check_whole(path, wrong, tables, threads=threads)
    )
    with pytest.raises(StorageError, match=words):
        module.write_cog(tmp_path / "c.tif", SPEC, ArraySource(PIXELS), threads=2, max_memory_mb=1)
