"""Measure regions over images inside Earth Engine: many requests, each for a batch of regions and images.

Batches that came are kept in a folder, so that a run after a kill asks only for the others. What does not belong here:
which regions and images there are (`list_regions`), one request (`series_asks`), and where the table goes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.region_batches import PAYLOAD_BYTES, Batch, Limits, batches
from eo_pipeline.core.series.statistics import Sums
from eo_pipeline.core.series.table import Rows, series_table
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.errors import SeriesError
from eo_pipeline.steps.asking.ask_all import Progress
from eo_pipeline.steps.asking.kept_batches import Handling, KeptBatches
from eo_pipeline.steps.series.series_asks import SeriesAsk, SeriesOrder

_NAMED = 10
"""Regions that are named in an error."""


@dataclass(frozen=True)
class MeasuredSeries:
    """What came.

    Attributes:
        table: rows by region, then time; columns of `core.series.columns.series_columns`.
        regions: that were measured.
        images: that were listed; 1 of a composite.
        requests: sent now, those that were refused included.
        reused: requests that an earlier run's answers spared.
        failed: why regions have no row for some image, by their id; at most `series.tolerance` of all rows.
    """

    table: pd.DataFrame
    regions: int
    images: int
    requests: int
    reused: int
    failed: Mapping[str | int, str]


def measure_series(
    client: InteractiveClient,
    order: SeriesOrder,
    *,
    folder: Path,
    limits: Limits | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> MeasuredSeries:
    """Measure every region over every image.

    Args:
        client: for interactive requests.
        order: what.
        folder: local, there already; gets a file a batch. Only what the same order left may be in it.
        limits: of one request.
        patience: how long trouble is borne.
        progress: told while answers come.

    Raises:
        SeriesError: more rows failed than `series.tolerance` allows: each region with its reason; the others are kept.
        DiskFullError: no room in the folder.
    """
    found = _Found(order)
    handling = Handling(
        lambda batch: SeriesAsk(order, batch), _plain, _measured, found.take, found.lose, found.too_long
    )
    run = KeptBatches(client, folder, handling, patience, progress)
    run.all_of(batches(order.work.regions, order.work.images, limits=limits))
    _check(found, stopped=run.stopped, passes=run.passing > 0)
    work, reduction = order.work, order.reduction
    images = 1 if work.images is None else len(work.images)
    return MeasuredSeries(
        series_table(reduction.series, reduction.bands, period=reduction.period, work=work, rows=found.rows),
        len(work.regions),
        images,
        run.requests,
        run.reused,
        found.failed,
    )


@dataclass
class _Found:
    """What came of the rows of one order.

    Attributes:
        order: what is measured.
        rows: measured ones.
        failed: why regions have no row for some image, by their id.
        lost: rows that failed.
    """

    order: SeriesOrder
    rows: Rows = field(default_factory=list)
    failed: dict[str | int, str] = field(default_factory=dict)
    lost: int = 0

    def take(self, _: Batch, rows: Rows) -> None:
        """Of one batch."""
        self.rows += rows

    def lose(self, batch: Batch, problem: str) -> None:
        """All rows of one batch."""
        self.lost += batch.rows
        for region in batch.regions:
            self.failed.setdefault(region.id, problem)

    def too_long(self, batch: Batch) -> str:
        """Why a region whose outline alone is more than a request may have is not asked for."""
        if len(batch.regions) > 1 or batch.regions[0].payload < PAYLOAD_BYTES // 2:
            return ""
        size = len(SeriesAsk(self.order, batch).request().body or b"")
        if size <= PAYLOAD_BYTES:
            return ""
        return (
            f"its outline has {batch.regions[0].vertices} vertices, {size / 2**20:.1f} MiB of the "
            f"{PAYLOAD_BYTES // 2**20} MiB that a request may have; simplify it, divide it, or give the regions as an "
            "Earth Engine table (asset)"
        )


def _plain(rows: Rows) -> list[Any]:
    return [[region, image, [asdict(sums) for sums in bands]] for region, image, bands in rows]


def _measured(plain: Iterable[Any]) -> Rows:
    return [(region, image, tuple(Sums(**sums) for sums in bands)) for region, image, bands in plain]


def _check(found: _Found, *, stopped: str, passes: bool) -> None:
    """Refuse more failures than the product tolerates."""
    series, total = found.order.reduction.series, found.order.work.pairs
    if stopped:
        raise SeriesError(f"series: {stopped} What came is kept; run the partition again", passes=passes)
    if found.lost <= series.tolerance * total:
        return
    lines = "\n".join(f"  {series.id} {name}: {problem}" for name, problem in list(found.failed.items())[:_NAMED])
    rest = f"\n  and {len(found.failed) - _NAMED} more" if len(found.failed) > _NAMED else ""
    raise SeriesError(
        f"expected {total} rows of {len(found.order.work.regions)} regions, got {found.lost} that failed, more than "
        f"series.tolerance ({series.tolerance:g}) allows:\n{lines}{rest}\nthe others are kept; correct the regions, "
        "leave them out or raise the tolerance, and run the partition again",
        passes=passes,
    )
