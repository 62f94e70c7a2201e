"""How a task makes an asset: it appears whole, once, and only where it may. Not here: what is in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.sandbox.catalog.catalog import AssetType
from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id
from eo_pipeline.sandbox.earth_engine.asset_rules import AssetRules
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import flag, mapping, text
from eo_pipeline.sandbox.tasks.operations import Operation

Fill = Callable[[Path, UserAsset], UserAsset]
"""Writes an asset's files into an empty folder and returns the asset with everything that is known of it then."""


@dataclass(frozen=True)
class AssetTarget:
    """The asset that a request asks for."""

    name: str
    """Resource name."""
    overwrite: bool
    """Whether it may replace one of the same type."""


def decode_asset_target(options: Mapping[str, object]) -> AssetTarget:
    """The asset among the `assetExportOptions` of a request.

    Raises:
        ServiceError: No asset is named, or a field is of the wrong kind.
    """
    destination = mapping(options, "earthEngineDestination")
    return AssetTarget(_name(destination, "earthEngineDestination.name"), flag(destination, "overwrite"))


def decode_manifest_target(body: Mapping[str, object], manifest: Mapping[str, object]) -> AssetTarget:
    """The asset of a request to import a manifest.

    Raises:
        ServiceError: No asset is named, or a field is of the wrong kind.
    """
    return AssetTarget(_name(manifest, "manifest.name"), flag(body, "overwrite"))


def _name(fields: Mapping[str, object], path: str) -> str:
    name = text(fields, "name")
    if not name:
        raise ServiceError(f"Invalid value at '{path}': an asset name is required.")
    return name


@dataclass(frozen=True)
class AssetMaker:
    """Makes the assets of tasks."""

    rules: AssetRules

    def make(self, operation: Operation, target: AssetTarget, type_: AssetType, fill: Fill) -> tuple[str, ...]:
        """Make the asset and return the operation's destinationUris.

        An asset that the same operation made before the sandbox was stopped is not made again.

        Raises:
            ServiceError: It may not be made there, or there is no room.
        """
        id_, store = asset_id(target.name), self.rules.store
        known = store.get(id_)
        if known is None or known.maker != operation.name:
            self.rules.check_new(target.name, type_, overwrite=target.overwrite)
            with store.staged() as folder:
                self._publish(target, folder, fill(folder, UserAsset(id_, type_, maker=operation.name)))
        return (self.rules.settings.now.asset_uri.replace("{id}", id_),)

    def _publish(self, target: AssetTarget, folder: Path, asset: UserAsset) -> None:
        """The rules are asked again, since others may have made or deleted assets meanwhile."""
        with self.rules.store.changing():
            self.rules.check_new(target.name, asset.type, overwrite=target.overwrite)
            self.rules.check_room(asset.id, sum(path.stat().st_size for path in folder.iterdir()))
            self.rules.store.put(asset, folder)
