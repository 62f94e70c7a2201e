"""Pixels of a file on another grid: the part of the file around them is read at once, then warped in memory.

Columns are warped in strips that are counted from the CRS's own origin, at the source's full resolution and with one
scale: the warper's approximations depend on where a row begins and ends, and so do not depend on how a grid is cut
into windows. What does not belong here: files on the grid (`aligned`).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject
from rasterio.windows import Window

from eo_pipeline.core.mosaics.lattice import frame, part_of
from eo_pipeline.core.mosaics.plan import Placement
from eo_pipeline.core.mosaics.warping import Warp
from eo_pipeline.core.rectangles import Rectangle

_EXACTLY = 1e-3
"""Pixels of the source by which the warper may approximate where a pixel of the target comes from."""

_STRIP = 256
"""Columns that are warped together."""

_BETWEEN_LATTICES = 0.25
"""Of a pixel: grids on whole and on half pixels are both far from where it would be rounded either way."""

_KERNEL = 4
"""Pixels around a place that the widest kernel (Lanczos) uses at full resolution, and one for rounding."""

_STEPS = 65
"""Places along each side of a rectangle that are looked for in the source."""


def warp_window(
    dataset: Any,
    placement: Placement,
    warp: Warp,
    into: NDArray[Any],
    *,
    index: int,
    target: GeoBox,
    nodata: float,
    resampling: str,
) -> None:
    """Warp stored numbers.

    Args:
        dataset: open, in any CRS.
        placement: which pixels of the target the file may cover.
        warp: how the file comes onto the target.
        into: (y, x) of the target, of the file's type; where the file has values they are written.
        index: band number, from 1.
        target: the grid.
        nodata: stored number of pixels without a value.
        resampling: rasterio's name.
    """
    destination = placement.destination
    crop = source_window(GeoBox.from_rio(dataset), warp, target, destination)
    if crop is None:
        return
    stored = dataset.read(index, window=Window(crop.column_start, crop.row_start, crop.width, crop.height))
    moved = Affine.translation(warp.turn, 0) @ dataset.transform
    how = {
        "src_transform": moved @ Affine.translation(crop.column_start, crop.row_start),
        "src_crs": dataset.crs,
        "src_nodata": nodata,
        "dst_crs": str(target.crs),
        "dst_nodata": nodata,
        "resampling": Resampling[resampling],
        "init_dest_nodata": False,
        "tolerance": _EXACTLY,
        "XSCALE": 1 / warp.scale[0],  # or else GDAL derives it from each window's shape
        "YSCALE": 1 / warp.scale[1],
        "SRC_FILL_RATIO_HEURISTICS": "NO",  # or else GDAL halves windows that the file fills sparsely
    }
    for strip in _strips(target, destination):
        shared = strip.intersection(destination)
        if shared is None:
            continue
        inside = shared.shifted(rows=-strip.row_start, columns=-strip.column_start).slices
        part = np.full((strip.height, strip.width), nodata, into.dtype)
        part[inside] = into[shared.slices]
        reproject(stored, part, dst_transform=part_of(target, strip).affine, **how)
        into[shared.slices] = part[inside]


def _strips(target: GeoBox, destination: Rectangle) -> Iterator[Rectangle]:
    """Whole strips around pixels of a grid; they reach beyond it."""
    column = -(~target.affine @ (0.0, 0.0))[0]
    first = math.floor(column + _BETWEEN_LATTICES)  # of the grid, counted from the CRS's origin
    for start in range((first + destination.column_start) // _STRIP, -(-(first + destination.column_stop) // _STRIP)):
        left = start * _STRIP - first
        yield Rectangle(destination.row_start, left, destination.row_stop, left + _STRIP)


def source_window(source: GeoBox, warp: Warp, target: GeoBox, destination: Rectangle) -> Rectangle | None:
    """The source's pixels that pixels of the target may be computed from; None if there are none.

    Args:
        source: the file's grid.
        warp: how it comes onto the target.
        target: the grid.
        destination: the target's pixels.
    """
    rows = np.linspace(destination.row_start, destination.row_stop, _STEPS)
    columns = np.linspace(destination.column_start, destination.column_stop, _STEPS)
    across, down = np.meshgrid(columns, rows)
    a, b, c, d, e, f = tuple(target.affine)[:6]
    x, y = a * across + b * down + c, d * across + e * down + f
    if target.crs is None or source.crs is None:
        return None
    x, y = Transformer.from_crs(target.crs.proj, source.crs.proj, always_xy=True).transform(x, y)
    a, b, c, d, e, f = tuple(~source.affine)[:6]
    across, down = a * (x - warp.turn) + b * y + c, d * (x - warp.turn) + e * y + f
    known = np.isfinite(across) & np.isfinite(down)
    if not known.any():
        return None
    pad = math.ceil(_KERNEL * max(1.0, *warp.scale)) + _between(across, down, known)
    around = Rectangle(
        math.floor(down[known].min()) - pad,
        math.floor(across[known].min()) - pad,
        math.ceil(down[known].max()) + pad,
        math.ceil(across[known].max()) + pad,
    )
    return around.intersection(frame(source))


def _between(across: NDArray[np.float64], down: NDArray[np.float64], known: NDArray[np.bool_]) -> int:
    """Pixels by which the source's extent may exceed that of the places looked for: how curved the steps are."""
    if not known.all():
        return int(max(np.ptp(across[known]), np.ptp(down[known])))
    bends = [float(np.abs(np.diff(values, n=2, axis=axis)).max()) for values in (across, down) for axis in (0, 1)]
    return math.ceil(max(bends))
