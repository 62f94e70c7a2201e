"""Roots and folders of clients' assets, described and listed. What does not belong here: collections (`assets`)."""

from collections.abc import Mapping

from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id, asset_name, is_project_root
from eo_pipeline.sandbox.earth_engine.asset_rules import AssetRules
from eo_pipeline.sandbox.earth_engine.assets import Listing, ListQuery, describe
from eo_pipeline.sandbox.frame.paging import position_of, token_of
from eo_pipeline.sandbox.settings import Settings

LEGACY = "projects/earthengine-legacy/assets"
"""Holds the top folders of users and of legacy projects."""


def is_folder(rules: AssetRules, name: str) -> bool:
    """Whether a resource name is a root or a client's folder."""
    id_ = asset_id(name)
    found = rules.store.get(id_)
    return is_project_root(id_) if found is None else found.type == "FOLDER"


def describe_root(rules: AssetRules, name: str) -> dict[str, object]:
    """The top folder of a cloud project, which is always there, with what it holds and may hold."""
    id_ = asset_id(name)
    return {"type": "FOLDER", "name": id_, "id": id_, "quota": _quota(rules.store.below(id_), rules.settings.now)}


def list_folder(rules: AssetRules, name: str, query: ListQuery) -> Listing:
    """One page of a folder's assets, by id.

    Raises:
        ServiceError: The token is not one of ours.
    """
    id_, first = asset_id(name), position_of(query.page_token)
    children = _legacy_roots(rules) if id_ == LEGACY else rules.store.children(id_)
    found = [asset for asset in children if _passes(asset, query)]
    page = tuple(_entry(rules, asset, query) for asset in found[first : first + query.page_size])
    after = first + query.page_size
    return Listing(page, token_of(after) if after < len(found) else None)


def _legacy_roots(rules: AssetRules) -> list[UserAsset]:
    return [root for top in ("users", "projects") for root in rules.store.children(top)]


def _passes(asset: UserAsset, query: ListQuery) -> bool:
    """Whether an asset passes the filter; a start or an end excludes what has no time."""
    wanted, time = query.wanted, asset.start_ms
    if (wanted.start_ms is not None or wanted.end_ms is not None) and time is None:
        return False
    if wanted.start_ms is not None and time is not None and time < wanted.start_ms:
        return False
    if wanted.end_ms is not None and time is not None and time >= wanted.end_ms:
        return False
    return wanted.holds(asset.published_properties())


def _entry(rules: AssetRules, asset: UserAsset, query: ListQuery) -> Mapping[str, object]:
    name = asset_name(asset.id)
    return (
        {"type": asset.type, "name": name, "id": asset.id}
        if query.basic
        else describe(rules.catalog, name, rules.settings.now)
    )


def _quota(held: list[UserAsset], settings: Settings) -> dict[str, str]:
    """Whole numbers as texts, as JSON carries 64 bits."""
    numbers = {
        "sizeBytes": sum(asset.size_bytes for asset in held),
        "maxSizeBytes": settings.asset_quota_bytes,
        "assetCount": len(held),
        "maxAssets": settings.asset_quota_count,
    }
    return {name: str(number) for name, number in numbers.items()}
