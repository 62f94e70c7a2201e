"""What a reducer gives at very many points, whose pixels are read together. What does not belong here: regions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, groupby

import numpy as np

from eo_pipeline.sandbox.algorithms.region_values import BAND_BYTES, Lattice, inputs_of, region_values
from eo_pipeline.sandbox.graph.collections import Element, geometry_of
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.limits import reserve
from eo_pipeline.sandbox.graph.pixels import Raster, pull
from eo_pipeline.sandbox.graph.reducers import Outcome, Reducer, single

_POINTS, _BLOCK = 1000, 64
"""Points that are looked at together, and pixels a side of the blocks of the lattice in which they are read."""


def values_of_each(
    image: Image, reducer: Reducer, features: Iterable[Element], lattice: Lattice
) -> Iterator[tuple[Element, Sequence[tuple[str, str, object]]]]:
    """Every feature with what `region_values` gives for it, in order; points that follow are read together."""
    for are_points, run in groupby(features, _is_point):
        if are_points:
            for some in batched(run, _POINTS):
                places = [shape for one in some if (shape := geometry_of(one)) is not None]
                yield from zip(some, _values_at(image, reducer, places, lattice), strict=True)
            continue
        for feature in run:
            region = geometry_of(feature)
            yield feature, [] if region is None else region_values(image, reducer, region, lattice)


def _is_point(feature: Element) -> bool:
    shape = geometry_of(feature)
    return shape is not None and shape.shape.geom_type == "Point" and not shape.shape.is_empty


def _values_at(
    image: Image, reducer: Reducer, places: Sequence[Geometry], lattice: Lattice
) -> list[list[tuple[str, str, object]]]:
    """What `region_values` gives for each of some points: pixels of one block of the lattice are read together."""
    grids = [lattice.grid(place) for place in places]
    if any((grid.width, grid.height) != (1, 1) for grid in grids):
        return [region_values(image, reducer, place, lattice) for place in places]
    inverse = ~lattice.projection.affine
    corners = [inverse @ (grid.transform[2], grid.transform[5]) for grid in grids]
    pixels = np.array([(round(column), round(row)) for column, row in corners], np.int64)
    found: list[list[tuple[str, str, object]]] = [[] for _ in places]
    for block in np.unique(pixels // _BLOCK, axis=0):
        here = np.flatnonzero((pixels // _BLOCK == block).all(axis=1))
        for place, values in zip(here, _block_values(image, reducer, pixels[here], lattice), strict=True):
            found[place] = values
    return found


def _block_values(
    image: Image, reducer: Reducer, pixels: np.ndarray, lattice: Lattice
) -> list[list[tuple[str, str, object]]]:
    """The same for pixels (n, column and row) of the lattice that lie near each other."""
    (left, top), (right, bottom) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
    grid = lattice.projection.grid(left, top, right - left + 1, bottom - top + 1)
    reserve(grid.width * grid.height * BAND_BYTES * len(image.bands))
    at = (pixels[:, 1] - top, pixels[:, 0] - left)
    rasters = [
        Raster(one.data[at][None], one.mask[at][None]) for one in pull([band.pixels for band in image.bands], grid)
    ]
    outcomes = [
        (band, output, outcome)
        for band, inputs in inputs_of(image, reducer, rasters, lattice)
        for output, outcome in zip(reducer.outputs, _outcomes(reducer, inputs), strict=True)
    ]
    return [
        [(band, output, single((values[n : n + 1], valid[n : n + 1]))) for band, output, (values, valid) in outcomes]
        for n in range(len(pixels))
    ]


def _outcomes(reducer: Reducer, rasters: Sequence[Raster]) -> list[Outcome]:
    """Outputs of a reducer over one pixel (1, n) at each of n places."""
    weights = np.minimum.reduce([raster.mask.astype(np.float64) for raster in rasters])
    return reducer.run([raster.data for raster in rasters], weights, weights > 0)
