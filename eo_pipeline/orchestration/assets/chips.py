"""`chips`: every sample of an area and period cut from Earth Engine, and the manifest of what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas

from eo_pipeline.core.chips.contact_sheet import contact_sheet
from eo_pipeline.core.chips.manifest import COLUMNS, manifest_of
from eo_pipeline.core.chips.samples import WorkList
from eo_pipeline.core.product import Chips
from eo_pipeline.earth_engine.chip_images import ChipSource
from eo_pipeline.earth_engine.session import counted
from eo_pipeline.errors import SamplesError
from eo_pipeline.orchestration import metadata
from eo_pipeline.orchestration.automation import REQUESTS_POOL, as_soon_as_possible, grouped, on_crash
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.exported import finished
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.fan_out import Made, each_partition, for_all_partitions
from eo_pipeline.orchestration.io_managers import ChipsIO, NewManifest, Stored, WorkListIO
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.pieces.chip_places import ChipPlaces, PlacedChips
from eo_pipeline.orchestration.pieces.chips_shown import chips_metadata
from eo_pipeline.orchestration.pieces.piece_orders import PieceOrders
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener, PieceProgress
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.orchestration.submissions.planner import pair
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.cut_chips import CutChips, cut_chips


def build_chips(chain: Chain, declared: Chips) -> dg.AssetsDefinition:
    """The asset for one product."""
    product, export_key = chain.product, chain.key("export")

    @dg.asset(
        key=chain.key("chips"),
        deps=[chain.key("samples")],
        partitions_def=chain.by_area_and_period,
        group_name=product.name,
        owners=product.owners,
        kinds={"zarr", "icechunk"} if declared.format == "zarr" else {declared.format, "parquet"},
        io_manager_key="chips_io",
        description=chain.describe(
            f"The chips of each area and period, {declared.size} pixels a side as {declared.format}, asked for one by "
            "one; what an earlier run cut is kept. A GeoParquet manifest lists what became of each."
        ),
        automation_condition=as_soon_as_possible(),
        code_version=chain.pieces_version()[:12],
        backfill_policy=grouped(),
        retry_policy=on_crash(),
        pool=REQUESTS_POOL,
        metadata={"dagster/column_schema": metadata.table_schema(COLUMNS)},
    )
    def chips(  # noqa: PLR0917  # Dagster gives them by name
        context: dg.AssetExecutionContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
        samples_io: dg.ResourceParam[WorkListIO],
        chips_io: dg.ResourceParam[ChipsIO],
        piece_listener: dg.ResourceParam[PieceListener],
    ) -> Stored:
        exported = ledger.stamps(context.instance, export_key, context.partition_keys)
        with for_all_partitions(context):
            version = chain.pieces_version()
        orders = PieceOrders(chain, Services(earth_engine, cloud_storage, drive), exported)
        samples = ledger.stamps(context.instance, chain.key("samples"), context.partition_keys)
        run = _Run(context, orders, samples, samples_io, chips_io, piece_listener, version)

        def make(key: str) -> Made:
            with finished(context, chain, exported, key) as export:
                return run.make(key, str(export.values[names.DIGEST]))

        return each_partition(context, make)

    return chips


@dataclass(frozen=True)
class _Run:
    """One run: each partition is cut, put in place and listed; `samples` are the newest materialisations of those."""

    context: dg.AssetExecutionContext
    orders: PieceOrders
    samples: Mapping[str, Stamp]
    samples_io: WorkListIO
    io: ChipsIO
    listener: PieceListener
    version: str

    @property
    def chain(self) -> Chain:
        return self.orders.chain

    def make(self, key: str, digest: str) -> Made:
        """Bring one partition's chips about."""
        work = self._samples(key, digest)
        has_images = self.orders.has_images(key)
        order = self._order(key, digest, has_images=has_images)
        requests = 0
        if has_images:
            with counted(self.orders.session) as count:
                placed = self._places.place(key, order, work, lambda folder: self._cut(key, order, work, folder))
            requests = count.requests
        else:
            placed = self._places.place(key, order, work, lambda folder: CutChips((), folder, 0, 0))
        rows = manifest_of(work, placed.outcomes, order.source.period)
        tags = {**order.tags, "export_digest": digest, "pieces_version": self.version}
        self.io.store(self.context.asset_key, key, NewManifest(rows, placed.folder, order.bands, tags))
        state = "written" if has_images else "no_images"
        provenance = {names.STATE: state, names.DIGEST: digest, names.ROOT: self.io.place.address}
        shown = {**chips_metadata(placed.cut), **self._where(key, placed), **provenance}
        asked = {INTERACTIVE: requests} if requests else {}
        return Made({**shown, **asked, names.PIECES_VERSION: self.version}, self._pictures(key, order, placed, rows))

    @property
    def _places(self) -> ChipPlaces:
        return ChipPlaces(self.io, self.context.asset_key, self.context.run.run_id)

    def _samples(self, key: str, digest: str) -> WorkList:
        """The work list of today's declaration and export.

        Raises:
            SamplesError: there is none.
        """
        values = self.samples.get(key, Stamp()).values
        if (values.get(names.DIGEST), values.get(names.PIECES_VERSION)) != (digest, self.version):
            raise SamplesError(
                f"{key}: expected samples of today's declaration and export, got none or earlier ones; materialise "
                "`samples` first"
            )
        return self.samples_io.load(self.chain.key("samples"), key)

    def _order(self, key: str, digest: str, *, has_images: bool) -> ChipOrder:
        """What chips are cut from, after making sure that it is what was submitted."""
        one_image = self.orders.planned(key).inputs.one if has_images else ""
        area, period = pair(self.chain, key)
        resolution = self.orders.native_resolution if has_images else None
        source = ChipSource(self.chain.product, area.key, area.geobox, period, resolution, one_image)
        return ChipOrder(source, digest, {"product": self.chain.product.name, "partition": key})

    def _cut(self, key: str, order: ChipOrder, work: WorkList, folder: Path) -> CutChips:
        progress = PieceProgress(self.context, key, "chips", self.listener)
        return cut_chips(self.orders.client, work, order, folder=folder, progress=progress)

    def _where(self, key: str, placed: PlacedChips) -> Mapping[str, Any]:
        manifest = dg.MetadataValue.path(str(self.io.path(self.context.asset_key, key)))
        return {"dagster/row_count": len(placed.outcomes), "manifest": manifest, **placed.shown}

    def _pictures(
        self, key: str, order: ChipOrder, placed: PlacedChips, rows: geopandas.GeoDataFrame
    ) -> Mapping[str, Any]:
        """The first chips side by side, and the first rows of the manifest."""
        if not placed.first:
            return {}
        title = f"{self.chain.product.name} {PartitionKey.parse(key).area} {order.source.period.key}"
        sheet = contact_sheet(placed.first, order.bands, title=title)
        return {"first chips": metadata.picture(sheet, title), **metadata.table_preview(rows, COLUMNS)}
