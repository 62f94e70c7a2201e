"""A raster of float32 that looks like land, and polygons on it. Does not belong here: what is measured."""

from collections.abc import Iterator
from pathlib import Path

import geopandas
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

from benchmarks.fractals import fractal, noise

CRS = "EPSG:32633"
ID = "zone"
BLOCK = 512
PIXEL = 10.0
_CORNER = Affine(PIXEL, 0.0, 300_000.0, 0.0, -PIXEL, 5_200_000.0)
_RADIUS, _SPREAD, _LARGEST = 60.0, 0.7, 400.0
"""Of the polygons, in pixels: median, standard deviation of the logarithm, and what none exceeds."""
_HOLE, _PARTS = 7, 11
"""Every so many polygons have a hole, or two parts."""
_JITTER = 0.25
"""By how much of their distance the corners of small polygons are moved at most; they stay simple."""


def write_raster(path: Path, pixels: int, seed: int) -> Path:
    """A square of reflectances around 0.2 with NaN in one corner, stored in deflated blocks with a predictor."""
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=pixels,
        width=pixels,
        dtype="float32",
        nodata=float("nan"),
        crs=CRS,
        transform=_CORNER,
        tiled=True,
        blockxsize=BLOCK,
        blockysize=BLOCK,
        compress="deflate",
        predictor=3,
    ) as dataset:
        dataset.descriptions = ["band"]
        for start in range(0, pixels, BLOCK):
            rows, columns = slice(start, min(start + BLOCK, pixels)), slice(0, pixels)
            values = 0.2 + 0.05 * fractal(seed, pixels, rows, columns) + 0.0025 * noise(seed, rows, columns)
            values = np.round(values, 4).astype(np.float32)
            values[np.add.outer(np.arange(rows.start, rows.stop), np.arange(pixels)) < pixels // 4] = np.nan
            dataset.write(values, 1, window=Window(0, start, pixels, rows.stop - start))
    return path


def write_polygons(path: Path, pixels: int, count: int, *, seed: int = 1) -> Path:
    """Many-sided polygons of all sizes that overlap; some have holes, some two parts, some reach over the edge."""
    generator = np.random.default_rng(seed)
    shapes = [_polygon(generator, pixels, number) for number in range(count)]
    return _write(path, np.asarray(shapes, dtype=object))


def write_small_polygons(path: Path, pixels: int, across: int, *, seed: int = 2) -> Path:
    """Quadrilaterals, so many across and down, that cover the raster without gap or overlap."""
    corners = _quadrilaterals(np.random.default_rng(seed), pixels, across)
    return _write(path, np.asarray(shapely.polygons(corners), dtype=object))


def _write(path: Path, shapes: NDArray[np.object_]) -> Path:
    frame = geopandas.GeoDataFrame({ID: np.arange(1, len(shapes) + 1)}, geometry=shapes, crs=CRS)
    frame.to_file(path, driver="FlatGeobuf", SPATIAL_INDEX="NO")
    return path


def _polygon(generator: np.random.Generator, pixels: int, number: int) -> shapely.Geometry:
    radius = min(_RADIUS * np.exp(generator.normal(0, _SPREAD)), _LARGEST, pixels / 4)
    ring = _ring(generator, radius)
    parts = [(ring, [0.4 * ring[::-1]] if number % _HOLE == 0 else [])]
    if number % _PARTS == 0:
        parts.append((ring * 0.5 + (2.5 * radius, 0), []))
    shape = shapely.MultiPolygon(parts) if len(parts) > 1 else shapely.Polygon(*parts[0])
    return _placed(shape, *generator.uniform(0, pixels, 2))


def _ring(generator: np.random.Generator, radius: float) -> NDArray[np.float64]:
    """Corners (corner, xy) of a star around 0: simple whatever the radii."""
    corners = int(generator.integers(12, 60))
    turns = 2 * np.pi * (np.arange(corners) + generator.uniform(0, 0.8, corners)) / corners
    radii = radius * generator.uniform(0.7, 1.3, corners)
    return np.column_stack([radii * np.cos(turns), radii * np.sin(turns)])


def _placed(shape: shapely.Geometry, column: float, row: float) -> shapely.Geometry:
    """A shape in pixels around 0, in metres with its origin at a column and row."""
    return shapely.transform(shape, lambda points: np.column_stack(_CORNER @ (points + np.array([column, row])).T))


def _quadrilaterals(generator: np.random.Generator, pixels: int, across: int) -> NDArray[np.float64]:
    """Corners (polygon, corner, xy) in metres; those on the raster's edge stay there."""
    step = pixels / across
    columns, rows = np.meshgrid(np.arange(across + 1) * step, np.arange(across + 1) * step)
    for moved in (columns, rows):
        moved[1:-1, 1:-1] += generator.uniform(-_JITTER * step, _JITTER * step, (across - 1, across - 1))
    x, y = _CORNER @ (columns, rows)
    points = np.stack([x, y], axis=-1)
    around = points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]
    return np.stack(around, axis=2).reshape(-1, 4, 2)


def valid_pixels(path: Path) -> int:
    """Pixels of a raster that have a value."""
    return sum(int((~np.isnan(values)).sum()) for values in _bands_of_rows(path))


def _bands_of_rows(path: Path) -> Iterator[NDArray[np.float32]]:
    with rasterio.open(path) as dataset:
        for start in range(0, dataset.height, BLOCK):
            yield dataset.read(1, window=Window(0, start, dataset.width, min(BLOCK, dataset.height - start)))
