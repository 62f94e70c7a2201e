"""Which requests start operations, and what work each kind is. What does not belong here: the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.tasks.asset_image_exports import ImageAssetExporter, decode_image_asset
from eo_pipeline.sandbox.tasks.asset_making import AssetMaker
from eo_pipeline.sandbox.tasks.asset_table_exports import TableAssetExporter, decode_table_asset
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.export_request import decode_export
from eo_pipeline.sandbox.tasks.exports import ImageExporter
from eo_pipeline.sandbox.tasks.image_ingestion import ImageIngestion
from eo_pipeline.sandbox.tasks.ingestion_sources import Fetch
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.table_exports import TableExporter, decode_table_export
from eo_pipeline.sandbox.tasks.table_ingestion import TableIngestion
from eo_pipeline.sandbox.tasks.task_work import Report, Work

TO_ASSET = "assetExportOptions"
"""The member of an export request that names an asset; without it the export is to files."""


def check_image_export(body: Mapping[str, object]) -> None:
    """Refuse the body of `image:export` if it is malformed; raises ServiceError."""
    (decode_image_asset if TO_ASSET in body else decode_export)(body)


def check_table_export(body: Mapping[str, object]) -> None:
    """Refuse the body of `table:export` if it is malformed; raises ServiceError."""
    (decode_table_asset if TO_ASSET in body else decode_table_export)(body)


@dataclass(frozen=True)
class Workshop:
    """Everything that operations work with."""

    engine: Engine
    delivery: Delivery
    assets: AssetMaker
    fetch: Fetch

    def work(self) -> dict[str, Work]:
        """The work of each kind of operation."""
        engine, settings = self.engine, self.delivery.settings
        image_files = ImageExporter(engine=engine, delivery=self.delivery)
        image_asset = ImageAssetExporter(engine=engine, assets=self.assets, settings=settings)
        table_files = TableExporter(engine=engine, delivery=self.delivery)
        table_asset = TableAssetExporter(engine=engine, assets=self.assets, settings=settings)
        return {
            "EXPORT_IMAGE": _by_destination(image_files, image_asset),
            "EXPORT_FEATURES": _by_destination(table_files, table_asset),
            "INGEST_IMAGE": ImageIngestion(self.fetch, self.assets, self.delivery),
            "INGEST_TABLE": TableIngestion(self.fetch, self.assets, self.delivery),
        }


def _by_destination(files: Work, asset: Work) -> Callable[[Operation, Report], tuple[str, ...]]:
    return lambda operation, report: (asset if TO_ASSET in operation.request else files)(operation, report)
