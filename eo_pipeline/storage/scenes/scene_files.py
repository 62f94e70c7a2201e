"""One file of a scene, opened for one thread, with GDAL's failures in words.

What does not belong here: which pixels (`aligned`, `warped`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import rasterio

from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.rasters import GDAL_ERRORS
from eo_pipeline.storage.scenes.gdal_settings import gdal_path
from eo_pipeline.storage.scenes.netcdf_bands import NetcdfError
from eo_pipeline.storage.scenes.netcdf_files import SCHEME, open_variable


class UnreadableError(Exception):
    """A scene's file cannot be read: its address, and GDAL's words. Becomes a value with its scene."""


@contextmanager
def opened(band: SceneBand, options: Mapping[str, str], **how: Any) -> Iterator[Any]:
    """The dataset of a band's file.

    Args:
        band: whose file.
        options: GDAL's, in force while it is open.
        how: options of the driver.

    Raises:
        UnreadableError: it cannot be opened or read, has no CRS or not this band.
    """
    if band.href.startswith(SCHEME):
        with _open_netcdf(band) as variable:
            yield variable
        return
    try:
        with rasterio.Env(**options), rasterio.open(gdal_path(band.href), **how) as dataset:
            if dataset.crs is None or band.index > dataset.count:
                raise UnreadableError(
                    f"{band.href}: expected a CRS and band {band.index}, got {dataset.crs} and {dataset.count} band(s)"
                )
            yield dataset
    except GDAL_ERRORS as error:
        raise UnreadableError(f"{band.href}: {error.__cause__ or error}") from error
    except (StorageError, OSError) as error:
        raise UnreadableError(f"{band.href}: {error}") from error


@contextmanager
def _open_netcdf(band: SceneBand) -> Iterator[Any]:
    try:
        with open_variable(band.href) as variable:
            if band.index > variable.count:
                raise UnreadableError(f"{band.href}: expected {band.index} steps of time, got {variable.count}")
            yield variable
    except NetcdfError as error:
        raise UnreadableError(f"{band.href}: {error}") from error
