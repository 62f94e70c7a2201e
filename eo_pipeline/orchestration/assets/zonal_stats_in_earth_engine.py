"""`zonal_stats` of a product that measures its zones inside Earth Engine: the same table, without an export."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import dagster as dg

from eo_pipeline.core import keys
from eo_pipeline.core.product import ZoneTable
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.earth_engine.session import counted
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import REQUESTS_POOL
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import NewTable, Stored, TablesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener, PieceProgress
from eo_pipeline.orchestration.pieces.zone_orders import ZoneOrders
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.steps.zones.load_zones import load_zones


def build_zonal_stats_in_earth_engine(chain: Chain, declared: ZoneTable) -> dg.AssetsDefinition:
    """The asset for one product whose zones are measured inside Earth Engine."""
    tables, product = ZoneTables(chain, declared), chain.product

    @tables.asset(of="composites", pool=REQUESTS_POOL)
    def zonal_stats(  # noqa: PLR0917  # Dagster gives resources by name
        context: dg.AssetExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        tables_io: dg.ResourceParam[TablesIO],
        piece_listener: dg.ResourceParam[PieceListener],
    ) -> Stored:
        exported = ledger.stamps(context.instance, chain.key("export"), _sources(tables, context.partition_keys))
        orders = PieceOrders(chain, Services(earth_engine, cloud_storage, drive), exported)
        with for_all_partitions(context):
            zones = load_zones(product, chain.areas, chain.zones_file, lambda: orders.session)
            zone_orders, version = ZoneOrders(tables, orders), chain.zones_version()
            wanted = zone_orders.wanted(zones)
            columns = tables.columns(wanted)

        def make(key: str) -> Made:
            areas, period = tables.part(key)
            with ExitStack() as stack:
                sources = {area: PartitionKey(area, period).text for area in areas}
                stamps = {
                    area: stack.enter_context(finished(context, chain, exported, source))
                    for area, source in sources.items()
                }
                work = f"{product.name}/zonal_stats/{key.replace('|', '/')}/{_identity(stamps, zones)}-{version[:12]}"
                with tables_io.place.unfinished(work) as local, counted(orders.session) as count:
                    progress = PieceProgress(context, key, "requests", piece_listener)
                    here = tables.zones_of(zones, areas)
                    found = zone_orders.measured(here, areas, period, folder=local, progress=progress)
                    table = NewTable(found.table, columns, tables.tags(zones, wanted, period))
                    tables_io.store(context.asset_key, key, table)
            without = sum(not orders.has_images(source) for source in sources.values())
            shown = tables.shown(found.table, zones, areas=len(areas), without_images=without)
            asked = {"requests spared": found.reused, INTERACTIVE: count.requests}
            provenance = {names.ZONES_VERSION: version, names.ROOT: tables_io.place.address}
            return Made({**shown, **asked, **provenance}, metadata.table_preview(found.table, columns))

        try:
            return each_partition(context, make)
        finally:
            tables.join(context, tables_io)

    return zonal_stats


def _sources(tables: ZoneTables, partitions: Sequence[str]) -> list[str]:
    """Partitions of `export` that partitions are made of."""
    parts = [tables.part(key) for key in partitions]
    return [PartitionKey(area, period).text for areas, period in parts for area in areas]


def _identity(stamps: Mapping[str, Stamp], zones: Zones) -> str:
    """Of all images and zones that a partition is made of: a table may change while its name stays."""
    images = {area: str(stamp.values[names.DIGEST]) for area, stamp in stamps.items()}
    return keys.digest({"images": images, "zones": zones.checksum})[:12]
