"""NetCDF files, opened: a variable by its address, or all that are maps.

A variable's address is `netcdf:PATH#VARIABLE`, its bands are the steps of time. What does not belong here: what is read
of a variable (`netcdf_bands`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import xarray as xr
from pyproj import CRS
from pyproj.exceptions import CRSError

from eo_pipeline.core.scenes.axes import grid_of
from eo_pipeline.core.scenes.cf_names import axis_of
from eo_pipeline.errors import SourceError
from eo_pipeline.storage.scenes.netcdf_bands import LOCK, NetcdfBands, NetcdfError

SCHEME = "netcdf:"


def netcdf_href(path: str, variable: str) -> str:
    """The address of a variable."""
    return f"{SCHEME}{quote(path)}#{quote(variable)}"


@contextmanager
def open_variable(href: str) -> Iterator[NetcdfBands]:
    """The variable at an address.

    Raises:
        NetcdfError: it cannot be read.
    """
    parts = urlsplit(href)
    name = unquote(parts.fragment)
    with _opened(unquote(parts.path)) as dataset:
        if name not in dataset:
            raise NetcdfError(f"expected a variable {name}, got {', '.join(map(str, dataset.data_vars))}")
        with LOCK:
            bands = _bands(dataset, name)
        if bands is None:
            raise NetcdfError(f"expected {name} over time, y and x, got {dict(dataset[name].sizes)}")
        yield bands


@contextmanager
def open_variables(path: str) -> Iterator[dict[str, NetcdfBands]]:
    """All variables over y and x of a file, by name.

    Raises:
        NetcdfError: it cannot be read, or has none.
    """
    with LOCK, _opened(path) as dataset:
        found = {str(name): bands for name in dataset.data_vars if (bands := _bands(dataset, str(name))) is not None}
        if not found:
            sizes = ", ".join(f"{name} {dict(variable.sizes)}" for name, variable in dataset.data_vars.items())
            raise NetcdfError(
                f"expected variables over time, y and x, got {sizes or 'none'}; cut others out of the file"
            )
        yield found


@contextmanager
def _opened(path: str) -> Iterator[xr.Dataset]:
    if not Path(path).is_file():
        raise NetcdfError("no such file")
    try:
        with LOCK:
            dataset = xr.open_dataset(path, engine="netcdf4", mask_and_scale=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise NetcdfError(_first_line(error)) from error
    try:
        yield dataset
    except (OSError, RuntimeError) as error:
        raise NetcdfError(_first_line(error)) from error
    finally:
        with LOCK:
            dataset.close()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _bands(dataset: xr.Dataset, name: str) -> NetcdfBands | None:
    variable = dataset[name]
    found = {axis_of(str(d), dataset[d].attrs if d in dataset else {}): str(d) for d in variable.dims}
    if "x" not in found or "y" not in found:
        return None
    others = {d: 0 for d in variable.dims if d not in (found["x"], found["y"], found.get("t"))}
    if any(variable.sizes[d] > 1 for d in others):
        return None
    axes = (found.get("t", ""), found["y"], found["x"])
    x, y = dataset[axes[2]], dataset[axes[1]]
    try:
        grid = grid_of(x.to_numpy(), y.to_numpy(), _crs(dataset, name, axes))
    except SourceError as error:
        raise NetcdfError(str(error)) from error
    return NetcdfBands(variable.isel(others), axes, grid)


def _crs(dataset: xr.Dataset, name: str, axes: tuple[str, str, str]) -> str:
    """WKT of the grid mapping; longitudes and latitudes without one are WGS 84's."""
    told = str(dataset[name].attrs.get("grid_mapping", "")).partition(":")[0]
    attributes = dict(dataset[told].attrs) if told in dataset else {}
    text = attributes.get("crs_wkt") or attributes.get("spatial_ref")
    try:
        if text or attributes:
            crs = CRS.from_wkt(text) if text else CRS.from_cf(attributes)
            epsg = crs.to_epsg()
            return f"EPSG:{epsg}" if epsg else crs.to_wkt()
    except CRSError as error:
        raise NetcdfError(f"expected a CRS in {told}, got {error}") from error
    units = str(dataset[axes[1]].attrs.get("units", ""))
    if axes[1].lower().startswith("lat") or units.startswith("degree"):
        return "EPSG:4326"
    raise NetcdfError(f"expected a grid mapping of {name}, got none; name the CRS in the file")
