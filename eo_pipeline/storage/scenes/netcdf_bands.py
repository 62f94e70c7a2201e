"""A variable of a NetCDF file, read as a band of rasterio's datasets is; xarray reads the file.

Numbers stay as they are stored, but that those declared unsigned are so. What does not belong here: opening files
(`netcdf_files`), packing, and turning grids (`turned`).
"""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.windows import Window

from eo_pipeline.core.scenes.cf_names import axis_of


class NetcdfError(Exception):
    """A file or variable cannot be read: in words."""


LOCK = threading.RLock()
"""Held while the library is used: it must not be by two threads at once, and xarray's own locks leave gaps."""


@dataclass(frozen=True)
class NetcdfBands:
    """A variable over time, y and x, open.

    Attributes:
        variable: xarray's, lazy, nothing of it decoded but time.
        axes: names of the dimensions: time ("" if there is none), y, x.
        geobox: as the file lists its rows and columns.
    """

    variable: xr.DataArray
    axes: tuple[str, str, str]
    geobox: GeoBox

    @property
    def crs(self) -> str:
        """As text that rasterio reads."""
        return str(self.geobox.crs)

    @property
    def transform(self) -> Any:
        """Affine of the rows and columns as the file lists them."""
        return self.geobox.affine

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        height, width = self.geobox.shape
        return height, width

    @property
    def count(self) -> int:
        """Steps of time."""
        return int(self.variable.sizes[self.axes[0]]) if self.axes[0] else 1

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Of each band."""
        return (self._dtype.name,) * self.count

    @property
    def nodatavals(self) -> tuple[float | None, ...]:
        """The number of pixels without a value, of each band; NaN of floats that declare none."""
        return (self._nodata,) * self.count

    @property
    def scale(self) -> float:
        """CF's scale_factor."""
        return float(self.variable.attrs.get("scale_factor", 1.0))

    @property
    def offset(self) -> float:
        """CF's add_offset."""
        return float(self.variable.attrs.get("add_offset", 0.0))

    @property
    def times(self) -> tuple[np.datetime64, ...]:
        """Of each band; empty if the variable has no time.

        Raises:
            NetcdfError: of a calendar that is not ours.
        """
        named = self.axes[0] or next(
            (str(n) for n, c in self.variable.coords.items() if axis_of(str(n), c.attrs) == "t"), ""
        )
        if not named or named not in self.variable.coords:
            return ()
        values = np.atleast_1d(self.variable[named].to_numpy())
        if values.dtype.kind != "M":
            raise NetcdfError(f"expected time in days of the standard calendar, got {values[:1]}")
        return tuple(values)

    def read(self, index: int, *, window: Window) -> NDArray[Any]:
        """Stored numbers (y, x) of a window in the file's own rows and columns."""
        time, y, x = self.axes
        rows = slice(window.row_off, window.row_off + window.height)
        columns = slice(window.col_off, window.col_off + window.width)
        at = {time: index - 1} if time else {}
        with LOCK:
            stored = self.variable.isel({**at, y: rows, x: columns}).transpose(y, x).to_numpy()
        stored = np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("="))).view(self._dtype)
        nodata = self._nodata
        if stored.dtype.kind == "f" and nodata is not None and not np.isnan(nodata):
            stored = np.where(np.isnan(stored), stored.dtype.type(nodata), stored)
        return stored

    @property
    def _dtype(self) -> np.dtype[Any]:
        stored = self.variable.dtype.newbyteorder("=")
        is_unsigned = str(self.variable.attrs.get("_Unsigned", "")).lower() == "true" and stored.kind == "i"
        return np.dtype(f"u{stored.itemsize}") if is_unsigned else stored

    @property
    def _nodata(self) -> float | None:
        told = self.variable.attrs.get("_FillValue", self.variable.attrs.get("missing_value"))
        if told is None:
            return float("nan") if self._dtype.kind == "f" else None
        return float(np.asarray(told).astype(self.variable.dtype.newbyteorder("=")).ravel()[:1].view(self._dtype)[0])
