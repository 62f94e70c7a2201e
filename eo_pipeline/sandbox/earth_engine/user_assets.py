"""Clients' assets as requests change them: create, copy, move, delete, update, policies.

What does not belong here: which changes are allowed (`asset_rules`), and reading assets (`assets`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from eo_pipeline.sandbox.catalog.catalog import AssetType
from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id
from eo_pipeline.sandbox.earth_engine.asset_rules import AssetRules
from eo_pipeline.sandbox.earth_engine.asset_updates import described, updated
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import flag, mapping, text

_ETAG = "ACAB"
_EMPTY_TYPES: tuple[AssetType, ...] = ("FOLDER", "IMAGE_COLLECTION")


@dataclass(frozen=True)
class UserAssets:
    """Changes assets; each method takes resource names and raises ServiceError in the service's words."""

    rules: AssetRules

    def create(self, name: str, body: Mapping[str, object]) -> str:
        """Make an empty folder or collection and return its id."""
        said = text(body, "type")
        type_ = next((known for known in get_args(AssetType) if known == said), None)
        if type_ not in _EMPTY_TYPES:
            raise ServiceError(f"sandbox: only {' and '.join(_EMPTY_TYPES)} can be created empty, got {said}.")
        with self.rules.store.changing():
            id_ = self.rules.check_new(name, type_)
            self.rules.check_room(id_, 0)
            self.rules.store.put(described(UserAsset(id_, type_), body))
        return id_

    def copy(self, source: str, body: Mapping[str, object]) -> str:
        """Copy an image or a table to `destinationName` and return its id; both share files, which never change."""
        id_, store = asset_id(source), self.rules.store
        info = self.rules.catalog.asset(id_)
        if info is None:
            raise self.rules.missing(id_)
        if info.type not in {"IMAGE", "TABLE"}:
            raise ServiceError(self.rules.settings.now.uncopyable_asset.replace("{id}", id_))
        asset = store.get(id_)
        if asset is None:
            raise ServiceError(f"sandbox: only assets of clients can be copied, got '{id_}'; export it to an asset.")
        with store.changing():
            new_id = self.rules.check_new(_destination(body), asset.type, overwrite=flag(body, "overwrite"))
            self.rules.check_room(new_id, asset.size_bytes)
            store.put(replace(asset, id=new_id, policy={}, maker=""))
        return new_id

    def move(self, source: str, body: Mapping[str, object]) -> str:
        """Move an asset, with what is in it, to `destinationName` and return its id."""
        with self.rules.store.changing():
            asset = self.rules.existing(source, "earthengine.assets.delete")
            new_id = self.rules.check_new(_destination(body), asset.type)
            if new_id.startswith(f"{asset.id}/"):
                raise ServiceError(f"Cannot move asset '{asset.id}' into itself.")
            self.rules.store.move(asset, new_id)
        return new_id

    def delete(self, name: str) -> None:
        """Delete an asset that holds no others."""
        asset = self.rules.existing(name, "earthengine.assets.delete")
        if self.rules.store.children(asset.id):
            raise ServiceError(self.rules.settings.now.asset_with_children.replace("{id}", asset.id))
        self.rules.store.remove(asset)

    def update(self, name: str, body: Mapping[str, object]) -> str:
        """Change properties, times or names of bands and return the id."""
        asset = self.rules.existing(name, "earthengine.assets.update")
        self.rules.store.put(updated(asset, body))
        return asset.id

    def policy(self, name: str) -> dict[str, object]:
        """The IAM policy of an asset; a new one has no bindings of its own."""
        id_ = asset_id(name)
        asset = self.rules.store.get(id_)
        if asset is None:
            if self.rules.catalog.asset(id_) is None:
                raise self.rules.missing(id_)
            return {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}], "etag": _ETAG}
        return {**asset.policy, "etag": _ETAG}

    def set_policy(self, name: str, body: Mapping[str, object]) -> dict[str, object]:
        """Replace the IAM policy of an asset."""
        asset = self.rules.existing(name, "earthengine.assets.setIamPolicy")
        parent = self.rules.store.get(asset.parent)
        if parent is not None and parent.type == "IMAGE_COLLECTION":
            raise ServiceError(self.rules.settings.now.asset_in_collection.replace("{id}", asset.id))
        self.rules.store.put(replace(asset, policy={"bindings": _bindings(mapping(body, "policy"))}))
        return self.policy(name)


def _destination(body: Mapping[str, object]) -> str:
    name = text(body, "destinationName")
    if not name:
        raise ServiceError("Invalid value at 'destination_name': a resource name is required.")
    return name


def _bindings(policy: Mapping[str, object]) -> list[dict[str, object]]:
    bindings = policy.get("bindings") or []
    if not isinstance(bindings, list) or not all(_is_binding(binding) for binding in bindings):
        raise ServiceError("Invalid value at 'policy.bindings': expected a list of roles with members.")
    return bindings


def _is_binding(binding: object) -> bool:
    if not isinstance(binding, dict) or not isinstance(binding.get("role"), str):
        return False
    members = binding.get("members") or []
    return isinstance(members, list) and all(isinstance(member, str) for member in members)
