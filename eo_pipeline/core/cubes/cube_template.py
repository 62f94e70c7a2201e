"""A cube before it holds data: grid, bands, periods and chunks become arrays with a golden file to compare.

One Zarr variable a band in the `map` layout: a chunk is one slot of a small square, a shard one slot of a large one, so
a slot never rewrites another. What does not belong here: Icechunk, and which slots exist (`storage.cubes`).
"""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import TIME, ArrayLayout, GroupLayout, Json
from eo_pipeline.core.cubes.cube_attributes import (
    CONVENTIONS,
    GRID_MAPPING,
    band_attributes,
    geozarr_attributes,
    grid_mapping_attributes,
    time_attributes,
    x_attributes,
    y_attributes,
)
from eo_pipeline.core.cubes.cube_ledger import ledger_arrays
from eo_pipeline.core.cubes.cube_time import TIME_CHUNK, time_unit
from eo_pipeline.core.period_rules import PeriodRule
from eo_pipeline.core.periods import require_utc
from eo_pipeline.errors import CubeError, ProductError

RESERVED = frozenset({"x", "y", "time", "time_bnds", "bnds", "ledger", GRID_MAPPING})


@dataclass(frozen=True)
class CubeTemplate:
    """What a product's cube looks like.

    Attributes:
        product: name of the product, the cube's title.
        geobox: grid of the whole cube: north up or south up, not rotated; its origin is explicit, not snapped.
        bands: one variable each, in order, named as Earth Engine or the product names it.
        rule: how time is cut into slots.
        start: the first slot is the first period that starts at or after this instant, UTC.
        chunk: pixels on a side of what is read at once; clipped to the grid.
        shard: pixels on a side of what is written at once, whole chunks; clipped to the chunks that cover the grid.
    """

    product: str
    geobox: GeoBox
    bands: tuple[BandEncoding, ...]
    rule: PeriodRule
    start: datetime
    chunk: int = 256
    shard: int = 2560

    def __post_init__(self) -> None:
        require_utc(self.start)
        self._check_chunks()
        self._check_bands()
        self._check_grid()

    def _check_chunks(self) -> None:
        if self.chunk < 1 or self.shard < self.chunk or self.shard % self.chunk:
            raise ProductError(
                f"Expected a shard that is a multiple of the chunk, got shard {self.shard} and chunk {self.chunk}; "
                f"write a shard of {max(1, self.shard // max(self.chunk, 1)) * self.chunk}, for instance."
            )

    def _check_bands(self) -> None:
        names = [band.name for band in self.bands]
        if not names or len(set(names)) != len(names):
            raise ProductError(f"Expected one or more bands of different names, got {names}; rename or drop bands.")
        if taken := RESERVED.intersection(names):
            raise ProductError(
                f"Expected band names other than the cube's own {sorted(RESERVED)}, got {sorted(taken)}; rename them."
            )

    def _check_grid(self) -> None:
        if self.geobox.crs is None:
            raise CubeError("Expected a grid with a CRS, got none; give the product a CRS.")
        if self.geobox.affine.b or self.geobox.affine.d:
            raise CubeError(
                f"Expected a grid whose rows run along x, got a rotated one: {self.geobox.affine[:6]}; "
                "choose a CRS and a transform without rotation."
            )

    @cached_property
    def chunk_shape(self) -> tuple[int, int]:
        """Pixels of a chunk (y, x), no larger than the grid."""
        height, width = self.geobox.shape
        return min(self.chunk, height), min(self.chunk, width)

    @cached_property
    def shard_shape(self) -> tuple[int, int]:
        """Pixels of a shard (y, x): whole chunks, no more than cover the grid."""
        lengths = zip(self.geobox.shape, self.chunk_shape, strict=True)
        height, width = (min(self.shard // chunk, -(-length // chunk)) * chunk for length, chunk in lengths)
        return height, width

    @cached_property
    def shard_grid(self) -> tuple[int, int]:
        """Number of shards (y, x) that cover the grid; those of the last row and column may reach beyond it."""
        height, width = (-(-n // shard) for n, shard in zip(self.geobox.shape, self.shard_shape, strict=True))
        return height, width

    @property
    def time_unit(self) -> str:
        """`days`, or `hours` where a period does not start at midnight."""
        return time_unit(self.rule)

    def coordinates(self, axis: str) -> NDArray[np.float64]:
        """Pixel centres along `x` or `y` in CRS units, from the affine."""
        affine, (height, width) = self.geobox.affine, self.geobox.shape
        if axis == "x":
            return affine.c + affine.a * (np.arange(width, dtype="f8") + 0.5)
        return affine.f + affine.e * (np.arange(height, dtype="f8") + 0.5)

    def layout(self) -> GroupLayout:
        """The empty cube: attributes and arrays, no slot yet."""
        bands = tuple(self._band_array(band) for band in self.bands)
        arrays = (*self._coordinate_arrays(), *bands, *ledger_arrays(self.shard_grid))
        return GroupLayout(attributes=self._attributes(), arrays=arrays)

    def _attributes(self) -> dict[str, Json]:
        return {
            "Conventions": CONVENTIONS,
            "title": self.product,
            "period_rule": self.rule.text,
            "period_start": self.start.isoformat(),
            **geozarr_attributes(self.geobox),
        }

    def _coordinate_arrays(self) -> tuple[ArrayLayout, ...]:
        height, width = self.geobox.shape
        return (
            ArrayLayout("y", ("y",), (height,), (height,), None, "float64", 0.0, y_attributes(self.geobox)),
            ArrayLayout("x", ("x",), (width,), (width,), None, "float64", 0.0, x_attributes(self.geobox)),
            ArrayLayout(GRID_MAPPING, (), (), (), None, "int32", 0, grid_mapping_attributes(self.geobox)),
            ArrayLayout(TIME, (TIME,), (0,), (TIME_CHUNK,), None, "int64", 0, time_attributes(self.time_unit)),
            ArrayLayout("time_bnds", (TIME, "bnds"), (0, 2), (TIME_CHUNK, 2), None, "int64", 0),
        )

    def _band_array(self, band: BandEncoding) -> ArrayLayout:
        return ArrayLayout(
            path=band.name,
            dimensions=(TIME, "y", "x"),
            shape=(0, *self.geobox.shape),
            chunks=(1, *self.chunk_shape),
            shards=(1, *self.shard_shape),
            dtype=band.dtype,
            fill_value=fill_value(band),
            attributes={**band_attributes(band), **geozarr_attributes(self.geobox)},
        )


def fill_value(band: BandEncoding) -> int | float | str:
    """What unwritten pixels of a band read as, in Zarr's JSON: its nodata, else 0 or, for floats, NaN."""
    if band.is_float:
        missing = band.nodata is None or math.isnan(band.nodata)
        return "NaN" if missing else float(band.nodata or 0)
    return int(band.nodata or 0)
