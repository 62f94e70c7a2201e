"""Dagster's history of single partitions, forgotten.

Dagster 1.13 wipes whole assets; `wipe_asset_partitions` is there, but its SQLite and Postgres storages do not support
it. So their rows of the event log are deleted; the log of each run stays on SQLite, where it is a file of its own.
What does not belong here: what the history means (`ledger`).
"""

from collections.abc import Sequence
from itertools import batched

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

_PARTITIONS_A_QUERY = 500


def forget(instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str]) -> None:
    """Delete every event of some partitions of an asset: materialisations, observations, plans.

    Dagster's cache of which partitions there are is counted anew. Nothing happens where nothing is left.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        instance.wipe_asset_partitions(key, partitions)
        return
    table = SqlEventLogStorageTable.c
    for some in batched(partitions, _PARTITIONS_A_QUERY):
        rows = (table.asset_key == key.to_string()) & table.partition.in_(some)
        with storage.index_connection() as connection:
            connection.execute(SqlEventLogStorageTable.delete().where(rows))
    instance.wipe_asset_cached_status([key])
