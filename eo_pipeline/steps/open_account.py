"""The month's account of a deployment: its table of compute, the operations listed now, and Cloud Monitoring.

What does not belong here: what may be used (`core.compute.budget`), and keeping the table.
"""

from collections.abc import Iterable
from datetime import datetime

from eo_pipeline.core.compute import compute_account
from eo_pipeline.core.compute.compute_account import Account
from eo_pipeline.core.compute.usage import month_of
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.metering import meter
from eo_pipeline.storage.places import Place
from eo_pipeline.storage.usage_table import read_usage


def open_account(
    settings: Settings, place: Place, products: Iterable[str], operations: Iterable[Operation], *, now: datetime
) -> Account:
    """What was used in the month of `now` and what is in flight; one request to Cloud Monitoring.

    Args:
        settings: whose project and service.
        place: the root, below which the table is; without one the listed operations count.
        products: that exports are to be sent for; those of the table are known as well.
        operations: all of the project's, as listed.
        now: aware.

    Raises:
        StorageError: the table cannot be read.
    """
    rows, month = read_usage(place).rows, month_of(now)
    return compute_account.open_account(
        month,
        dict.fromkeys([*products, *(row.product for row in rows)]),
        rows=rows,
        operations=operations,
        metered=meter(settings, month),
        service=settings.service,
    )
