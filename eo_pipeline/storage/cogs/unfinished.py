"""A COG appears under its name only when it is whole. What does not belong here: how it is written."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from eo_pipeline.errors import DiskFullError, StorageError
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.disk_space import is_disk_full
from eo_pipeline.storage.rasters import GDAL_ERRORS

WHOLE = "whole.tif"


@contextmanager
def complete_or_absent(path: Path, spec: CogSpec) -> Iterator[Path]:
    """A folder to write WHOLE in, which becomes `path` if the body ends well; the folder is removed in any case.

    Raises:
        DiskFullError: no space left; nothing stays behind.
        StorageError: the file could not be written; nothing stays behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as name:
        folder = Path(name)
        try:
            yield folder
        except (*GDAL_ERRORS, OSError) as error:
            if is_disk_full(error, folder):
                raise _disk_full_error(path, spec, free, error) from error
            raise StorageError(f"expected to write {path}, got: {error.__cause__ or error}; nothing stays") from error
        (folder / WHOLE).replace(path)


def _disk_full_error(path: Path, spec: CogSpec, free: int, error: Exception) -> DiskFullError:
    height, width = spec.geobox.shape
    return DiskFullError(
        f"expected room for {path.name} in {path.parent}: up to {height * width * spec.pixel_bytes * 8 / 3 / 1e6:.1f} "
        "MB while it is written (temporary and final pixels with overviews, before compression), got a full disk, with "
        f"{free / 1e6:.1f} MB free at the start ({error}); free space there or choose another folder"
    )
