"""Exports that tests make up. What does not belong here: expectations."""

from eo_pipeline.core.estimates.work import ExportRecord, Work


def work(period: str = "2024-01", area: str = "a", *, pixels: int = 1_000_000, images: int | None = None) -> Work:
    """A work of one band and one tile."""
    return Work(area, period, pixels, bands=1, tiles=1, images=images)


def record(
    done: Work,
    *,
    eecu: float = 100.0,
    run: float = 60.0,
    queue: float = 5.0,
    ended: float = 0.0,
    size: int | None = None,
) -> ExportRecord:
    """A finished export."""
    return ExportRecord(done, eecu, queue, run, ended, size)
