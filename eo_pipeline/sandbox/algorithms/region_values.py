"""What a reducer gives over the pixels of one region, and on which lattice. What does not belong here: wire names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.algorithms.projections import chosen_lattice
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coverage import Coverage, coverage
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Grid, Projection
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.limits import each, reserve
from eo_pipeline.sandbox.graph.pixels import Raster, pull
from eo_pipeline.sandbox.graph.reducers import Reducer, single

LEAST_COVERAGE = 0.005
"""Part of a pixel's area that has to lie in a region for weighted reducers to see it."""


_PIXEL_BYTES = 43
"""Bytes a pixel of a region takes while it is reduced: coverage, choice, weights and one sample."""

BAND_BYTES = 2
"""Bytes a pixel of a band and its mask take at least."""


@dataclass(frozen=True)
class Lattice:
    """How a region is cut into pixels, as the arguments say.

    Attributes:
        projection: the lattice.
        max_pixels: pixels that may be read, or None.
        best_effort: read coarser pixels rather than refuse.
        function: whose errors these are.
    """

    projection: Projection
    max_pixels: int | None
    best_effort: bool
    function: str

    def grid(self, region: Geometry) -> Grid:
        """The pixels that cover a region.

        Raises:
            ServiceError: there are too many.
        """
        lattice = self.projection
        grid = lattice.covering(_bounds(region, lattice.crs))
        if self.max_pixels is None:
            return grid
        if self.max_pixels < 1:
            raise ServiceError(f"{self.function}: maxPixels must be positive, got {self.max_pixels}.")
        while self.best_effort and grid.width * grid.height > self.max_pixels:
            lattice = lattice.at_scale(lattice.nominal_scale() * 2)
            grid = lattice.covering(_bounds(region, lattice.crs))
        if grid.width * grid.height > self.max_pixels:
            raise ServiceError(_too_many(self.function, grid.width * grid.height, self.max_pixels))
        return grid


def _bounds(region: Geometry, crs: str) -> tuple[float, float, float, float]:
    west, south, east, north = region.to(crs).bounds
    if math.isnan(west):
        raise ServiceError("Image.reduceRegion: The geometry must not be empty.")
    return west, south, east, north


def _too_many(function: str, found: int, allowed: int) -> str:
    return (
        f"{function}: Too many pixels in the region. Found {found}, but maxPixels allows only {allowed}.\n"
        "Ensure that you are not aggregating at a higher resolution than you intended; that is the most frequent "
        "cause of this error. If not, then you may set the 'maxPixels' argument to a limit suitable for your "
        "computation; set 'bestEffort' to true to aggregate at whatever scale results in 'maxPixels' total pixels; "
        "or both."
    )


def lattice_of(
    function: str,
    image: Image,
    crs: Projection | None,
    crs_transform: list[float] | None,
    scale: float | None,
    *,
    max_pixels: int | None = None,
    best_effort: bool = False,
) -> Lattice:
    """The lattice that arguments name, the first band's by default.

    Raises:
        ServiceError: only the default projection is left, which has no resolution of its own.
    """
    if not image.bands:
        raise ServiceError(f"{function}: The image has no bands.")
    base = crs or image.bands[0].projection
    if base == DEFAULT_PROJECTION and scale is None and crs_transform is None:
        raise ServiceError(
            f"{function}: The default WGS84 projection is invalid for aggregations. "
            "Specify a scale or crs & crs_transform."
        )
    return Lattice(chosen_lattice(base, crs_transform, scale), max_pixels, best_effort, function)


def region_values(image: Image, reducer: Reducer, region: Geometry, lattice: Lattice) -> list[tuple[str, str, object]]:
    """(band, output, value) of a reducer over a region; the band is empty if all bands are inputs together.

    Raises:
        ServiceError: the reducer needs neither one input nor as many as there are bands.
    """
    grid = lattice.grid(region)
    reserve(grid.width * grid.height * (_PIXEL_BYTES + BAND_BYTES * len(image.bands)))
    covered = coverage(region, grid)
    rasters = pull([band.pixels for band in image.bands], grid)
    return [
        (band, output, value)
        for band, inputs in each(inputs_of(image, reducer, rasters, lattice))
        for output, value in zip(reducer.outputs, _run(reducer, inputs, covered), strict=True)
    ]


def inputs_of(
    image: Image, reducer: Reducer, rasters: list[Raster], lattice: Lattice
) -> list[tuple[str, list[Raster]]]:
    """What the reducer is run on, by band; the band is empty if all bands are inputs together."""
    if reducer.inputs == 1:
        return [(band.id, [raster]) for band, raster in zip(image.bands, rasters, strict=True)]
    if reducer.inputs == len(rasters):
        return [("", rasters)]
    raise ServiceError(
        f"{lattice.function}: Need 1 or {len(rasters)} inputs for the reducer, got a reducer with {reducer.inputs}."
    )


def _run(reducer: Reducer, rasters: list[Raster], covered: Coverage) -> list[object]:
    """Outputs of a reducer over the pixels that a region covers; weights are the smaller of mask and coverage."""
    seen = covered.centred | (covered.fraction >= LEAST_COVERAGE)
    mask = np.minimum.reduce([raster.mask[seen].astype(np.float64) for raster in rasters])
    fraction = np.where(covered.fraction[seen] >= LEAST_COVERAGE, covered.fraction[seen], 0)
    weights = np.minimum(mask, fraction)
    centred = covered.centred[seen] & (mask > 0)
    if not seen.any():
        weights, centred = np.zeros(1), np.zeros(1, bool)
    samples = [raster.data[seen] if seen.any() else np.zeros(1, raster.data.dtype) for raster in rasters]
    outcomes = reducer.run([sample[:, None] for sample in samples], weights[:, None], centred[:, None])
    return [single(outcome) for outcome in outcomes]
