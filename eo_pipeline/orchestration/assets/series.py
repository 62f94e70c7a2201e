"""`series`: one row a region and image or period, measured inside Earth Engine, as Parquet and CSV."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from eo_pipeline.core.product import Series
from eo_pipeline.core.series.columns import measured_bands, series_columns
from eo_pipeline.core.tables import Column
from eo_pipeline.earth_engine.session import counted
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import REQUESTS_POOL, as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import NewTable, Stored, TablesIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener, PieceProgress
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.steps.series.list_series import SeriesLists
from eo_pipeline.steps.series.measure_series import MeasuredSeries, measure_series

_NAMED = 20
"""Regions that failed and are named in metadata."""


def build_series(chain: Chain, declared: Series) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key = chain.product, chain.key("export")
    columns = series_columns(declared, measured_bands(product))

    @dg.asset(
        key=chain.key("series"),
        deps=[export_key],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"parquet", "csv"},
        io_manager_key="tables_io",
        description=chain.describe(
            f"A row for each region of {declared.asset or declared.file} and each "
            f"{'source image' if declared.of == 'images' else 'period'}: {', '.join(declared.statistics)}, weights "
            f"{declared.weights}, edges {declared.edges}. A region belongs to the area that holds a point inside it."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.pieces_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        pool=REQUESTS_POOL,
        metadata={"dagster/column_schema": metadata.table_schema(columns)},
    )
    def series(  # noqa: PLR0917  # Dagster gives resources by name
        context: dg.AssetExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        tables_io: dg.ResourceParam[TablesIO],
        piece_listener: dg.ResourceParam[PieceListener],
    ) -> Stored:
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)
        orders = PieceOrders(chain, Services(earth_engine, cloud_storage, drive), exported)
        with for_all_partitions(context):
            lists = SeriesLists(orders.session, product, chain.areas, chain.pieces_file)
            version = chain.pieces_version()
        told = {"regions": str(declared.asset or declared.file), "weights": declared.weights, "edges": declared.edges}

        def make(key: str) -> Made:
            with finished(context, chain, exported, key) as export:
                digest, partition = str(export.values[names.DIGEST]), PartitionKey.parse(key)
                work = f"{product.name}/series/{partition.area}/{partition.period}/{digest[:12]}-{version[:12]}"
                with tables_io.place.unfinished(work) as local, counted(orders.session) as count:
                    progress = PieceProgress(context, key, "requests", piece_listener)
                    found = _measured(orders, lists, key, local, progress) if orders.has_images(key) else None
                    table = NewTable(_rows(found, columns), columns, {**told, **chain.tags(key, digest)})
                    tables_io.store(context.asset_key, key, table)
            provenance = {names.DIGEST: digest, names.ROOT: tables_io.place.address, names.PIECES_VERSION: version}
            shown = {**_metadata(found, len(table.rows), count.requests), **provenance}
            return Made(shown, metadata.table_preview(table.rows, columns))

        return each_partition(context, make)

    return series


def _measured(
    orders: PieceOrders, lists: SeriesLists, key: str, folder: Path, progress: PieceProgress
) -> MeasuredSeries:
    """One partition, once its recipe and images are those of its submission."""
    orders.planned(key)
    partition = PartitionKey.parse(key)
    order = lists.order(
        partition.area,
        orders.chain.period(partition.period),
        native_resolution=orders.native_resolution,
        folder=folder,
    )
    return measure_series(orders.client, order, folder=folder, progress=progress)


def _rows(found: MeasuredSeries | None, columns: Sequence[Column]) -> pd.DataFrame:
    """What was measured; a period without images has no rows."""
    return found.table if found is not None else pd.DataFrame(columns=[column.name for column in columns])


def _metadata(found: MeasuredSeries | None, rows: int, requests: int) -> dict[str, Any]:
    if found is None:
        return {names.STATE: "no_images", "dagster/row_count": 0}
    failed = "; ".join(f"{region}: {why}" for region, why in list(found.failed.items())[:_NAMED])
    return {
        names.STATE: "written" if rows else "empty",
        "dagster/row_count": rows,
        "regions": found.regions,
        "images": found.images,
        "requests spared": found.reused,
        INTERACTIVE: requests,
        **({"regions that failed": len(found.failed), "failures": failed} if failed else {}),
    }
