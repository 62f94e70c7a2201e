"""Table exports to assets: their request, and their work. What does not belong here: exports to files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.sandbox.catalog.user_assets.feature_files import write_features
from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.earth_engine.asset_updates import storable_properties
from eo_pipeline.sandbox.earth_engine.engine import Engine, Expression
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping
from eo_pipeline.sandbox.graph.collections import geometry_of
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.asset_making import AssetMaker, AssetTarget, decode_asset_target
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.table_exports import SECONDS_PER_FEATURE
from eo_pipeline.sandbox.tasks.task_work import Report


@dataclass(frozen=True)
class TableAssetRequest:
    """Which features become which asset."""

    expression: Expression
    target: AssetTarget


def decode_table_asset(body: Mapping[str, object]) -> TableAssetRequest:
    """Read the body of `table:export` to an asset.

    Raises:
        ServiceError: A field is missing or of the wrong kind.
    """
    return TableAssetRequest(mapping(body, "expression"), decode_asset_target(mapping(body, "assetExportOptions")))


class TableAssetExporter:
    """Does the work of `EXPORT_FEATURES` operations that make assets.

    Args:
        engine: Evaluates the expression.
        assets: Takes the asset.
        settings: Give the words of refusals.
    """

    def __init__(self, *, engine: Engine, assets: AssetMaker, settings: LiveSettings) -> None:
        self._engine = engine
        self._assets = assets
        self._settings = settings

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Make the asset of an operation and return its destination URIs.

        Raises:
            ServiceError: What the service would end the operation with.
        """
        request = decode_table_asset(operation.request)

        def fill(folder: Path, asset: UserAsset) -> UserAsset:
            count = write_features(folder, self._features(request, report))
            report(progress=1.0, eecu_seconds=count * SECONDS_PER_FEATURE)
            return asset

        return self._assets.make(operation, request.target, "TABLE", fill)

    def _features(self, request: TableAssetRequest, report: Report) -> Iterator[Feature]:
        """The features to store; before each, whoever waits is told."""
        for count, element in enumerate(self._engine.features(request.expression)):
            report(progress=0.5, eecu_seconds=count * SECONDS_PER_FEATURE)
            geometry = geometry_of(element)
            if geometry is None:
                raise ServiceError(self._settings.now.null_geometry)
            yield Feature(geometry, storable_properties(element.properties))
