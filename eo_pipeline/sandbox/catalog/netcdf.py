"""A NetCDF series as band sources: one variable and one time step each. Not here: which variables make an image."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pyproj

from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.catalog.geotiff import checked_type
from eo_pipeline.sandbox.catalog.pyramid import Box, Pixels, Policy, read_level
from eo_pipeline.sandbox.catalog.schema import BandSpec, EntrySpec
from eo_pipeline.sandbox.catalog.stored import Decoding
from eo_pipeline.sandbox.graph.grids import Projection, Transform
from eo_pipeline.sandbox.graph.pixel_types import PixelType

_LIBRARY = threading.Lock()
"""The netCDF-C library is not thread-safe, even for different files: every access holds this lock."""

_SPACING = 1e-3
"""Fraction of a step by which a coordinate may miss its even spacing."""


@dataclass(frozen=True)
class NetcdfBand:
    """One variable of a NetCDF file at one time step.

    Attributes:
        path: the file.
        variable: its name, with dimensions (time, y, x).
        step: 0-based index in time.
        is_unsigned: True if stored integers are to be read as unsigned.
        is_flipped: True if the file's rows run south to north.
        pixel_type: type of the pixels after decoding.
        projection: native lattice, north up.
        dimensions: (width, height), pixels.
        pyramiding: how levels are made.
        decoding: how stored values become pixels.
    """

    path: Path
    variable: str
    step: int
    is_unsigned: bool
    is_flipped: bool
    pixel_type: PixelType
    projection: Projection
    dimensions: tuple[int, int]
    pyramiding: Policy
    decoding: Decoding

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """See BandSource.read. Memory is bounded by a strip of level 0.

        Raises:
            ValueError: the window leaves the level.
        """
        return read_level(self._native, self.dimensions, self.pyramiding, level, Box(x, y, width, height))

    def _native(self, box: Box) -> Pixels:
        first = self.dimensions[1] - box.y - box.height if self.is_flipped else box.y
        with _LIBRARY, netCDF4.Dataset(self.path) as file:
            variable = file.variables[self.variable]
            variable.set_auto_maskandscale(False)
            stored = np.asarray(variable[self.step, first : first + box.height, box.x : box.x + box.width])
        if self.is_flipped:
            stored = stored[::-1]
        return self.decoding.decode(stored.view(unsigned(stored.dtype)) if self.is_unsigned else stored)


@dataclass(frozen=True)
class NetcdfSeries:
    """The time steps of a NetCDF file.

    Attributes:
        times: of each step, UTC.
        bands: per step, the sources by band name.
    """

    times: Sequence[dt.datetime]
    bands: Sequence[dict[str, NetcdfBand]]


def open_netcdf_series(path: Path, entry: EntrySpec) -> NetcdfSeries:
    """Read the metadata of a series.

    Args:
        path: the NetCDF file.
        entry: the entry as written in the catalog.

    Raises:
        CatalogFileError: the file, a variable, the CRS or even spacing is missing.
    """
    try:
        with _LIBRARY, netCDF4.Dataset(path) as file:
            bands = {spec.name: _band(path, file, spec, entry) for spec in entry.bands}
            times = _times(file, entry)
    except OSError as error:
        raise _error(entry, f"a NetCDF file at {path}", str(error), "correct the path") from error
    steps = [{name: band(step) for name, band in bands.items()} for step in range(len(times))]
    return NetcdfSeries(times, steps)


def unsigned(dtype: np.dtype) -> np.dtype:
    """The unsigned integer type of the same size."""
    return np.dtype(f"{dtype.byteorder}u{dtype.itemsize}")


@dataclass(frozen=True)
class _Variable:
    """A variable of which only the time step is open: calling it gives the band of a step."""

    first: NetcdfBand

    def __call__(self, step: int) -> NetcdfBand:
        return NetcdfBand(**{**self.first.__dict__, "step": step})


def _band(path: Path, file: netCDF4.Dataset, spec: BandSpec, entry: EntrySpec) -> _Variable:
    variable = _find(file, str(spec.variable), entry)
    if len(variable.dimensions) != 3:
        raise _error(entry, f"{spec.variable} with dimensions (time, y, x)", str(variable.dimensions), "reorder it")
    _, y_name, x_name = variable.dimensions
    x, y = (np.asarray(_find(file, name, entry)[:], np.float64) for name in (x_name, y_name))
    is_unsigned = str(getattr(variable, "_Unsigned", "false")).lower() == "true"
    stored = unsigned(variable.dtype) if is_unsigned else variable.dtype
    decoding = _decoding(variable, spec, stored)
    return _Variable(
        NetcdfBand(
            path=path,
            variable=str(spec.variable),
            step=0,
            is_unsigned=is_unsigned,
            is_flipped=bool(y[0] < y[-1]),
            pixel_type=checked_type(decoding.pixel_type(stored.newbyteorder("=")), spec),
            projection=Projection(entry.crs or _crs(file, variable, entry), _transform(x, y, entry)),
            dimensions=(x.size, y.size),
            pyramiding=spec.pyramiding,
            decoding=decoding,
        )
    )


def _find(file: netCDF4.Dataset, name: str, entry: EntrySpec) -> netCDF4.Variable[Any]:
    if name not in file.variables:
        raise _error(entry, f"the variable {name}", f"only {', '.join(file.variables)}", "correct the name")
    return file.variables[name]


def _decoding(variable: netCDF4.Variable[Any], spec: BandSpec, stored: np.dtype) -> Decoding:
    scale = spec.scale if spec.scale is not None else getattr(variable, "scale_factor", None)
    offset = spec.offset if spec.offset is not None else getattr(variable, "add_offset", None)
    nodata = spec.nodata
    if nodata is None and hasattr(variable, "_FillValue"):
        nodata = float(np.asarray(variable._FillValue).astype(stored))
    return Decoding(scale, offset, nodata)


def _crs(file: netCDF4.Dataset, variable: netCDF4.Variable[Any], entry: EntrySpec) -> str:
    mapping = file.variables.get(getattr(variable, "grid_mapping", ""))
    wkt = getattr(mapping, "crs_wkt", None) or getattr(mapping, "spatial_ref", None)
    if wkt is None:
        raise _error(entry, f"a grid_mapping with crs_wkt for {variable.name}", "none", "set `crs` in the entry")
    number = pyproj.CRS.from_wkt(wkt).to_epsg()
    return f"EPSG:{number}" if number else str(wkt)


def _transform(x: np.ndarray, y: np.ndarray, entry: EntrySpec) -> Transform:
    step_x, step_y = (_step(values, entry) for values in (x, y))
    north = max(y[0], y[-1])
    return (step_x, 0.0, float(x[0] - step_x / 2), 0.0, -abs(step_y), float(north + abs(step_y) / 2))


def _step(values: np.ndarray, entry: EntrySpec) -> float:
    steps = np.diff(values)
    if steps.size == 0 or np.ptp(steps) > _SPACING * abs(steps[0]):
        raise _error(entry, "at least two evenly spaced coordinates", f"{values.tolist()[:4]}...", "regrid the file")
    return float((values[-1] - values[0]) / steps.size)


def _times(file: netCDF4.Dataset, entry: EntrySpec) -> list[dt.datetime]:
    name = entry.time or file.variables[str(entry.bands[0].variable)].dimensions[0]
    variable = _find(file, name, entry)
    if not hasattr(variable, "units"):
        raise _error(entry, f"units of the time variable {name}", "none", "name another with `time`")
    values = netCDF4.num2date(
        variable[:],
        variable.units,
        getattr(variable, "calendar", "standard"),
        only_use_cftime_datetimes=False,
        only_use_python_datetimes=True,
    )
    return [value.replace(tzinfo=dt.UTC) for value in np.atleast_1d(np.asarray(values))]


def _error(entry: EntrySpec, expected: str, got: str, advice: str) -> CatalogFileError:
    return CatalogFileError(f"{entry.field.file}: {entry.field.name}: expected {expected}, got {got}; {advice}")
