"""All events of an asset after a place in the event log, page by page.

What does not belong here: what they say (`ledger`, `usage_events`).
"""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

_PAGE = 1000


def events_after(fetch: Callable[..., Any], key: dg.AssetKey, storage_id: int) -> Iterator[dg.EventLogRecord]:
    """Events oldest first.

    Args:
        fetch: `instance.fetch_materializations` or `instance.fetch_observations`.
        key: of the asset.
        storage_id: the place; 0 for all.
    """
    cursor = None
    while True:
        wanted = dg.AssetRecordsFilter(asset_key=key, after_storage_id=storage_id)
        page = fetch(wanted, limit=_PAGE, cursor=cursor, ascending=True)
        yield from page.records
        if not page.has_more:
            return
        cursor = page.cursor
