"""`tiles`: an export's files on our side, every byte and every pixel of the area verified."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
from odc.geo.geobox import GeoBox

from eo_pipeline.core.submissions import Part
from eo_pipeline.core.tile_names import ExpectedTiles
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration import ledger, names
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.fan_out import Made, each_partition
from eo_pipeline.orchestration.io_managers import Stored, TilesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.resources import CloudStorageResource
from eo_pipeline.orchestration.stored_submissions import place_of, read_parts
from eo_pipeline.steps.collect_tiles import TileSet, collect_tiles


class NotExportedError(EoPipelineError):
    """The partition has no finished export."""


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
        backfill_policy=grouped(),
        retry_policy=on_crash(),
    )
    def tiles(
        context: dg.AssetExecutionContext, cloud_storage: CloudStorageResource, tiles_io: dg.ResourceParam[TilesIO]
    ) -> Stored:
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)

        def make(key: str) -> Made:
            found = _collect(exported.get(key), chain, cloud_storage, tiles_io, key)
            tiles_io.store(context.asset_key, key, found)
            return Made(_metadata(found, tiles_io))

        return each_partition(context, make)

    return tiles


def _collect(
    export: ledger.Stamp | None, chain: Chain, storage: CloudStorageResource, io: TilesIO, key: str
) -> TileSet:
    if export is None:
        raise NotExportedError(
            f"{key}: expected a finished export, found none; materialise `submission` and leave the sensor "
            "`earth_engine_operations` running"
        )
    exported = export.values
    digest = str(exported[names.DIGEST])
    if exported[names.STATE] == "no_images":
        return TileSet("no_images", digest, "", ())
    partition = PartitionKey.parse(key)
    folder = f"{chain.product.name}/tiles/{partition.area}/{partition.period}/{digest[:12]}"
    bucket = storage.open(place_of(exported).removeprefix("gs://"))
    geobox = chain.area(partition).geobox
    parts = [expected_tiles(part, chain, geobox) for part in read_parts(exported)]
    with io.place.folder_to_fill(folder) as local:
        found = collect_tiles(bucket, parts, geobox=geobox, folder=local, now=datetime.now(UTC))
    if chain.product.export.delete_remote:
        bucket.delete(tile.source.removeprefix(f"gs://{bucket.name}/") for tile in found)
    return TileSet("collected", digest, folder, found)


def expected_tiles(part: Part, chain: Chain, geobox: GeoBox) -> ExpectedTiles:
    """What one operation wrote; a record of version 1 does not tell, since it always was the whole area."""
    if not part.file_dimensions:
        return ExpectedTiles(part.prefix, geobox, chain.product.file_dimensions)
    rows, columns = slice(part.row, part.row + part.height), slice(part.column, part.column + part.width)
    return ExpectedTiles(part.prefix, geobox[rows, columns], part.file_dimensions)


def _metadata(found: TileSet, io: TilesIO) -> dict[str, Any]:
    return {
        names.STATE: found.state,
        names.DIGEST: found.digest,
        names.ROOT: io.place.address,
        "tiles": len(found.tiles),
        "bytes": found.bytes,
        "folder": dg.MetadataValue.path(str(io.place.path(found.folder))) if found.folder else "none",
    }
