"""A write that finds no room, or no permission, says how much was to be written where."""

import errno
import os
from pathlib import Path

import pytest

from eo_pipeline.errors import DiskFullError, StorageError
from eo_pipeline.storage.disk_space import room_for


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_told_with_how_much_and_where(tmp_path: Path, number: int) -> None:
    target = tmp_path / "not" / "made" / "tile.tif"
    message = rf"expected room for 1\.500 MB at {target}, got: {os.strerror(number)} \([0-9.]+ MB are free\); free some"
    with pytest.raises(DiskFullError, match=message), room_for(target, 1_500_000):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_no_permission_is_told(tmp_path: Path, number: int) -> None:
    message = rf"expected to write {tmp_path}, got: {os.strerror(number)}; let this account write there or set EO_ROOT"
    with pytest.raises(StorageError, match=message), room_for(tmp_path, 1):
        raise OSError(number, os.strerror(number))


def test_another_failure_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), room_for(tmp_path, 1):
        tmp_path.write_bytes(b"x")
