"""The MODIS collections: their grid, rhythm and properties. What does not belong here: what the bands show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from eo_pipeline.sandbox.catalog.pyramid import Pixels
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import BandSource
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.world.computed import ComputedBand, Pyramiding
from eo_pipeline.sandbox.world.frames import Frame
from eo_pipeline.sandbox.world.members import Rhythm, Series, daily, every_days
from eo_pipeline.sandbox.world.modis_heat import HEAT_BANDS
from eo_pipeline.sandbox.world.modis_leaves import LEAF_BANDS
from eo_pipeline.sandbox.world.modis_span import ModisSpan
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.sinusoidal import HALF_HEIGHT, HALF_WIDTH, SINUSOIDAL

_TILES_ACROSS, _TILES_DOWN = 36, 18
_NAME = "%Y_%m_%d"

Evaluate = Callable[[ModisSpan], Pixels]


@dataclass(frozen=True)
class ModisBand:
    """What is the same for a band in all images.

    Attributes:
        pixel_type: type of the pixels.
        pyramiding: how levels are made.
        evaluate: how pixels are made.
    """

    pixel_type: PixelType
    pyramiding: Pyramiding
    evaluate: Evaluate


@dataclass(frozen=True)
class ModisProduct:
    """A collection.

    Attributes:
        id: its Earth Engine id.
        rhythm: when its images begin.
        days: how many days an image is about; fewer at the end of a year.
        first: beginning of the first image.
        per_tile: pixels along the side of a MODIS tile.
        bands: its bands.
    """

    id: str
    rhythm: Rhythm
    days: int
    first: dt.datetime
    per_tile: int
    bands: Mapping[str, ModisBand]


def _bands(table: Mapping[str, tuple[PixelType, Pyramiding, Evaluate]]) -> dict[str, ModisBand]:
    return {name: ModisBand(*entry) for name, entry in table.items()}


_FIRST_HEAT = dt.datetime(2000, 2, 24, tzinfo=dt.UTC)
_FIRST_LEAVES = dt.datetime(2000, 2, 18, tzinfo=dt.UTC)

_PRODUCTS = (
    ModisProduct("MODIS/061/MOD11A1", daily(_NAME), 1, _FIRST_HEAT, 1200, _bands(HEAT_BANDS)),
    ModisProduct("MODIS/061/MOD11A2", every_days(8, _NAME), 8, _FIRST_LEAVES, 1200, _bands(HEAT_BANDS)),
    ModisProduct("MODIS/061/MOD13Q1", every_days(16, _NAME), 16, _FIRST_LEAVES, 4800, _bands(LEAF_BANDS)),
    ModisProduct("MODIS/061/MOD13A2", every_days(16, _NAME), 16, _FIRST_LEAVES, 1200, _bands(LEAF_BANDS)),
)


def modis_series(scenery: Scenery) -> list[Series]:
    """Land surface temperature by day and by eight days, vegetation indices by sixteen days, in two resolutions."""
    return [_series(scenery, product) for product in _PRODUCTS]


def _series(scenery: Scenery, product: ModisProduct) -> Series:
    def end(begin: dt.datetime) -> dt.datetime:
        return min(begin + dt.timedelta(days=product.days), begin.replace(year=begin.year + 1, month=1, day=1))

    def bands(begin: dt.datetime) -> dict[str, BandSource]:
        days = (end(begin) - begin).days
        return {name: _band(scenery, product, band, begin, days) for name, band in product.bands.items()}

    return Series(product.id, product.rhythm, product.first, end, bands)


def _band(scenery: Scenery, product: ModisProduct, band: ModisBand, begin: dt.datetime, days: int) -> ComputedBand:
    side = 2 * HALF_WIDTH / (_TILES_ACROSS * product.per_tile)
    lattice = Projection(SINUSOIDAL, (side, 0.0, -HALF_WIDTH, 0.0, -side, HALF_HEIGHT))
    dimensions = (_TILES_ACROSS * product.per_tile, _TILES_DOWN * product.per_tile)
    evaluate = partial(_evaluated, scenery, band, begin, days)
    return ComputedBand(lattice, dimensions, band.pixel_type, band.pyramiding, evaluate)


def _evaluated(scenery: Scenery, band: ModisBand, begin: dt.datetime, days: int, frame: Frame) -> Pixels:
    return band.evaluate(ModisSpan(scenery, frame, begin, days))
