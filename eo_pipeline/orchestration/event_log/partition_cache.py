"""Dagster's cache of which partitions are there, held against the event log.

Whoever refreshes the cache reads the asset's record first, and afterwards which partition was planned last. If one
partition is materialised and another planned in between, the cache moves past an event that it never counted: that
partition is missing for the UI and for automation, for ever (dagster 1.13, `partition_status_cache`).
What does not belong here: what the events mean (`ledger`).
"""

from collections.abc import Iterable, Mapping

import dagster as dg
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.ledger import newest_places


def mend_caches(
    instance: dg.DagsterInstance, chains: Iterable[Chain], checked: Mapping[str, int]
) -> tuple[dict[str, int], list[str]]:
    """Forget the cache of every asset that lacks a partition; Dagster then counts the events anew.

    Args:
        instance: whose history it is.
        chains: whose assets.
        checked: up to which place in the event log the cache of each asset was found to be right.

    Returns:
        `checked` for the next call, and the assets whose cache was forgotten.
    """
    by_key = {chain.key(stage): chain.partitions(stage) for chain in chains for stage in chain.stages}
    places: dict[str, int] = {}
    mended = []
    for record in instance.get_asset_records(list(by_key)):
        key, cached = record.asset_entry.asset_key, record.asset_entry.cached_status
        name = key.to_user_string()
        if cached is None:
            continue
        if cached.latest_storage_id != checked.get(name) and _lacks_one(instance, key, cached, by_key[key]):
            instance.wipe_asset_cached_status([key])
            mended.append(name)
        else:
            places[name] = cached.latest_storage_id
    return places, mended


def _lacks_one(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    cached: AssetStatusCacheValue,
    partitions: dg.PartitionsDefinition[str],
) -> bool:
    """True if a partition that there still is was materialised, up to where the cache is, and not counted."""
    with dg.partition_loading_context(None, instance):
        if cached.partitions_def_id != partitions.get_serializable_unique_identifier():
            return False  # Dagster counts anew by itself
        counted = set(cached.deserialize_materialized_partition_subsets(partitions).get_partition_keys())
        places = newest_places(instance, key).items()
        missing = [name for name, place in places if place <= cached.latest_storage_id and name not in counted]
        return any(partitions.has_partition_key(name) for name in missing)
