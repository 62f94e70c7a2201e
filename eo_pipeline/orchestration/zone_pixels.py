"""What zones are measured of here: mosaics, tiles, or the slots of the product's cube; one table a period of each.

What does not belong here: Dagster's side of it (`assets`), and measuring (`steps.zones`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import dagster as dg
import pandas as pd

from eo_pipeline.core.product import Cube
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.io_managers import CubeIO, MosaicIO, TilesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.orchestration.zones_of_rasters import measured_mosaics, measured_tiles
from eo_pipeline.steps.zones.on_cubes import measure_slot
from eo_pipeline.storage.cubes.slots import open_slots


@dataclass(frozen=True)
class Measured:
    """One period.

    Attributes:
        table: rows in the zones' order.
        without_images: how many of its areas have none.
    """

    table: pd.DataFrame
    without_images: int


class ZonePixels(Protocol):
    """The pixels of any period."""

    def measured(
        self, zones: Zones, wanted: Wanted, areas: Sequence[str], period_key: str, cache: Path | None
    ) -> Measured:
        """Measure zones over areas of a period; `cache` keeps which pixels zones hold, for other periods."""
        ...


@dataclass(frozen=True)
class OfMosaics:
    """Mosaics of the areas, side by side."""

    tables: ZoneTables
    io: MosaicIO

    def measured(
        self, zones: Zones, wanted: Wanted, areas: Sequence[str], period_key: str, cache: Path | None
    ) -> Measured:
        """Measure them."""
        asset = self.tables.chain.key("mosaic")
        found = {area: self.io.load(asset, PartitionKey(area, period_key).text) for area in areas}
        table = measured_mosaics(self.tables, zones, wanted, found, io=self.io, period_key=period_key, cache=cache)
        return Measured(table, sum(mosaic.path is None for mosaic in found.values()))


@dataclass(frozen=True)
class OfTiles:
    """Tiles of the areas, which no mosaic is made of."""

    tables: ZoneTables
    io: TilesIO

    def measured(
        self, zones: Zones, wanted: Wanted, areas: Sequence[str], period_key: str, cache: Path | None
    ) -> Measured:
        """Measure them."""
        asset = self.tables.chain.key("tiles")
        found = {area: self.io.load(asset, PartitionKey(area, period_key).text) for area in areas}
        table = measured_tiles(self.tables, zones, wanted, found, io=self.io, period_key=period_key, cache=cache)
        return Measured(table, sum(tiles.state == "no_images" for tiles in found.values()))


@dataclass(frozen=True)
class OfCube:
    """The period's slot of the cube, as it is when it is measured.

    Attributes:
        tables: of the product.
        io: of the cube.
        cube: as declared.
        instance: whose ledger tells which areas have no images.
    """

    tables: ZoneTables
    io: CubeIO
    cube: Cube
    instance: dg.DagsterInstance

    def measured(
        self, zones: Zones, wanted: Wanted, areas: Sequence[str], period_key: str, cache: Path | None
    ) -> Measured:
        """Measure it."""
        chain, declared = self.tables.chain, self.tables.declared
        table = measure_slot(
            zones,
            open_slots(self.io.address(self.cube)),
            wanted,
            chain.period(period_key),
            areas=[chain.areas[area].geobox for area in areas],
            weights=chain.weights_file,
            cache=cache,
            form=declared.form,
            geometry=declared.geometry,
        )
        sources = [PartitionKey(area, period_key).text for area in areas]
        stamps = ledger.stamps(self.instance, chain.key("cube"), sources)
        written = sum(stamp.values.get(names.STATE) == "written" for stamp in stamps.values())
        return Measured(table, len(areas) - written)
