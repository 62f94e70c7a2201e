"""From segments of pixels to features. What does not belong here: statistics that stay pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from rasterio.features import shapes
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.algorithms.components import segment_outcomes
from eo_pipeline.sandbox.algorithms.reducers import count_every
from eo_pipeline.sandbox.algorithms.region_values import lattice_of
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection, Derived
from eo_pipeline.sandbox.graph.coverage import coverage
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixels import pull
from eo_pipeline.sandbox.graph.reducers import Outcome, Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.segments import EIGHT, FOUR, Segments, segments
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()

_KINDS = ("polygon", "bb", "centroid")


@FAMILY.algorithm("Image.reduceToVectors")
def reduce_to_vectors(
    image: Image,
    *,
    reducer: Reducer | None,
    geometry: Geometry | None,
    scale: float | None,
    geometry_type: str,
    eight_connected: bool,
    label_property: str | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    best_effort: bool,
    max_pixels: int,
    geometry_in_native_projection: bool,
) -> Collection:
    """A feature for each segment of the first band, with its value and the reducer's outputs over the others."""
    function = "Image.reduceToVectors"
    if geometry_type not in _KINDS:
        raise ServiceError(f"{function}: Expected geometryType {', '.join(_KINDS)}, got '{geometry_type}'.")
    lattice = lattice_of(function, image, crs, crs_transform, scale, max_pixels=max_pixels, best_effort=best_effort)
    label, others = image.bands[0], image.bands[1:]
    if not label.pixel_type.is_integer:
        raise ServiceError(f"{function}: The first band must be of an integer type to label segments.")
    region = geometry or image.footprint
    if region is None:
        raise ServiceError(f"{function}: Cannot determine the region of an unbounded image.")
    runs = _runs(reducer or count_every(), others)
    target = None if geometry_in_native_projection else WGS84

    def make() -> Iterator[Feature]:
        grid = lattice.grid(region)
        rasters = pull([label.pixels, *(band.pixels for band in others)], grid)
        inside = coverage(region, grid).centred & (rasters[0].mask > 0)
        found = segments(rasters[0].data, inside, EIGHT if eight_connected else FOUR)
        columns: dict[str, list[object]] = {}
        for one, places, names in runs:
            outcomes = segment_outcomes(one, found, [rasters[1 + place] for place in places])
            columns |= {name: _known(outcome) for name, outcome in zip(names, outcomes, strict=True)}
        labels = rasters[0].data.ravel()[found.rows * grid.width + found.first_column]
        for number, shape in enumerate(_outlines(found, grid, geometry_type, eight_connected=eight_connected)):
            values = {name: column[number] for name, column in columns.items() if column[number] is not None}
            named = {} if label_property is None else {label_property: labels[number].item()}
            outline = Geometry(shape, grid.crs)
            place = outline if target is None else Geometry(outline.to(target), target)
            yield Feature(place, {"system:index": str(number), **named, **values})

    return Collection(Derived(make), "Feature")


def _runs(reducer: Reducer, bands: Sequence[Band]) -> list[tuple[Reducer, list[int], list[str]]]:
    """Which reducer runs on which bands (by position), and what its outputs are called.

    Raises:
        ServiceError: the numbers of inputs and bands do not fit.
    """
    if reducer.inputs == len(bands):
        return [(reducer, list(range(len(bands))), list(reducer.outputs))]
    if reducer.inputs != 1 or not bands:
        raise ServiceError(
            f"Image.reduceToVectors: Need {reducer.inputs + 1} bands for this reducer, the image has {len(bands) + 1}."
        )
    several = len(reducer.outputs) > 1
    return [
        (reducer, [place], [f"{band.id}_{output}" if several else band.id for output in reducer.outputs])
        for place, band in enumerate(bands)
    ]


def _known(outcome: Outcome) -> list[object]:
    """The values of an outcome as plain Python, None where it has none."""
    values, valid = outcome
    return [value if known else None for value, known in zip(values.tolist(), valid.tolist(), strict=True)]


def _outlines(found: Segments, grid: Grid, kind: str, *, eight_connected: bool) -> Iterator[BaseGeometry]:
    """One shape for each segment in the CRS of the grid: its pixels, their bounds, or their centre."""
    if kind == "bb":
        return _bounds(found, grid)
    return _centroids(found, grid) if kind == "centroid" else _polygons(found, grid, eight_connected=eight_connected)


def _bounds(found: Segments, grid: Grid) -> Iterator[BaseGeometry]:
    edges = zip(found.columns, found.rows, found.last_columns + 1, found.last_rows + 1, strict=True)
    for left, top, right, bottom in edges:
        corners = ((left, bottom), (right, bottom), (right, top), (left, top))
        yield shapely.Polygon([grid.affine @ corner for corner in corners])


def _centroids(found: Segments, grid: Grid) -> Iterator[BaseGeometry]:
    rows, columns = np.nonzero(found.numbers >= 0)
    numbers = found.numbers[rows, columns]
    across = np.bincount(numbers, columns + 0.5) / found.sizes
    down = np.bincount(numbers, rows + 0.5) / found.sizes
    for place in zip(across, down, strict=True):
        yield shapely.Point(grid.affine @ place)


def _polygons(found: Segments, grid: Grid, *, eight_connected: bool) -> Iterator[BaseGeometry]:
    """The union of the pixels of each segment; corners that only touch make it a multi-polygon."""
    inside = found.numbers >= 0
    pieces = shapes(
        found.numbers.astype(np.int32), mask=inside, connectivity=8 if eight_connected else 4, transform=grid.affine
    )
    parts: dict[int, list[BaseGeometry]] = {}
    for body, number in pieces:
        parts.setdefault(int(number), []).append(shapely.make_valid(shapely.geometry.shape(body)))
    for number in range(len(found.sizes)):
        yield shapely.union_all(parts[number])
