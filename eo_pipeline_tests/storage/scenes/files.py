"""A scene of random numbers as a tiled file, and how others see it on a grid. Not here: what is expected of whom."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject

from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline_tests.raster_files import write_raster

SIDE = 300
ZONE_33 = GeoBox((SIDE, SIDE), Affine(10, 0, 300_000, 0, -10, 5_340_000), "EPSG:32633")


def random_pixels(dtype: str = "uint16", *, seed: int = 1, highest: int = 10_000) -> NDArray[Any]:
    """(y, x) of a whole scene, 5 % of it 0 and a corner without values."""
    random = np.random.default_rng(seed)
    pixels = random.integers(1, highest, (SIDE, SIDE)).astype(dtype)
    pixels[random.random(pixels.shape) < 0.05] = 0
    pixels[:40, :60] = 0
    return pixels


def scene_file(path: Path, pixels: NDArray[Any], geobox: GeoBox = ZONE_33, **told: Any) -> SceneBand:
    """The file as a band whose item says its grid, type and nodata."""
    write_raster(path, geobox, pixels[None], nodata=0, tiled=True, blockxsize=128, blockysize=128, compress="deflate")
    said = {"dtype": pixels.dtype.name, "nodata": 0.0, "geobox": geobox, **told}
    return SceneBand(href=str(path), **said)


def by_warping_all(path: Path, target: GeoBox, resampling: str, scale: tuple[float, float]) -> NDArray[Any]:
    """What rasterio's warper makes of the whole file; `scale` is target pixels a source pixel.

    Columns 256 at a time, counted from the CRS's origin, and no halving of those that the file fills sparsely: the
    warper's approximation depends on where a row begins and ends.
    """
    height, width = target.shape
    first = round(target.affine.c / target.affine.a)
    outer = (first // 256 * 256, -(-(first + width) // 256) * 256)
    into = np.zeros((height, outer[1] - outer[0]), "uint16")
    for left in range(0, into.shape[1], 256):
        part = np.zeros((height, 256), "uint16")
        with rasterio.open(path) as source:
            reproject(
                rasterio.band(source, 1),
                part,
                dst_transform=target.affine @ Affine.translation(outer[0] + left - first, 0),
                dst_crs=str(target.crs),
                src_nodata=0,
                dst_nodata=0,
                resampling=Resampling[resampling],
                tolerance=0.001,
                XSCALE=scale[0],
                YSCALE=scale[1],
                SRC_FILL_RATIO_HEURISTICS="NO",
            )
        into[:, left : left + 256] = part
    return into[:, first - outer[0] : first - outer[0] + width]


def by_warped_vrt(path: str, target: GeoBox, resampling: str, scale: tuple[float, float]) -> NDArray[Any]:
    """The file as GDAL's virtual dataset of the target's pixels; for `scale` see above."""
    height, width = target.shape
    with (
        rasterio.open(path) as source,
        WarpedVRT(
            source,
            crs=str(target.crs),
            transform=target.affine,
            width=width,
            height=height,
            resampling=Resampling[resampling],
            src_nodata=0,
            nodata=0,
            tolerance=0.001,
            xscale=scale[0],
            yscale=scale[1],
        ) as seen,
    ):
        return np.asarray(seen.read(1))


def places_in(source: GeoBox, target: GeoBox) -> NDArray[np.float64]:
    """(2, y, x): column and row in the source of each of the target's centres, by pyproj."""
    height, width = target.shape
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    a, _, c, _, e, f = tuple(target.affine)[:6]
    move = Transformer.from_crs(str(target.crs), str(source.crs), always_xy=True)
    x, y = move.transform(a * columns + c, e * rows + f)
    a, _, c, _, e, f = tuple(source.affine)[:6]
    return np.stack([(x - c) / a, (y - f) / e])


def by_nearest(pixels: NDArray[Any], places: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The pixel under each place, 0 outside; and where that is certain: not within 1/200 of a pixel of an edge."""
    column, row = np.floor(places).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < pixels.shape[1]) & (row < pixels.shape[0])
    found = np.where(inside, pixels[row.clip(0, SIDE - 1), column.clip(0, SIDE - 1)], 0)
    return found, (np.abs(places - np.round(places)) > 0.005).all(axis=0)
