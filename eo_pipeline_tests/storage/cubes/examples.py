"""Small cubes that several tests write."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import zarr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance, Record, State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule, PeriodRule
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import CubeStore, RegionCommit, ShardTask, shards_in, write_partition
from eo_pipeline.storage.cubes.ledger import commit_metadata, write_record
from eo_pipeline.storage.cubes.time_axis import slot_of

type PixelReader = Callable[[str, slice, slice], NDArray[Any]]
"""Stored numbers (y, x) of a band; rows and columns count from the region's upper left."""

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


def reader(arrays: Mapping[str, NDArray[Any]]) -> PixelReader:
    """Read from arrays that cover the region."""

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        return arrays[band][rows, columns]

    return read


def write_region(
    cube: CubeStore,
    period: Period,
    region: Rectangle,
    read: PixelReader | None,
    *,
    area_key: str,
    provenance: Provenance,
) -> RegionCommit:
    """Write a partition in this process, shard after shard; without a reader there were no images."""

    def read_shard(shard: Rectangle) -> dict[str, NDArray[Any]]:
        assert read is not None
        part = shard.shifted(rows=-region.row_start, columns=-region.column_start)
        return {band.name: read(band.name, *part.slices) for band in cube.template.bands}

    given = None if read is None else read_shard
    tasks = [ShardTask(shard, provenance.inputs_hash, given) for shard in shards_in(cube.template, region)]
    return write_partition(cube, period, region, tasks, map, area_key=area_key, provenance=provenance)


def write_as_a_whole(cube: CubeStore, period: Period, region: Rectangle, area_key: str, provenance: Provenance) -> None:
    """A row that tells nothing of single shards, as those of cubes have that were made long ago; no pixels."""

    def change(group: zarr.Group) -> tuple[bool, None]:
        row = Record(area_key, region, State.EMPTY, 0.0, provenance)
        write_record(group, cube.template, slot_of(group, cube.template, period), row)
        return True, None

    cube.change(change, commit_metadata(provenance))
