"""Zones measured inside Earth Engine for the partitions of one run.

What does not belong here: which zones those are (`steps.zones.load_zones`), and Dagster's side of it (`assets`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.core import keys
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.earth_engine.zones.zone_pictures import AreaImages
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.steps.asking.ask_all import Progress
from eo_pipeline.steps.zones.in_earth_engine import MeasuredZones, measure_in_earth_engine
from eo_pipeline.steps.zones.wanted_zones import wanted_zones


@dataclass(frozen=True)
class ZoneOrders:
    """Measures zones.

    Attributes:
        tables: of the product.
        orders: of every area and period that is measured.
    """

    tables: ZoneTables
    orders: PieceOrders

    def wanted(self, zones: Zones) -> Wanted:
        """What is measured of zones.

        Raises:
            ZonesError: something is declared that only polygons have.
        """
        return wanted_zones(self.tables.declared, self.tables.chain.product.bands, kind=zones.kind)

    def measured(
        self,
        zones: Zones,
        areas: Sequence[str],
        period: str,
        *,
        folder: Path,
        progress: Progress | None = None,
    ) -> MeasuredZones:
        """Zones over the images of some areas and a period, once those are the ones of their submissions.

        Args:
            zones: that are measured.
            areas: keys.
            period: its key.
            folder: local, there already; keeps what came.
            progress: told while answers come.

        Raises:
            EoPipelineError: see `PieceOrders.planned` and `measure_in_earth_engine`.
        """
        chain, declared = self.tables.chain, self.tables.declared
        sources = {area: PartitionKey(area, period).text for area in areas}
        there = [area for area, source in sources.items() if self.orders.has_images(source)]
        for area in there:
            self.orders.planned(sources[area])
        images = AreaImages(
            chain.product,
            chain.period(period),
            {area: chain.areas[area].geobox for area in there},
            self.orders.native_resolution if there else None,
        )
        return measure_in_earth_engine(
            self.orders.client,
            zones,
            images,
            self.wanted(zones),
            areas=[chain.areas[area].geobox for area in areas],
            folder=folder,
            tag=keys.workload_tag(chain.product.name),
            form=declared.form,
            geometry=declared.geometry,
            progress=progress,
        )
