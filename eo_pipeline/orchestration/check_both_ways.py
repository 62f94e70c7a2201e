"""The check that zones measured inside Earth Engine have the numbers that the mosaics give.

What does not belong here: other checks (`checks`), and when two numbers are the same (`steps.zones.compare_places`).
"""

from collections.abc import Sequence

import dagster as dg

from eo_pipeline.core.product import ZoneTable
from eo_pipeline.orchestration.automation import when_quiet
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.io_managers import MosaicIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.pieces.zone_orders import ZoneOrders
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.orchestration.zone_tables import ZoneTables
from eo_pipeline.orchestration.zones_of_rasters import measured_mosaics
from eo_pipeline.steps.zones.compare_places import Comparison, Difference, compare, sample_of
from eo_pipeline.steps.zones.load_zones import load_zones

SAMPLE = 20
"""Zones that are measured twice."""
_LISTED = 20
"""Differences that are shown."""


def build_both_ways(chain: Chain, declared: ZoneTable) -> dg.AssetChecksDefinition:
    """The check of one product that has mosaics beside zones measured inside Earth Engine."""
    wide = declared.model_copy(update={"form": "wide", "geometry": False})
    tables = ZoneTables(chain, wide)

    @dg.asset_check(
        asset=chain.key("zonal_stats"),
        name="both_ways",
        additional_deps=[chain.key("mosaic")],
        automation_condition=when_quiet(),
        description=f"{SAMPLE} zones of the period that was measured last have the same numbers inside Earth Engine "
        f"and over the mosaics, but for a share of {declared.tolerance:g} (zones.tolerance).",
    )
    def both_ways(
        context: dg.AssetCheckExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        mosaic_io: dg.ResourceParam[MosaicIO],
    ) -> dg.AssetCheckResult:
        places = ledger.newest_places(context.instance, chain.key("zonal_stats"))
        if not places:
            return dg.AssetCheckResult(passed=True, description="Nothing is measured yet.")
        last = max(places, key=lambda key: places[key])
        areas, period = tables.part(last)
        sources = {area: PartitionKey(area, period).text for area in areas}
        exported = ledger.stamps(context.instance, chain.key("export"), list(sources.values()))
        orders = PieceOrders(chain, Services(earth_engine, cloud_storage, drive), exported)
        zones = load_zones(chain.product, chain.areas, chain.zones_file, lambda: orders.session)
        sample = sample_of(tables.zones_of(zones, areas), SAMPLE)
        in_service = ZoneOrders(tables, orders)
        with mosaic_io.place.workspace() as folder:
            there = in_service.measured(sample, areas, period, folder=folder).table
        found = {area: mosaic_io.load(chain.key("mosaic"), source) for area, source in sources.items()}
        here = measured_mosaics(tables, sample, in_service.wanted(sample), found, io=mosaic_io, period_key=period)
        return _told(compare(here, there, declared.id, tolerance=declared.tolerance), last, zones=len(sample.ids))

    return both_ways


def _told(found: Comparison, partition: str, *, zones: int) -> dg.AssetCheckResult:
    beyond = f", {len(found.beyond)} of them by more than zones.tolerance" if found.beyond else ""
    numbers = f"{found.numbers} numbers of {zones} zones"
    return dg.AssetCheckResult(
        passed=not found.beyond,
        description=f"{partition}: {numbers} differ by {found.largest:.2g} at most{beyond}.",
        metadata={
            "partition": partition,
            "zones": zones,
            "numbers": found.numbers,
            **({"differences": _table(found.beyond[:_LISTED])} if found.beyond else {}),
        },
    )


def _table(beyond: Sequence[Difference]) -> dg.TableMetadataValue:
    told = [(str(one.zone), one.column, f"{one.here:.9g}", f"{one.there:.9g}") for one in beyond]
    names = ("zone", "column", "mosaics", "Earth Engine")
    records = [dg.TableRecord(dict(zip(names, one, strict=True))) for one in told]
    columns = [dg.TableColumn(name, "string") for name in names]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))
