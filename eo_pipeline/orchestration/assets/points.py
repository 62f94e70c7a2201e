"""`points`: one row a point and period, with the values of its pixel, as Parquet and CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np

from eo_pipeline.core import keys
from eo_pipeline.core.points.places import Points
from eo_pipeline.core.points.table import STATE, PointState, point_columns, point_table
from eo_pipeline.core.product import Points as DeclaredPoints
from eo_pipeline.core.tables import Column
from eo_pipeline.earth_engine.point_requests import point_image
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
from eo_pipeline.steps.load_regions import load_regions
from eo_pipeline.steps.points.load_points import LoadedPoints, load_points
from eo_pipeline.steps.points.sample_points import PointOrder, SampledPoints, sample_points

_NAMED = 20
"""Points that are named in metadata."""


def build_points(chain: Chain, declared: DeclaredPoints) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key = chain.product, chain.key("export")
    columns = point_columns(declared.id, product.bands, product.area.crs)

    @dg.asset(
        key=chain.key("points"),
        deps=[export_key],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"parquet", "csv"},
        io_manager_key="tables_io",
        description=chain.describe(
            f"A row for each point of {declared.asset or declared.file}: the values of the pixel that holds it. A "
            "point belongs to one area."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.pieces_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        pool=REQUESTS_POOL,
        metadata={"dagster/column_schema": metadata.table_schema(columns)},
    )
    def points(  # noqa: PLR0917  # Dagster gives resources by name
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
            regions = load_regions(product.area, chain.areas, chain.regions_file)
            loaded = load_points(product, declared, regions, chain.pieces_file, lambda: orders.session)
            version = chain.pieces_version()
        run = _Run(orders, declared, loaded, columns)

        def make(key: str) -> Made:
            with finished(context, chain, exported, key) as export:
                digest = str(export.values[names.DIGEST])
                with tables_io.place.unfinished(run.work(key, digest)) as folder, counted(orders.session) as count:
                    progress = PieceProgress(context, key, "requests", piece_listener)
                    found = run.sampled(key, folder=folder, progress=progress)
                    table = run.table(key, found, digest)
                    tables_io.store(context.asset_key, key, table)
            provenance = {names.DIGEST: digest, names.ROOT: tables_io.place.address, names.PIECES_VERSION: version}
            told = _metadata(table, found, loaded, has_images=orders.has_images(key))
            asked = {INTERACTIVE: count.requests} if count.requests else {}
            return Made({**told, **asked, **provenance}, metadata.table_preview(table.rows, columns))

        return each_partition(context, make)

    return points


@dataclass(frozen=True)
class _Run:
    """The partitions of one run."""

    orders: PieceOrders
    declared: DeclaredPoints
    loaded: LoadedPoints
    columns: Sequence[Column]

    def points(self, key: str) -> Points:
        """Those of a partition's area."""
        return self.loaded.of(PartitionKey.parse(key).area)

    def work(self, key: str, digest: str) -> str:
        """Name of the folder of what came of a partition: only the same groups of the same points are in it."""
        asked = {"export": digest, "cell": self.declared.cell, "points": self.points(key).identity}
        return f"{self.orders.chain.product.name}/points/{key.replace('|', '/')}/{keys.digest(asked)[:12]}"

    def sampled(self, key: str, *, folder: Path, progress: PieceProgress) -> SampledPoints | None:
        """One partition; None if there is nothing to ask for."""
        points, chain = self.points(key), self.orders.chain
        if not self.orders.has_images(key) or not len(points):
            return None
        planned, geobox = self.orders.planned(key), chain.area(PartitionKey.parse(key)).geobox
        left, _, _, top = chain.product.area.lattice.window(geobox)
        image = point_image(planned.value, planned.bands, geobox, tag=keys.workload_tag(chain.product.name))
        order = PointOrder(image, points, self.declared.cell, (-top, left), self.declared.tolerance)
        return sample_points(self.orders.client, order, folder=folder, progress=progress)

    def table(self, key: str, found: SampledPoints | None, digest: str) -> NewTable:
        """What came; a period without images has a row a point all the same, without values."""
        chain, points = self.orders.chain, self.points(key)
        bands, count = chain.product.bands, len(points)
        rows = point_table(
            points,
            np.full((len(bands), count), np.nan) if found is None else found.stored,
            np.zeros(count, np.bool_) if found is None else found.failed,
            columns=self.columns,
            bands=bands,
            period=chain.period(PartitionKey.parse(key).period),
        )
        return NewTable(rows, self.columns, {**chain.tags(key, digest), "crs": chain.product.area.crs})


def _metadata(
    table: NewTable, found: SampledPoints | None, loaded: LoadedPoints, *, has_images: bool
) -> Mapping[str, Any]:
    states = table.rows[STATE].value_counts()
    shown: dict[str, Any] = {
        names.STATE: ("written" if len(table.rows) else "empty") if has_images else "no_images",
        "dagster/row_count": len(table.rows),
        **{f"points {state}": int(states.get(state, 0)) for state in PointState},
    }
    if found is not None and found.problems:
        shown["failures"] = "; ".join(f"{name}: {why}" for name, why in list(found.problems.items())[:_NAMED])
    if found is not None and found.reused:
        shown["requests spared"] = found.reused
    if outside := loaded.outside.ids.tolist():
        more = "" if len(outside) <= _NAMED else f" and {len(outside) - _NAMED:,} more"
        shown["points in no area"] = f"{len(outside):,}: {', '.join(outside[:_NAMED])}{more}"
    return shown
