"""Paths of assets: reading and listing all of them, changing those of clients. Not here: pixels (`computing`)."""

from dataclasses import dataclass, replace

from eo_pipeline.sandbox.catalog.catalog import Catalog
from eo_pipeline.sandbox.earth_engine.asset_filters import parse_filter, parse_shape
from eo_pipeline.sandbox.earth_engine.asset_folders import describe_root, is_folder, list_folder
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id, asset_name, is_project_root
from eo_pipeline.sandbox.earth_engine.assets import ListQuery, describe, list_images
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.image_listing import image_filter
from eo_pipeline.sandbox.earth_engine.table_pages import list_features
from eo_pipeline.sandbox.earth_engine.user_assets import UserAssets
from eo_pipeline.sandbox.frame.endpoints import Call, Handler
from eo_pipeline.sandbox.routes.calls import ASSET, PROJECT, Guarded, asset_name_of, page_size, project_of
from eo_pipeline.sandbox.settings import LiveSettings

_MAY = "earthengine.assets"
_VERSIONS = ("v1", "v1alpha")
"""Assets are read in both: GDAL asks in the older one."""


@dataclass(frozen=True)
class Assets:
    """Published assets, and those that clients made."""

    settings: LiveSettings
    engine: Engine
    catalog: Catalog
    user_assets: UserAssets

    def guarded(self, get_pixels: Handler) -> list[Guarded]:
        """Its paths, and that of an asset's pixels, which comes before the path of the asset alone."""
        changing = [
            Guarded("GET", f"{PROJECT}:listAssets", self.list_roots, f"{_MAY}.list"),
            Guarded("POST", f"{PROJECT}/assets", self.create_asset, f"{_MAY}.create"),
            Guarded("GET", f"{ASSET}:listFeatures", self.list_features, f"{_MAY}.get"),
            Guarded("POST", f"{ASSET}:copy", self.copy_asset, f"{_MAY}.create"),
            Guarded("POST", f"{ASSET}:move", self.move_asset, f"{_MAY}.update"),
            Guarded("POST", f"{ASSET}:getIamPolicy", self.get_policy, f"{_MAY}.getIamPolicy"),
            Guarded("POST", f"{ASSET}:setIamPolicy", self.set_policy, f"{_MAY}.setIamPolicy"),
            Guarded("PATCH", ASSET, self.update_asset, f"{_MAY}.update"),
            Guarded("DELETE", ASSET, self.delete_asset, f"{_MAY}.delete"),
        ]
        return [*changing, *(one for version in _VERSIONS for one in self._reading(version, get_pixels))]

    def _reading(self, version: str, get_pixels: Handler) -> list[Guarded]:
        asset = ASSET.replace("v1", version, 1)
        return [
            Guarded("POST", f"{asset}:getPixels", get_pixels, f"{_MAY}.get"),
            Guarded("GET", f"{asset}:listAssets", self.list_assets, f"{_MAY}.list"),
            Guarded("GET", f"{asset}:listImages", self.list_images, f"{_MAY}.list"),
            Guarded("GET", asset, self.get_asset, f"{_MAY}.get"),
        ]

    def get_asset(self, call: Call) -> dict[str, object]:
        """GET ASSET."""
        name = asset_name_of(call)
        if is_project_root(asset_id(name)):
            return describe_root(self.user_assets.rules, name)
        return self._described(name)

    def create_asset(self, call: Call) -> dict[str, object]:
        """POST projects/P/assets."""
        name = f"projects/{project_of(call)}/assets/{call.query.get('assetId', '')}"
        return self._described(self.user_assets.create(name, call.body))

    def copy_asset(self, call: Call) -> dict[str, object]:
        """POST ASSET:copy."""
        return self._described(self.user_assets.copy(asset_name_of(call), call.body))

    def move_asset(self, call: Call) -> dict[str, object]:
        """POST ASSET:move."""
        return self._described(self.user_assets.move(asset_name_of(call), call.body))

    def delete_asset(self, call: Call) -> dict[str, object]:
        """DELETE ASSET."""
        self.user_assets.delete(asset_name_of(call))
        return {}

    def update_asset(self, call: Call) -> dict[str, object]:
        """PATCH ASSET."""
        return self._described(self.user_assets.update(asset_name_of(call), call.body))

    def get_policy(self, call: Call) -> dict[str, object]:
        """POST ASSET:getIamPolicy."""
        return self.user_assets.policy(asset_name_of(call))

    def set_policy(self, call: Call) -> dict[str, object]:
        """POST ASSET:setIamPolicy."""
        return self.user_assets.set_policy(asset_name_of(call), call.body)

    def list_roots(self, call: Call) -> dict[str, object]:
        """GET projects/P:listAssets."""
        return self._listed(call, f"projects/{project_of(call)}/assets")

    def list_assets(self, call: Call) -> dict[str, object]:
        """GET ASSET:listAssets."""
        return self._listed(call, asset_name_of(call))

    def list_images(self, call: Call) -> dict[str, object]:
        """GET ASSET:listImages."""
        query = ListQuery(
            wanted=image_filter(call.query),
            page_size=page_size(call, self.settings),
            page_token=call.query.get("pageToken"),
            basic=False,
        )
        return list_images(self.catalog, asset_name_of(call), query, self.settings.now).published(key="images")

    def list_features(self, call: Call) -> dict[str, object]:
        """GET ASSET:listFeatures."""
        region = call.query.get("region")
        return list_features(
            self.engine,
            asset_id(asset_name_of(call)),
            replace(parse_filter(call.query.get("filter", "")), region=parse_shape(region) if region else None),
            page_token=call.query.get("pageToken"),
            page_size=min(call.whole("pageSize", self.settings.now.features_page), self.settings.now.features_page),
        )

    def _described(self, name_or_id: str) -> dict[str, object]:
        return describe(self.catalog, asset_name(asset_id(name_or_id)), self.settings.now)

    def _listed(self, call: Call, parent: str) -> dict[str, object]:
        query = ListQuery(
            wanted=parse_filter(call.query.get("filter", "")),
            page_size=page_size(call, self.settings),
            page_token=call.query.get("pageToken"),
            basic=call.query.get("view") == "BASIC",
        )
        if is_folder(self.user_assets.rules, parent):
            return list_folder(self.user_assets.rules, parent, query).published()
        return list_images(self.catalog, parent, query, self.settings.now).published()
