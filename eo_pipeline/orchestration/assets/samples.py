"""`samples`: where chips are cut, planned once and kept, so that whoever cuts them again cuts the same ones."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from eo_pipeline.core.chips.found_places import FoundPlaces
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.chips.samples import COLUMNS, no_chips
from eo_pipeline.core.chips.samples_map import samples_map
from eo_pipeline.core.product import Chips
from eo_pipeline.earth_engine.session import counted
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import NewWorkList, Stored, WorkListIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.steps.chips.plan_samples import PlannedSamples, plan_samples
from eo_pipeline.steps.load_regions import load_regions


def build_samples(chain: Chain, declared: Chips) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key = chain.product, chain.key("export")

    @dg.asset(
        key=chain.key("samples"),
        deps=[export_key],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"parquet", "geopandas"},
        io_manager_key="samples_io",
        description=chain.describe(
            f"The chips of each area and period before they are cut ({declared.sampling}): places, pixels, labels and "
            "splits. The same seed gives the same places on every machine."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.pieces_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        metadata={"dagster/column_schema": metadata.table_schema(COLUMNS)},
    )
    def samples(
        context: dg.AssetExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        samples_io: dg.ResourceParam[WorkListIO],
    ) -> Stored:
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)
        orders = PieceOrders(chain, Services(earth_engine, cloud_storage, drive), exported)
        with for_all_partitions(context):
            regions = load_regions(product.area, chain.areas, chain.regions_file)
            version = chain.pieces_version()
        drawn: dict[str, FoundPlaces] = {}

        def make(key: str) -> Made:
            with finished(context, chain, exported, key) as export:
                found, requests = _planned(orders, declared, key, regions, drawn)
            tags = {"product": product.name, "partition": key, "pieces_version": version}
            samples_io.store(context.asset_key, key, NewWorkList(found.work, tags))
            provenance = {
                names.STATE: "written" if orders.has_images(key) else "no_images",
                names.DIGEST: str(export.values[names.DIGEST]),
                names.ROOT: samples_io.place.address,
                names.PIECES_VERSION: version,
            }
            asked = {INTERACTIVE: requests} if requests else {}
            where = dg.MetadataValue.path(str(samples_io.path(context.asset_key, key)))
            return Made(
                {**_metadata(found), "file": where, **asked, **provenance}, _pictures(chain, regions, found, key)
            )

        return each_partition(context, make)

    return samples


def _planned(
    orders: PieceOrders, declared: Chips, key: str, regions: Regions, drawn: dict[str, FoundPlaces]
) -> tuple[PlannedSamples, int]:
    """The work list, and how many interactive requests it took."""
    if not orders.has_images(key):
        return PlannedSamples(no_chips(), 0, {}, {}, ("no image is left after the filters",)), 0
    if not declared.asks_for_places:
        return _plan(orders, key, regions, drawn), 0
    with counted(orders.session) as count:
        found = _plan(orders, key, regions, drawn)
    return found, count.requests


def _plan(orders: PieceOrders, key: str, regions: Regions, drawn: dict[str, FoundPlaces]) -> PlannedSamples:
    chain, partition = orders.chain, PartitionKey.parse(key)
    return plan_samples(
        chain.product,
        chain.area(partition),
        chain.period(partition.period),
        regions=regions,
        places_file=chain.pieces_file,
        open_session=lambda: orders.session,
        drawn=drawn,
    )


def _metadata(found: PlannedSamples) -> dict[str, Any]:
    labels = found.work.table["label"].value_counts().sort_index()
    shown: dict[str, Any] = {"dagster/row_count": len(found.work), "chips": len(found.work)}
    if found.shares:
        shown["split"] = _listed({name: f"{share:.1%}" for name, share in found.shares.items()})
    if len(labels):
        shown["labels"] = _listed({str(name): f"{number:,}" for name, number in labels.items()})
    if found.notes:
        shown["note"] = "; ".join(found.notes)
    return shown


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _pictures(chain: Chain, regions: Regions, found: PlannedSamples, key: str) -> dict[str, Any]:
    """A map, and the first rows."""
    if not len(found.work):
        return {}
    title = f"{chain.product.name} {key}".replace("|", " · ")
    area = PartitionKey.parse(key).area
    png = samples_map(regions.polygon(area), chain.product.area.crs, found.work.table, title=title)
    return {"map": metadata.picture(png, title), **metadata.table_preview(found.work.table, COLUMNS)}
