"""The work of one export, and what a finished one cost. What does not belong here: predicting (`rates`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """What decides how much an export costs.

    Attributes:
        area: partition key of the area.
        period: partition key of the period.
        pixels: rows x columns of the area.
        bands: of the exported file; 1 of a table, whose rows nobody knows before.
        tiles: files that Earth Engine splits the export into; 1 of a table or an asset.
        images: source images that are composited, None if nobody counted them.
    """

    area: str
    period: str
    pixels: int
    bands: int
    tiles: int
    images: int | None = None

    @property
    def values(self) -> int:
        """Pixels of all bands."""
        return self.pixels * self.bands


@dataclass(frozen=True)
class ExportRecord:
    """A finished export.

    Attributes:
        work: what was asked for.
        eecu_seconds: computed, 0 if the service did not say.
        queue_seconds: between creation and start.
        run_seconds: between start and end, 0 if unknown.
        ended: seconds since 1970, UTC.
        bytes: of all its tiles, None if they were not collected.
    """

    work: Work
    eecu_seconds: float
    queue_seconds: float
    run_seconds: float
    ended: float
    bytes: int | None = None

    @property
    def started(self) -> float:
        """Seconds since 1970 at which it began to run."""
        return self.ended - self.run_seconds
