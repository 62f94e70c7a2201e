"""Files of archives, written by xarray and rasterio. What does not belong here: expectations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from affine import Affine
from numpy.typing import ArrayLike, NDArray

from eo_pipeline.core.periods import Period

PACKED = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 273.15, "_FillValue": -32768}


def period(start: str, end: str) -> Period:
    return Period(
        datetime.fromisoformat(start).replace(tzinfo=UTC), datetime.fromisoformat(end).replace(tzinfo=UTC), start
    )


def temperatures(times: int, rows: int, columns: int, *, seed: int = 0) -> NDArray[np.float64]:
    """Kelvins with two digits; a tenth is missing."""
    random = np.random.default_rng(seed)
    values = np.round(random.uniform(240, 310, (times, rows, columns)), 2)
    values[random.random(values.shape) < 0.1] = np.nan
    return values


def netcdf(
    path: Path, values: NDArray[Any], *, lat: ArrayLike, lon: ArrayLike, start: str = "2020-01-01",
    names: tuple[str, str, str] = ("time", "latitude", "longitude"), encoding: dict[str, Any] | None = None,
    kind: str = "f8",
) -> Path:  # fmt: skip
    """A variable `t2m` in K over daily steps."""
    coords = {
        names[0]: np.datetime64(start, "ns") + np.arange(len(values)) * np.timedelta64(1, "D"),
        names[1]: (names[1], np.asarray(lat, kind), {"units": "degrees_north"}),
        names[2]: (names[2], np.asarray(lon, kind), {"units": "degrees_east"}),
    }  # fmt: skip
    dataset = xr.Dataset({"t2m": (names, values, {"units": "K"})}, coords)
    dataset.to_netcdf(path, engine="netcdf4", encoding={"t2m": encoding or {}})
    return path


def grib(path: Path, values: NDArray[Any], *, north: float, west: float, step: float, hours: Sequence[int]) -> Path:
    """2 m temperatures in K of hours of 2019-03-01, a message an hour, by GDAL."""
    scratch = path.with_suffix(".tif")
    count, height, width = values.shape
    with rasterio.open(
        scratch, "w", driver="GTiff", height=height, width=width, count=count, dtype="float32", crs="EPSG:4326",
        transform=Affine(step, 0, west, 0, -step, north),
    ) as dataset:  # fmt: skip
        dataset.write(values.astype("f4"))
        for number, hour in enumerate(hours, start=1):
            at = str(1551398400 + hour * 3600)
            dataset.update_tags(
                number, GRIB_REF_TIME=at, GRIB_VALID_TIME=at, GRIB_FORECAST_SECONDS="0", GRIB_PDS_PDTN="0",
                GRIB_PDS_TEMPLATE_NUMBERS="0 0 2 0 0 0 0 0 1 0 0 0 0 103 0 0 0 0 2 255 255 255 255 255 255",
                GRIB_DISCIPLINE="0(Meteorological)",
                GRIB_IDS=f"CENTER=98(ECMWF) REF_TIME=2019-03-01T{hour:02}:00:00Z",
            )  # fmt: skip
    with rasterio.Env(GRIB_NORMALIZE_UNITS="NO"):
        rasterio.shutil.copy(scratch, path, driver="GRIB", DATA_ENCODING="IEEE_FLOATING_POINT", INPUT_UNIT="K")
    scratch.unlink()
    return path
