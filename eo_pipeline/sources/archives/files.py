"""Files of an archive as scenes, whatever their format. What does not belong here: one format, and choosing scenes."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath

from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.warping import outline
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.sources.archives.netcdf_files import netcdf_steps
from eo_pipeline.sources.archives.raster_files import geotiff_steps, grib_steps
from eo_pipeline.sources.archives.steps import FormatError, HowToRead, Step
from eo_pipeline.sources.listings import ListedFile

_NETCDF = (".nc", ".nc4", ".cdf", ".netcdf")
_GRIB = (".grib", ".grb", ".grib2", ".grb2", ".gb2")
_GEOTIFF = (".tif", ".tiff")
FORMATS = (*_NETCDF, *_GRIB, *_GEOTIFF)
_DEGREES = CRS("EPSG:4326")


def scenes_of(
    file: ListedFile, named: datetime | None, how: HowToRead, *, collection: str, options: Mapping[str, str]
) -> list[Scene]:
    """The scenes of a file, by time; each is of the whole file's version.

    Args:
        file: of one of FORMATS.
        named: the date in its name.
        how: it is read.
        collection: the scenes'.
        options: GDAL's.

    Raises:
        FormatError, UnreadableError: it cannot be read, or tells no time.
    """
    name = PurePosixPath(file.href.partition("?")[0]).name
    where = hashlib.sha256(file.href.encode()).hexdigest()[:8]
    return [
        Scene(
            id=f"{name} {step.instant:%Y-%m-%dT%H:%M:%SZ} {where}",
            collection=collection,
            version=file.version,
            instant=step.instant,
            footprint=outline(_grid(step), _DEGREES),
            bands=step.bands,
            aliases=step.aliases,
        )
        for step in _steps(file.href, named, how, options)
    ]


def _steps(href: str, named: datetime | None, how: HowToRead, options: Mapping[str, str]) -> list[Step]:
    ending = PurePosixPath(href.partition("?")[0].lower()).suffix
    if ending in _NETCDF:
        return netcdf_steps(href, how, named)
    return grib_steps(href, how, options) if ending in _GRIB else geotiff_steps(href, how, options, named)


def _grid(step: Step) -> GeoBox:
    grids = [band.geobox for band in step.bands.values() if band.geobox is not None]
    if len(set(grids)) != 1:
        raise FormatError(f"expected bands on one grid, got {len(set(grids))}; take the others out of the file")
    return grids[0]
