"""The table of compute as metadata: products by month, and the project's total against its allowance.

What does not belong here: making the table (`usage`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from eo_pipeline.core.compute.budget import allowance_of
from eo_pipeline.core.compute.compute_account import open_account
from eo_pipeline.core.compute.usage import SECONDS_AN_HOUR, Metered, ProductTotals, Unmetered, Usage, month_totals
from eo_pipeline.core.settings import Settings
from eo_pipeline.storage.places import Place
from eo_pipeline.storage.usage_table import UsageTable, table_path

_MONTHS_SHOWN = 12
_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("month", "string", description="UTC"),
        dg.TableColumn("product", "string"),
        dg.TableColumn("exports", "int", description="export tasks that ended"),
        dg.TableColumn("not succeeded", "int", description="of them failed or cancelled"),
        dg.TableColumn("EECU-hours of exports", "float"),
        dg.TableColumn("interactive requests", "int"),
        dg.TableColumn("EECU-hours of requests", "string", description="unmetered if Cloud Monitoring did not say"),
    ]
)


def usage_metadata(
    table: UsageTable, metered: Metered | Unmetered, month: str, *, settings: Settings, place: Place
) -> Mapping[str, Any]:
    """What a person sees of the table.

    Args:
        table: all months.
        metered: of the month.
        month: the present one.
        settings: whose project and tier.
        place: that the table is in.
    """
    account = open_account(month, [], rows=table.rows, operations=[], metered=metered, service=settings.service)
    allowance = allowance_of(settings.compute_tier, None).project
    used = account.used / SECONDS_AN_HOUR
    path = table_path(place)
    url = place.download_url(path)
    return {
        "month": month,
        "EECU-hours of the month": round(used, 4),
        **({} if allowance is None else {"allowance": float(allowance), "share": round(used / allowance, 4)}),
        "allowed": "no limit is known: set EO_COMPUTE_TIER" if allowance is None else settings.compute_tier,
        "metered": "by Cloud Monitoring" if isinstance(metered, Metered) else f"unmetered: {metered.reason}",
        "by product and month": totals_table(table.rows),
        "dagster/row_count": len(table.rows),
        "table": dg.MetadataValue.path(str(path)) if url is None else dg.MetadataValue.url(url),
    }


def totals_table(rows: Iterable[Usage]) -> dg.TableMetadataValue:
    """Sums by product of the last twelve months that have any, the present month first."""
    totals = month_totals(rows)
    months = sorted({month for month, _ in totals})[-_MONTHS_SHOWN:]
    newest_first = sorted((key for key in totals if key[0] in months), key=lambda key: key[1])
    newest_first.sort(key=lambda key: key[0], reverse=True)
    return dg.MetadataValue.table([_record(*key, totals[key]) for key in newest_first], _SCHEMA)


def _record(month: str, product: str, totals: ProductTotals) -> dg.TableRecord:
    interactive = totals.interactive_eecu_seconds
    ended = sum(totals.exports.values())
    return dg.TableRecord(
        {
            "month": month,
            "product": product,
            "exports": ended,
            "not succeeded": ended - totals.exports.get("succeeded", 0),
            "EECU-hours of exports": round(totals.batch_eecu_seconds / SECONDS_AN_HOUR, 4),
            "interactive requests": totals.requests,
            "EECU-hours of requests": "unmetered" if interactive is None else f"{interactive / SECONDS_AN_HOUR:.4f}",
        }
    )
