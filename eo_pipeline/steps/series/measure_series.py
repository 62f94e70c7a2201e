"""Measure regions over images inside Earth Engine: many requests, each for a batch of regions and images.

Batches that came are kept in a folder, so that a run after a kill asks only for the others. What does not belong here:
which regions and images there are (`list_regions`), one request (`series_asks`), and where the table goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.series.batches import PAYLOAD_BYTES, Batch, Limits, batches
from eo_pipeline.core.series.statistics import Sums
from eo_pipeline.core.series.table import Rows, series_table
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.errors import SeriesError
from eo_pipeline.steps.asking.ask_all import Progress, Report, ask_all
from eo_pipeline.steps.series.series_asks import SeriesAsk, SeriesOrder
from eo_pipeline.storage.kept_answers import keep, kept

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
    run = _Run(client, order, folder, patience, progress)
    run.all_of(batches(order.work.regions, order.work.images, limits=limits))
    _check(run)
    work, reduction = order.work, order.reduction
    images = 1 if work.images is None else len(work.images)
    return MeasuredSeries(
        series_table(reduction.series, reduction.bands, period=reduction.period, work=work, rows=run.rows),
        len(work.regions),
        images,
        run.requests,
        run.reused,
        run.failed,
    )


@dataclass
class _Run:
    """One call."""

    client: InteractiveClient
    order: SeriesOrder
    folder: Path
    patience: Patience | None
    progress: Progress | None
    rows: Rows = field(default_factory=list)
    failed: dict[str | int, str] = field(default_factory=dict)
    lost: int = 0
    requests: int = 0
    reused: int = 0
    stopped: str = ""
    passing: int = 0

    def all_of(self, wanted: Iterable[Batch]) -> None:
        """Ask for batches; what fails for another reason than its size is asked for in halves until it is isolated."""
        missing = [batch for batch in wanted if not self._is_kept(batch)]
        while missing and not self.stopped:
            missing = self._asked([batch for batch in missing if not self._is_too_long(batch)])

    def _asked(self, missing: Sequence[Batch]) -> list[Batch]:
        """Ask once for each; gives the halves of those that failed."""
        report, again = Report(), list[Batch]()
        asks = ((batch, SeriesAsk(self.order, batch)) for batch in missing)
        answers = ask_all(
            self.client, asks, patience=self.patience, total=len(missing), progress=self.progress, report=report
        )
        with closing(answers) as found:
            for answer in found:
                if answer.value is not None:
                    keep(self.folder, answer.key.key, _plain(answer.value))
                    self.rows += answer.value
                elif (halves := answer.key.halves()) and not report.stopped:
                    again += [half for half in halves if not self._is_kept(half)]
                else:
                    self._lose(answer.key, answer.problem)
        self.requests += report.sent
        self.stopped = report.stopped
        self.passing = report.passing
        return again

    def _is_kept(self, batch: Batch) -> bool:
        answer = kept(self.folder, batch.key)
        if answer is None:
            return False
        self.rows += _measured(answer)
        self.reused += 1
        return True

    def _is_too_long(self, batch: Batch) -> bool:
        """A region whose outline alone is more than a request may have is lost without asking."""
        if len(batch.regions) > 1 or batch.regions[0].payload < PAYLOAD_BYTES // 2:
            return False
        size = len(SeriesAsk(self.order, batch).request().body or b"")
        if size <= PAYLOAD_BYTES:
            return False
        region = batch.regions[0]
        self._lose(
            batch,
            f"its outline has {region.vertices} vertices, {size / 2**20:.1f} MiB of the {PAYLOAD_BYTES // 2**20} MiB "
            "that a request may have; simplify it, divide it, or give the regions as an Earth Engine table (asset)",
        )
        return True

    def _lose(self, batch: Batch, problem: str) -> None:
        self.lost += batch.rows
        for region in batch.regions:
            self.failed.setdefault(region.id, problem)


def _plain(rows: Rows) -> list[Any]:
    return [[region, image, [asdict(sums) for sums in bands]] for region, image, bands in rows]


def _measured(plain: Iterable[Any]) -> Rows:
    return [(region, image, tuple(Sums(**sums) for sums in bands)) for region, image, bands in plain]


def _check(run: _Run) -> None:
    """Refuse more failures than the product tolerates."""
    series, total = run.order.reduction.series, run.order.work.pairs
    if run.stopped:
        raise SeriesError(f"series: {run.stopped} What came is kept; run the partition again", passes=run.passing > 0)
    if run.lost <= series.tolerance * total:
        return
    lines = "\n".join(f"  {series.id} {name}: {problem}" for name, problem in list(run.failed.items())[:_NAMED])
    rest = f"\n  and {len(run.failed) - _NAMED} more" if len(run.failed) > _NAMED else ""
    raise SeriesError(
        f"expected {total} rows of {len(run.order.work.regions)} regions, got {run.lost} that failed, more than "
        f"series.tolerance ({series.tolerance:g}) allows:\n{lines}{rest}\nthe others are kept; correct the regions, "
        "leave them out or raise the tolerance, and run the partition again",
        passes=run.passing > 0,
    )
