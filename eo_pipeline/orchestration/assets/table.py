"""`table`: what a recipe computed inside Earth Engine, as Parquet and CSV with the meaning of its columns."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.product import Table
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.event_log.stored_submissions import place_of, read_parts
from eo_pipeline.orchestration.fan_out import Made, each_partition
from eo_pipeline.orchestration.io_managers import NewTable, Stored, TablesIO
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services, open_store
from eo_pipeline.steps.exports.collect_table import CollectedTable, collect_table


def build_table(chain: Chain, declared: Table) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key, columns = chain.product, chain.key("export"), declared.meanings

    @dg.asset(
        key=chain.key("table"),
        deps=[export_key],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"parquet", "csv"},
        io_manager_key="tables_io",
        description=chain.describe(
            "The exported table of each area and period on our side: its bytes, columns and values are verified."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.columns_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        metadata={"dagster/column_schema": metadata.table_schema(columns)},
    )
    def table(
        context: dg.AssetExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        tables_io: dg.ResourceParam[TablesIO],
    ) -> Stored:
        services = Services(earth_engine, cloud_storage, drive)
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)

        def make(key: str) -> Made:
            with finished(context, chain, exported, key) as export, tables_io.place.workspace() as folder:
                [part] = read_parts(export.values)
                store = open_store(place_of(export.values), services)
                found = collect_table(store, part.prefix, columns=columns, folder=folder, now=datetime.now(UTC))
            tables_io.store(context.asset_key, key, NewTable(found.rows, columns, chain.tags(key, part.digest)))
            if product.export.delete_remote:
                store.delete([found.name])
            provenance = _provenance(chain, export, tables_io)
            return Made({**_metadata(found), **provenance}, metadata.table_preview(found.rows, columns))

        return each_partition(context, make)

    return table


def _provenance(chain: Chain, export: Stamp, io: TablesIO) -> dict[str, Any]:
    return {
        names.DIGEST: str(export.values[names.DIGEST]),
        names.ROOT: io.place.address,
        names.COLUMNS_VERSION: chain.columns_version(),
    }


def _metadata(found: CollectedTable) -> dict[str, Any]:
    shown: dict[str, Any] = {
        names.STATE: "written" if len(found.rows) else "empty",
        "dagster/row_count": len(found.rows),
        "bytes": found.size,
        "crc32c": found.crc32c,
        "source": dg.MetadataValue.path(found.source),
    }
    return shown if len(found.rows) else {"note": "the recipe gave no rows", **shown}
