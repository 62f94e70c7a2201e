"""GeoTIFF files and how masked pixels look in them. What does not belong here: which pixels."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.crs import CRS
from rasterio.io import DatasetWriter

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image

_NAMES = {"uint8": "Byte", "float32": "Float32", "float64": "Float64"}


@dataclass(frozen=True)
class Layout:
    """What all files of one raster have in common."""

    band_ids: tuple[str, ...]
    dtype: np.dtype
    """Of every band."""
    no_data: float | None
    """The nodata tag; None: no tag."""
    fill: float
    """Value under the mask."""


def storable(dtype: np.dtype) -> np.dtype:
    """The dtype a GeoTIFF of the service has for a band's dtype: 64-bit integers become doubles."""
    return np.dtype("f8") if dtype == np.dtype("i8") else dtype


def common_dtype(image: Image) -> np.dtype:
    """The one dtype of an export's bands.

    Raises:
        ServiceError: The bands have several.
    """
    if not image.bands:
        raise ServiceError("Exported image must have at least one band.")
    found = {storable(band.pixel_type.dtype) for band in image.bands}
    if len(found) > 1:
        kinds = " and ".join(sorted(gdal_name(dtype) for dtype in found))
        raise ServiceError(f"Exported bands must have compatible data types; found inconsistent types: {kinds}.")
    return found.pop()


def gdal_name(dtype: np.dtype) -> str:
    """A dtype in GDAL's words, e.g. `UInt16`."""
    return _NAMES.get(dtype.name) or dtype.name.replace("uint", "UInt").replace("int", "Int", 1)


def masked_fill(dtype: np.dtype, *, no_data: float | None, integer_fill: int) -> float:
    """The value under the mask: noData if named, else NaN for floats and the setting's for integers.

    Raises:
        ServiceError: noData does not fit an integer dtype.
    """
    if no_data is None:
        return math.nan if dtype.kind == "f" else integer_fill
    if dtype.kind != "f" and not _holds(dtype, no_data):
        raise ServiceError(f"The noData value {no_data:g} cannot be represented in the data type {gdal_name(dtype)}.")
    return no_data


def _holds(dtype: np.dtype, value: float) -> bool:
    limits = np.iinfo(dtype)
    return value == math.floor(value) and limits.min <= value <= limits.max if math.isfinite(value) else False


def filled(data: np.ndarray, mask: np.ndarray, layout: Layout) -> np.ndarray:
    """Data (row, column) with the fill where the mask is 0, in the layout's dtype."""
    return np.where(mask != 0, data, np.asarray(layout.fill, layout.dtype)).astype(layout.dtype)


@contextmanager
def new_geotiff(path: Path, grid: Grid, layout: Layout) -> Iterator[DatasetWriter]:
    """A tiled, compressed GeoTIFF open for writing."""
    with rasterio.open(path, "w", **geotiff_profile(grid, layout)) as dataset:
        for number, band_id in enumerate(layout.band_ids, start=1):
            dataset.set_band_description(number, band_id)
        yield dataset


def geotiff_profile(grid: Grid, layout: Layout) -> dict[str, object]:
    """What rasterio needs to create the GeoTIFF."""
    return {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": len(layout.band_ids),
        "dtype": layout.dtype.name,
        "crs": CRS.from_user_input(grid.crs),
        "transform": grid.affine,
        "nodata": layout.no_data,
        "compress": "lzw",
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "interleave": "pixel",
        "BIGTIFF": "IF_SAFER",
    }


def optimise(path: Path) -> None:
    """Turn a GeoTIFF into a cloud-optimised one of the same pixels."""
    draft = path.with_suffix(".cog")
    rasterio.shutil.copy(path, draft, driver="COG", compress="LZW", blocksize=256, overview_resampling="nearest")
    draft.replace(path)
