"""What is given is stored, in order, and what fails is told."""

from pathlib import Path

import pytest
import zarr.storage
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from eo_pipeline.storage.cubes.write_behind import WriteBehind
from eo_pipeline.storage.scratch import Scratch

SIZE = 100_000


def held(folder: Path, key: str) -> bytes | None:
    found = sync(zarr.storage.LocalStore(str(folder)).get(key, default_buffer_prototype()))
    return None if found is None else found.to_bytes()


def test_memory_of_one_shard_is_not_touched_while_another_is_stored(tmp_path: Path) -> None:
    scratch = Scratch()
    with WriteBehind(zarr.storage.LocalStore(str(tmp_path))) as behind:
        for number in range(20):
            data = scratch.bytes(behind.room, SIZE)
            data[:] = bytes([number]) * SIZE
            behind.put(f"a/{number}", data)
        behind.put("a/3", None)
    assert [held(tmp_path, f"a/{number}") for number in range(20)] == [
        None if number == 3 else bytes([number]) * SIZE for number in range(20)
    ]


def test_a_failure_is_raised_by_the_next_call_or_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where a folder should be")
    store = zarr.storage.LocalStore(str(tmp_path))
    with pytest.raises(OSError, match="a"), WriteBehind(store) as behind:  # noqa: PT012 - the second call raises
        behind.put("a/1", memoryview(bytes(SIZE)))
        behind.put("b/1", memoryview(bytes(SIZE)))
    with pytest.raises(OSError, match="a"), WriteBehind(store) as behind:
        behind.put("a/1", memoryview(bytes(SIZE)))


def test_another_failure_is_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where a folder should be")
    with pytest.raises(KeyError), WriteBehind(zarr.storage.LocalStore(str(tmp_path))) as behind:  # noqa: PT012
        behind.put("a/1", memoryview(bytes(SIZE)))
        raise KeyError("pixels")
