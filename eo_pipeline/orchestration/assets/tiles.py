"""`tiles`: an export's files on our side, every byte and every pixel of the area verified."""

from typing import Any

import dagster as dg

from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.orchestration.automation import as_soon_as_possible, code_version, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.event_log.stored_submissions import place_of
from eo_pipeline.orchestration.fan_out import Made, each_partition
from eo_pipeline.orchestration.io_managers import Stored, TilesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services, names_in, open_store
from eo_pipeline.orchestration.tile_sources import TileSources, is_interactive
from eo_pipeline.steps.exports.collect_tiles import TileSet


def build_tiles(chain: Chain) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key = chain.product, chain.key("export")

    @dg.asset(
        key=chain.key("tiles"),
        deps=[export_key],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"geotiff"},
        io_manager_key="tiles_io",
        description=chain.describe(
            "The exported tiles on our side: sizes, CRC32C and complete cover of the area are verified."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=code_version(chain.tiles_version()),
        backfill_policy=grouped(),
        retry_policy=on_crash(),
    )
    def tiles(
        context: dg.AssetExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        tiles_io: dg.ResourceParam[TilesIO],
    ) -> Stored:
        services = Services(earth_engine, cloud_storage, drive)
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)
        sources = TileSources(chain, services, exported)

        def make(key: str) -> Made:
            with finished(context, chain, exported, key):
                found, requests = _collected(sources, tiles_io, key)
            tiles_io.store(context.asset_key, key, found)
            if product.export.delete_remote:
                _delete(found, exported[key], services)
            return Made(_metadata(found, tiles_io, requests))

        return each_partition(context, make)

    return tiles


def _collected(sources: TileSources, io: TilesIO, key: str) -> tuple[TileSet, int]:
    """The tiles, and how many interactive requests they took."""
    values = sources.exported[key].values
    digest = str(values[names.DIGEST])
    if values[names.STATE] == SubmissionState.NO_IMAGES.value:
        return TileSet("no_images", digest, "", ()), 0
    partition = PartitionKey.parse(key)
    folder = f"{sources.chain.product.name}/tiles/{partition.area}/{partition.period}/{digest[:12]}"
    with io.place.folder_to_fill(folder) as local:
        brought = sources.bring(key, local)
    return TileSet("collected", digest, folder, brought.tiles), brought.requests


def _delete(found: TileSet, export: ledger.Stamp, services: Services) -> None:
    """Delete what was exported; its tiles are recorded by now."""
    if found.state == "collected" and not is_interactive(export.values):
        store = open_store(place_of(export.values), services)
        store.delete(names_in((tile.source for tile in found.tiles), store))


def _metadata(found: TileSet, io: TilesIO, requests: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        names.STATE: found.state,
        names.DIGEST: found.digest,
        names.ROOT: io.place.address,
        "tiles": len(found.tiles),
        "bytes": found.bytes,
        "folder": dg.MetadataValue.path(str(io.place.path(found.folder))) if found.folder else "none",
    }
    return {**shown, INTERACTIVE: requests} if requests else shown
