"""GeoTIFFs on one lattice as one raster. What does not belong here: where the files come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

from eo_pipeline.sandbox.catalog.geotiff import crs_code
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid, Projection

_PART = 1e-3
"""Fraction of a pixel by which files may be off their common lattice."""


@dataclass(frozen=True)
class Placed:
    """A file on the mosaic's lattice."""

    path: Path
    column: int
    """Of its first pixel in the mosaic."""
    row: int
    width: int
    height: int


@dataclass(frozen=True)
class Mosaic:
    """Files that hold the same bands."""

    grid: Grid
    """Covers all files."""
    dtypes: tuple[np.dtype, ...]
    """By band."""
    files: tuple[Placed, ...]
    """Later ones lie above."""


@dataclass(frozen=True)
class MosaicBand:
    """One band of a mosaic."""

    mosaic: Mosaic
    index: int
    """From 0."""
    missing: tuple[float, ...] | None
    """Stored values that are masked; None: as the files say."""

    @property
    def dtype(self) -> np.dtype:
        """Of the stored values."""
        return self.mosaic.dtypes[self.index]

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Stored values (row, column) of a window of the mosaic, and their mask, True where valid; NaN is not."""
        shape = (window.height, window.width)
        data, mask = np.zeros(shape, self.dtype), np.zeros(shape, bool)
        for file in self.mosaic.files:
            self._lay(file, window, data, mask)
        return data, mask

    def _lay(self, file: Placed, window: Window, data: np.ndarray, mask: np.ndarray) -> None:
        """Put a file's valid pixels above what is there."""
        left, top = max(file.column, window.col_off), max(file.row, window.row_off)
        right = min(file.column + file.width, window.col_off + window.width)
        bottom = min(file.row + file.height, window.row_off + window.height)
        if right <= left or bottom <= top:
            return
        found, valid = self._stored(file, Window(left - file.column, top - file.row, right - left, bottom - top))
        here = np.s_[top - window.row_off : bottom - window.row_off, left - window.col_off : right - window.col_off]
        data[here] = np.where(valid, found, data[here])
        mask[here] |= valid

    def _stored(self, file: Placed, window: Window) -> tuple[np.ndarray, np.ndarray]:
        with rasterio.open(file.path, driver="GTiff") as dataset:
            found: np.ndarray = dataset.read(self.index + 1, window=window)
            if self.missing is None:
                valid = dataset.read_masks(self.index + 1, window=window) > 0
            else:
                valid = ~np.isin(found, self.missing)
        return found, valid & ~np.isnan(found) if found.dtype.kind == "f" else valid


def open_mosaic(paths: Sequence[Path], crs: str | None) -> Mosaic:
    """Read the metadata of files.

    Args:
        paths: At least one file.
        crs: In place of that of the files.

    Raises:
        ServiceError: A file is no GeoTIFF, or has no CRS, or the files do not share bands, types, CRS and lattice.
    """
    headers = [_header(path, crs) for path in paths]
    first, dtypes = headers[0]
    if any((grid.crs, kinds) != (first.crs, dtypes) for grid, kinds in headers):
        raise ServiceError("All sources of a tileset must have the same bands, data types and projection.")
    corners = [_corner(first.projection, grid) for grid, _ in headers]
    left, top = min(column for column, _ in corners), min(row for _, row in corners)
    files = tuple(
        Placed(path, column - left, row - top, grid.width, grid.height)
        for path, (column, row), (grid, _) in zip(paths, corners, headers, strict=True)
    )
    width, height = max(file.column + file.width for file in files), max(file.row + file.height for file in files)
    return Mosaic(first.projection.grid(left, top, width, height), dtypes, files)


def _header(path: Path, crs: str | None) -> tuple[Grid, tuple[np.dtype, ...]]:
    try:
        with rasterio.open(path, driver="GTiff") as file:
            code, kinds = crs or crs_code(file.crs), tuple(np.dtype(name) for name in file.dtypes)
            transform, width, height = file.transform, file.width, file.height
    except (rasterio.errors.RasterioIOError, TypeError) as error:
        raise ServiceError("Source file is not a valid GeoTIFF.") from error
    if code is None:
        raise ServiceError("Unable to determine the projection of the source file; specify a crs.")
    if any(kind.kind not in "iuf" for kind in kinds):
        raise ServiceError(f"Source file has a data type that is not supported: {kinds[0].name}.")
    a, b, c, d, e, f = tuple(transform)[:6]
    return Grid(code, (a, b, c, d, e, f), width, height), kinds


def _corner(lattice: Projection, grid: Grid) -> tuple[int, int]:
    """(column, row) of a grid's first pixel on a lattice."""
    column, row = ~lattice.affine @ (grid.transform[2], grid.transform[5])
    right, bottom = ~lattice.affine @ (grid.affine @ (grid.width, grid.height))
    off = (column - round(column), row - round(row), right - column - grid.width, bottom - row - grid.height)
    if max(map(abs, off)) > _PART:
        raise ServiceError("All sources of a tileset must lie on one grid: same pixel size, whole pixels apart.")
    return round(column), round(row)
