"""Tables of zonal statistics as assets make them, wherever zones are measured: their zones, columns, tags, partitions.

What does not belong here: measuring (`steps.zones`), and the assets themselves (`assets`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from eo_pipeline.core import keys
from eo_pipeline.core.product import ZoneTable
from eo_pipeline.core.tables import Column
from eo_pipeline.core.zonal.columns import zone_columns
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import for_all_partitions
from eo_pipeline.orchestration.io_managers import Stored, TablesIO
from eo_pipeline.orchestration.partitions import PERIOD, PartitionKey
from eo_pipeline.steps.zones.placing import touching
from eo_pipeline.steps.zones.wanted_zones import wanted_zones

_LISTED = 10
"""Mended zones that are shown."""


@dataclass(frozen=True)
class ZoneTables:
    """The tables of one product.

    Attributes:
        chain: the product.
        declared: its zones.
    """

    chain: Chain
    declared: ZoneTable

    def asset(self, *, of: str, pool: str | None = None) -> Callable[[Callable[..., Stored]], dg.AssetsDefinition]:
        """Makes a function the asset.

        Args:
            of: what statistics are made of, for a person.
            pool: that limits how many of its runs there are at a time.
        """
        chain, product, declared = self.chain, self.chain.product, self.declared
        by_period = dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name=PERIOD)
        mapping = None if chain.zones_follow_areas else by_period
        assumed = wanted_zones(declared, product.bands)
        return dg.asset(
            key=chain.key("zonal_stats"),
            deps=[dg.AssetDep(chain.key(chain.zones_above), partition_mapping=mapping)],
            partitions_def=chain.partitions("zonal_stats"),
            group_name=product.name,
            owners=product.owners,
            kinds={"parquet", "pandas"},
            io_manager_key="tables_io",
            description=chain.describe(
                f"One row for each zone of {Path(declared.source).name} and period: {', '.join(declared.statistics)}, "
                f"over all {of} of the period, so that zones may cross areas; of {assumed.pixels}."
            ),
            automation_condition=as_soon_as_possible(),
            code_version=chain.zones_version()[:12],
            backfill_policy=grouped(),
            retry_policy=on_crash(),
            pool=pool,
            metadata={"dagster/column_schema": metadata.table_schema(self.columns(assumed))},
        )

    def columns(self, wanted: Wanted) -> tuple[Column, ...]:
        """Of a table."""
        declared = self.declared
        return zone_columns(declared.id, wanted, form=declared.form, geometry=declared.geometry)

    def part(self, key: str) -> tuple[list[str], str]:
        """Keys of the areas and of the period that a partition measures."""
        if not self.chain.zones_follow_areas:
            return list(self.chain.areas), key
        parsed = PartitionKey.parse(key)
        return [parsed.area], parsed.period

    def zones_of(self, zones: Zones, areas: Sequence[str]) -> Zones:
        """Where areas are the zones' own features, that one; else those that touch the area, or all."""
        if not self.chain.zones_follow_areas:
            return zones
        [area] = areas
        features = self.chain.product.area
        if (features.features, features.id) == (self.declared.file, self.declared.id):
            return zones.only({identity for identity in zones.ids if keys.feature_key(str(identity)) == area})
        return touching(zones, self.chain.areas[area].geobox)

    def tags(self, zones: Zones, wanted: Wanted, period_key: str) -> dict[str, str]:
        """Provenance that the file keeps inside itself."""
        weights = {} if self.chain.weights_file is None else {"weights": self.chain.weights_file.name}
        return {
            "product": self.chain.product.name,
            "period": period_key,
            "zones": zones.source,
            "zones_sha256": zones.checksum,
            "rule": wanted.pixels,
            **weights,
        }

    def join(self, context: dg.AssetExecutionContext, io: TablesIO) -> None:
        """If declared, one file of all periods for each area of the run's partitions, or for all areas."""
        if not self.declared.together:
            return
        by_areas = self.chain.zones_follow_areas
        folders = {(PartitionKey.parse(key).area,) if by_areas else () for key in context.partition_keys}
        with for_all_partitions(context):
            for folder in sorted(folders):
                context.log.info(f"all periods: {io.join(context.asset_key, *folder)}")

    def shown(self, table: pd.DataFrame, zones: Zones, *, areas: int, without_images: int) -> dict[str, Any]:
        """What a person sees of a partition in the UI."""
        path = self.chain.zones_file
        return {
            names.STATE: "written" if without_images < areas else "no_images",
            "dagster/row_count": len(table),
            "areas": areas,
            "areas without images": without_images,
            "zones file": zones.source if path is None else dg.MetadataValue.path(zones.source),
            "zones checksum": zones.checksum,
            "zones mended": ", ".join(f"{one.zone}: {one.reason}" for one in zones.repaired[:_LISTED]) or "none",
            "measured": dg.MetadataValue.timestamp(datetime.now(UTC)),
        }
