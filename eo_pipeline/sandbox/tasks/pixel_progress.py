"""How far a computation of pixels is, and what it costs. What does not belong here: the pixels."""

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.task_work import Report


class PixelProgress:
    """Counts computed pixels and tells the queue.

    Args:
        pixels: How many will be computed, those of each band counted.
        report: Tells the queue.
        settings: Give the price of a pixel.
    """

    def __init__(self, pixels: int, report: Report, settings: LiveSettings) -> None:
        self._all = pixels
        self._report = report
        self._settings = settings
        self._pixels = 0

    def computed(self, grid: Grid, *, band_count: int) -> None:
        """Another window of so many bands is computed; raises StopWorkError when the work shall end."""
        self._pixels += grid.width * grid.height * band_count
        done = self._pixels / self._all
        self._report(progress=done, eecu_seconds=done * self.eecu_seconds)

    @property
    def eecu_seconds(self) -> float:
        """EECU-seconds charged for everything."""
        return self._all / 1e6 * self._settings.now.eecu_seconds_per_megapixel
