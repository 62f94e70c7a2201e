"""The mosaic by EEDL's own function: a VRT, a deflated GeoTIFF in strips, overviews beside it.

Runs in EEDL's environment. Its release hands GDAL the pair that `tempfile.mkstemp` answers where a path belongs, and
fails; here it is given the path alone. Nothing else of it is changed.
"""

import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

from eedl import mosaic_rasters  # type: ignore[import-not-found] # only EEDL's environment has it
from osgeo import gdal  # type: ignore[import-not-found] # only EEDL's environment has it


def eedl(*, tiles: list[str], path: str) -> dict[str, int]:
    """EEDL's mosaic; gives the size of the file and of its overviews in bytes."""
    gdal.UseExceptions()
    mosaic_rasters.tempfile = SimpleNamespace(mkstemp=_path_alone)
    overviews = Path(f"{path}.ovr")
    overviews.unlink(missing_ok=True)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        mosaic_rasters.mosaic_rasters(tiles, path)
    return {"bytes": Path(path).stat().st_size, "overviews": overviews.stat().st_size}


def _path_alone(*, suffix: str, prefix: str) -> str:
    handle, path = tempfile.mkstemp(suffix=suffix, prefix=prefix)
    os.close(handle)
    return path
