"""`zonal_stats`: one row a zone and period, measured over all of the period's mosaics."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import dagster as dg

from eo_pipeline.core.product import ZoneTable
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import MosaicIO, NewTable, Stored, TablesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.orchestration.zones_of_mosaics import measured_mosaics
from eo_pipeline.steps.zones.wanted_zones import KINDS, wanted_zones
from eo_pipeline.storage.vectors import read_zones


def build_zonal_stats(chain: Chain, declared: ZoneTable) -> dg.AssetsDefinition:
    """The asset for one product whose zones are measured here."""
    tables = ZoneTables(chain, declared)

    @tables.asset(of="mosaics")
    def zonal_stats(
        context: dg.AssetExecutionContext, mosaic_io: dg.ResourceParam[MosaicIO], tables_io: dg.ResourceParam[TablesIO]
    ) -> Stored:
        with for_all_partitions(context):
            zones, version = _zones(chain, declared), chain.zones_version()
            wanted = wanted_zones(declared, chain.product.bands, kind=zones.kind)
            columns = tables.columns(wanted)

        def make(key: str, cache: Path | None) -> Made:
            areas, period = tables.part(key)
            found = {a: mosaic_io.load(chain.key("mosaic"), PartitionKey(a, period).text) for a in areas}
            here = tables.zones_of(zones, areas)
            table = measured_mosaics(tables, here, wanted, found, io=mosaic_io, period_key=period, cache=cache)
            tables_io.store(context.asset_key, key, NewTable(table, columns, tables.tags(zones, wanted, period)))
            provenance = {names.ZONES_VERSION: version, names.ROOT: tables_io.place.address}
            without = sum(mosaic.path is None for mosaic in found.values())
            shown = tables.shown(table, zones, areas=len(found), without_images=without)
            return Made({**shown, **provenance}, metadata.table_preview(table, columns))

        try:
            with _cache(context, tables_io) as cache:
                return each_partition(context, lambda key: make(key, cache))
        finally:
            tables.join(context, tables_io)

    return zonal_stats


def _cache(context: dg.AssetExecutionContext, io: TablesIO) -> AbstractContextManager[Path | None]:
    """Where a run of several dates keeps which pixels zones hold; none of a single one, which would only write it."""
    return io.place.workspace() if len(context.partition_keys) > 1 else nullcontext(None)


def _zones(chain: Chain, declared: ZoneTable) -> Zones:
    if chain.zones_file is None:
        raise ProductError(f"zones.file: expected a file at {declared.file}, found none")
    return read_zones(chain.zones_file, id_column=declared.id, kinds=KINDS)
