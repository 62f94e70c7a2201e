"""Small cubes that several tests write."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule, PeriodRule
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import PixelReader

RED = BandEncoding("red", "uint16", 1e-4, -0.1, nodata=0, units="1", description="red reflectance")
BANDS = (
    RED,
    BandEncoding("classes", "uint8", nodata=255, kind="categorical"),
    BandEncoding("n_obs", "uint8", kind="count"),
)
START = datetime(2023, 1, 1, tzinfo=UTC)
MONTH = CalendarRule("month")
UPPER_LEFT = Rectangle(0, 0, 64, 64)
LOWER_RIGHT = Rectangle(64, 64, 100, 120)


def utm(height: int, width: int) -> GeoBox:
    """A grid of 10 m pixels in UTM 33N."""
    return GeoBox((height, width), Affine(10, 0, 500_000, 0, -10, 5_000_000), "EPSG:32633")


def template(
    *, bands: tuple[BandEncoding, ...] = BANDS, rule: PeriodRule = MONTH, geobox: GeoBox | None = None, shard: int = 64
) -> CubeTemplate:
    """100 x 120 pixels in 2 x 2 shards of 64; the last row and column of shards are cut by the grid."""
    return CubeTemplate("example", geobox or utm(100, 120), bands, rule, START, chunk=32, shard=shard)


def provenance(inputs_hash: str, partition: str = "a") -> Provenance:
    """As a run would hand it over."""
    return Provenance("example", partition, inputs_hash, "v1", "run-1", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))


def pixels(region: Rectangle, seed: int, bands: tuple[BandEncoding, ...] = BANDS) -> dict[str, NDArray[Any]]:
    """Stored numbers of each band, 1 to 199, from a seeded generator."""
    random = np.random.default_rng(seed)
    shape = (region.height, region.width)
    return {band.name: random.integers(1, 200, shape).astype(band.dtype) for band in bands}


def reader(arrays: dict[str, NDArray[Any]]) -> PixelReader:
    """Read from arrays that cover the region."""

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        return arrays[band][rows, columns]

    return read
