"""The mosaic by EEDL's recipe: a VRT, a deflated GeoTIFF in strips, overviews beside it.

Runs in EEDL's environment. Its release has two errors. It hands GDAL the pair that `tempfile.mkstemp` answers where a
path belongs, and fails; here it is given the path alone. It builds overviews while the file is still open for writing,
which leaves them empty; here its own function makes the mosaic, and the same overviews are built when that is closed.
"""

import os
import tempfile
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from eedl import mosaic_rasters  # type: ignore[import-not-found] # only EEDL's environment has it
from osgeo import gdal  # type: ignore[import-not-found] # only EEDL's environment has it

OVERVIEWS = [2, 4, 8, 16, 32, 64, 128]
"""As EEDL asks for them."""


def eedl(*, tiles: list[str], path: str) -> dict[str, int]:
    """EEDL's mosaic; gives the size of the file and of its overviews in bytes."""
    gdal.UseExceptions()
    beside = Path(f"{path}.ovr")
    mosaic_rasters.tempfile = SimpleNamespace(mkstemp=partial(_path_alone, folder=beside.parent))
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        mosaic_rasters.mosaic_rasters(tiles, path, add_overviews=False)
    with gdal.Open(path) as dataset:
        gdal.SetConfigOption("COMPRESS_OVERVIEW", "DEFLATE")
        dataset.BuildOverviews(overviewlist=OVERVIEWS)
    return {"bytes": Path(path).stat().st_size, "overviews": beside.stat().st_size}


def _path_alone(*, suffix: str, prefix: str, folder: Path) -> str:
    """The name of a new file beside the mosaic, where nothing of it stays."""
    handle, path = tempfile.mkstemp(suffix=suffix, prefix=prefix, dir=folder)
    os.close(handle)
    return path
