"""Which changes of assets are allowed, and the words in which others are refused. Not here: the changes."""

from dataclasses import dataclass

from eo_pipeline.sandbox.catalog.catalog import AssetType, Catalog
from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.catalog.user_assets.store import AssetStore
from eo_pipeline.sandbox.earth_engine.asset_names import (
    asset_id,
    is_project_root,
    is_root,
    is_well_formed,
    owner,
    root_of,
)
from eo_pipeline.sandbox.earth_engine.assets import missing_asset
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import LiveSettings


@dataclass(frozen=True)
class AssetRules:
    """Rules for the assets of clients."""

    store: AssetStore
    catalog: Catalog
    """All assets, those of others too."""
    settings: LiveSettings

    def existing(self, name: str, permission: str) -> UserAsset:
        """The asset of a resource name, which may be changed.

        Args:
            name: Resource name.
            permission: What is to be done, `earthengine.assets.delete`.

        Raises:
            ServiceError: 404, there is none; 403, it is not the clients'.
        """
        id_ = asset_id(name)
        asset = self.store.get(id_)
        if asset is None and self.catalog.asset(id_) is None:
            raise self.missing(id_)
        self._check_owner(id_, permission)
        if asset is None:
            raise self._denied(id_, permission)
        return asset

    def check_new(self, name: str, type_: AssetType, *, overwrite: bool = False) -> str:
        """The id of an asset that is about to be made.

        Args:
            name: Resource name.
            type_: Of the new asset.
            overwrite: Whether it may replace one of the same type.

        Raises:
            ServiceError: The id is malformed, taken, without parent, or not the client's.
        """
        id_, settings = asset_id(name), self.settings.now
        if not is_well_formed(id_):
            raise ServiceError(settings.malformed_asset_id.replace("{id}", id_[:200]))
        self._check_owner(id_, "earthengine.assets.create")
        self._check_parent(id_, type_)
        known = self.catalog.asset(id_)
        replaceable = overwrite and known is not None and known.type == type_ and self.store.get(id_) is not None
        if is_project_root(id_) or (known is not None and not replaceable):
            raise ServiceError(settings.existing_asset.replace("{id}", id_))
        return id_

    def check_room(self, id_: str, size_bytes: int) -> None:
        """Refuse an asset for which its project has no room.

        Args:
            id_: Of the asset that is about to be made; the one it replaces no longer counts.
            size_bytes: Of its files.

        Raises:
            ServiceError: There would be too many assets, or too many bytes of them.
        """
        root, settings = root_of(id_), self.settings.now
        others = [asset for asset in self.store.below(root) if asset.id != id_]
        if len(others) >= settings.asset_quota_count:
            raise _over(settings.asset_count_exceeded, root, settings.asset_quota_count)
        if size_bytes + sum(asset.size_bytes for asset in others) > settings.asset_quota_bytes:
            raise _over(settings.asset_bytes_exceeded, root, settings.asset_quota_bytes)

    def missing(self, id_: str) -> ServiceError:
        """The refusal of an id that is nobody's."""
        return missing_asset(id_, self.settings.now)

    def _check_owner(self, id_: str, permission: str) -> None:
        project = owner(id_)
        if project is None or project in self.settings.now.read_only_projects:
            raise self._denied(id_, permission)

    def _check_parent(self, id_: str, type_: AssetType) -> None:
        parent_id = id_.rpartition("/")[0]
        if is_root(id_) or is_project_root(parent_id):
            return
        parent = self.store.get(parent_id)
        if parent is None:
            raise self.missing(parent_id)
        if parent.type != "FOLDER" and not (parent.type == "IMAGE_COLLECTION" and type_ == "IMAGE"):
            raise ServiceError(self.settings.now.misplaced_asset.replace("{id}", id_))

    def _denied(self, id_: str, permission: str) -> ServiceError:
        message = self.settings.now.unwritable_asset.replace("{permission}", permission).replace("{id}", id_)
        return ServiceError(message, 403, "PERMISSION_DENIED")


def _over(message: str, root: str, limit: int) -> ServiceError:
    return ServiceError(message.replace("{root}", root).replace("{limit}", str(limit)), 429, "RESOURCE_EXHAUSTED")
