"""`zonal_stats`: one row a zone and period, measured over all of the period's mosaics."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
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
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import Mosaic, MosaicIO, NewTable, Stored, TablesIO
from eo_pipeline.orchestration.partitions import PERIOD, PartitionKey
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.steps.zones.placing import touching
from eo_pipeline.steps.zones.wanted_zones import KINDS, wanted_zones
from eo_pipeline.storage.vectors import read_zones

_LISTED = 10
"""Mended zones that are shown."""


def build_zonal_stats(chain: Chain, declared: ZoneTable) -> dg.AssetsDefinition:
    """The asset for one product."""
    product = chain.product
    by_areas = chain.zones_follow_areas
    assumed = wanted_zones(declared, product.bands)
    mapping = None if by_areas else dg.MultiToSingleDimensionPartitionMapping(partition_dimension_name=PERIOD)

    @dg.asset(
        key=chain.key("zonal_stats"),
        deps=[dg.AssetDep(chain.key("mosaic"), partition_mapping=mapping)],
        partitions_def=chain.partitions("zonal_stats"),
        group_name=product.name,
        owners=product.owners,
        kinds={"parquet", "pandas"},
        io_manager_key="tables_io",
        description=chain.describe(
            f"One row for each zone of {Path(declared.file).name} and period: {', '.join(declared.statistics)}, over "
            f"all mosaics of the period, so that zones may cross areas; of {assumed.pixels}."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.zones_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        metadata={"dagster/column_schema": metadata.table_schema(_columns(declared, assumed))},
    )
    def zonal_stats(
        context: dg.AssetExecutionContext, mosaic_io: dg.ResourceParam[MosaicIO], tables_io: dg.ResourceParam[TablesIO]
    ) -> Stored:
        with for_all_partitions(context):
            zones, version = _zones(chain, declared), chain.zones_version()
            wanted = wanted_zones(declared, product.bands, kind=zones.kind)
            columns = _columns(declared, wanted)

        def make(key: str, cache: Path | None) -> Made:
            area, period = (PartitionKey.parse(key).area, PartitionKey.parse(key).period) if by_areas else (None, key)
            areas = list(chain.areas) if area is None else [area]
            found = {a: mosaic_io.load(chain.key("mosaic"), PartitionKey(a, period).text) for a in areas}
            here = zones if area is None else _zones_of(chain, declared, zones, area)
            table = _measure(chain, declared, here, wanted, found, io=mosaic_io, period_key=period, cache=cache)
            tables_io.store(context.asset_key, key, NewTable(table, columns, _tags(chain, zones, wanted, period)))
            provenance = {names.ZONES_VERSION: version, names.ROOT: tables_io.place.address}
            shown = _metadata(table, zones, list(found.values()))
            return Made({**shown, **provenance}, metadata.table_preview(table, columns))

        try:
            with _cache(context, tables_io) as cache:
                return each_partition(context, lambda key: make(key, cache))
        finally:
            if declared.together:
                _join(context, tables_io, by_areas=by_areas)

    return zonal_stats


def _cache(context: dg.AssetExecutionContext, io: TablesIO) -> AbstractContextManager[Path | None]:
    """Where a run of several dates keeps which pixels zones hold; none of a single one, which would only write it."""
    return io.place.workspace() if len(context.partition_keys) > 1 else nullcontext(None)


def _join(context: dg.AssetExecutionContext, io: TablesIO, *, by_areas: bool) -> None:
    """One file of all periods for each area of the run's partitions, or for all areas."""
    folders = {(PartitionKey.parse(key).area,) if by_areas else () for key in context.partition_keys}
    with for_all_partitions(context):
        for folder in sorted(folders):
            context.log.info(f"all periods: {io.join(context.asset_key, *folder)}")


def _columns(declared: ZoneTable, wanted: Wanted) -> tuple[Column, ...]:
    return zone_columns(declared.id, wanted, form=declared.form, geometry=declared.geometry)


def _tags(chain: Chain, zones: Zones, wanted: Wanted, period_key: str) -> dict[str, str]:
    weights = {} if chain.weights_file is None else {"weights": chain.weights_file.name}
    return {
        "product": chain.product.name,
        "period": period_key,
        "zones": zones.source,
        "zones_sha256": zones.checksum,
        "rule": wanted.pixels,
        **weights,
    }


def _zones(chain: Chain, declared: ZoneTable) -> Zones:
    if chain.zones_file is None:
        raise ProductError(f"zones.file: expected a file at {declared.file}, found none")
    return read_zones(chain.zones_file, id_column=declared.id, kinds=KINDS)


def _zones_of(chain: Chain, declared: ZoneTable, zones: Zones, area: str) -> Zones:
    """Where areas are the zones' own features, that one; else those that touch the area."""
    features = chain.product.area
    if (features.features, features.id) == (declared.file, declared.id):
        return zones.only({identity for identity in zones.ids if keys.feature_key(str(identity)) == area})
    return touching(zones, chain.areas[area].geobox)


def _measure(
    chain: Chain,
    declared: ZoneTable,
    zones: Zones,
    wanted: Wanted,
    found: Mapping[str, Mosaic],
    *,
    io: MosaicIO,
    period_key: str,
    cache: Path | None,
) -> pd.DataFrame:
    with ExitStack() as stack:
        rasters = [stack.enter_context(io.place.local_copy(m.path)) for m in found.values() if m.path is not None]
        return measure_zones(
            zones,
            rasters,
            wanted,
            chain.period(period_key),
            areas=[chain.areas[key].geobox for key in found],
            weights=chain.weights_file,
            cache=cache,
            form=declared.form,
            geometry=declared.geometry,
        )


def _metadata(table: pd.DataFrame, zones: Zones, found: Sequence[Mosaic]) -> dict[str, Any]:
    with_images = [m for m in found if m.path is not None]
    return {
        names.STATE: "written" if with_images else "no_images",
        "dagster/row_count": len(table),
        "areas": len(found),
        "areas without images": len(found) - len(with_images),
        "zones file": dg.MetadataValue.path(zones.source),
        "zones checksum": zones.checksum,
        "zones mended": ", ".join(f"{repair.zone}: {repair.reason}" for repair in zones.repaired[:_LISTED]) or "none",
        "measured": dg.MetadataValue.timestamp(datetime.now(UTC)),
    }
