"""NetCDF files: a variable is a band, a step of time a scene. What does not belong here: reading pixels."""

from datetime import UTC, datetime, timedelta

import numpy as np

from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.turning import turning_of
from eo_pipeline.sources.archives.steps import FormatError, HowToRead, Step
from eo_pipeline.storage.scenes.netcdf_bands import NetcdfBands, NetcdfError
from eo_pipeline.storage.scenes.netcdf_files import netcdf_href, open_variables


def netcdf_steps(path: str, how: HowToRead, named: datetime | None) -> list[Step]:
    """The steps of a local file.

    Args:
        path: of the file.
        how: it is read.
        named: the date in the file's name, for variables without time.

    Raises:
        FormatError: it cannot be read, or tells no time.
    """
    if "://" in path:
        raise FormatError("expected a NetCDF file on this machine, got an address; copy it to a folder")
    steps: dict[datetime, dict[str, SceneBand]] = {}
    try:
        with open_variables(path) as variables:
            for name, bands in variables.items():
                for number, instant in enumerate(_instants(name, bands, named), start=1):
                    steps.setdefault(instant, {})[name] = how.applied(name, _band(path, name, bands, number))
    except NetcdfError as error:
        raise FormatError(str(error)) from error
    return [Step(instant, bands) for instant, bands in sorted(steps.items())]


def _instants(name: str, bands: NetcdfBands, named: datetime | None) -> list[datetime]:
    times = bands.times
    if len(times) == bands.count:
        return [_instant(time) for time in times]
    if named is None or bands.count > 1:
        raise FormatError(f"expected a time for each of {bands.count} step(s) of {name}, got {len(times)}; name dates")
    return [named]


def _instant(time: np.datetime64) -> datetime:
    """To the microsecond, rounded: times in days as floats miss their second a little."""
    whole = int(time.astype("datetime64[ns]").astype("int64"))
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=round(whole / 1000))


def _band(path: str, name: str, bands: NetcdfBands, number: int) -> SceneBand:
    return SceneBand(
        href=netcdf_href(path, name),
        index=number,
        dtype=bands.dtypes[0],
        nodata=bands.nodatavals[0],
        scale=bands.scale,
        offset=bands.offset,
        is_classes="flag_values" in bands.variable.attrs or "flag_masks" in bands.variable.attrs,
        geobox=turning_of(bands.geobox).geobox,
    )
