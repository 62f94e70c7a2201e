"""Zones' pixels of one date added up in every way that is asked for, and what comes of it.

Does not belong here: where pixels come from, and which of them a zone holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from eo_pipeline.core.kernels.records import Runs
from eo_pipeline.core.zonal.cell_areas import row_areas
from eo_pipeline.core.zonal.class_tally import ClassTally
from eo_pipeline.core.zonal.closed_zones import ClosedZones
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Keep
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError
from eo_pipeline.steps.zones.coverage import Coverage
from eo_pipeline.steps.zones.engine import Measure, Pixels, Progress, add_up
from eo_pipeline.steps.zones.factors import Factors, ground_areas
from eo_pipeline.steps.zones.totals import no_sums

THREADS = 4
"""That read and add up, unless told otherwise."""


@dataclass(frozen=True)
class Measuring:
    """How pixels of a grid are measured, whatever the date.

    Attributes:
        wanted: what is measured.
        grid: of the pixels.
        weights: by which pixels count for weighted_mean.
        threads: that read and add up.
        progress: told of every zone that is complete.
    """

    wanted: Wanted
    grid: GeoBox
    weights: Factors | None = None
    threads: int = THREADS
    progress: Progress | None = None

    def results(self, coverage: Coverage, pixels: Pixels, on_runs: Callable[[Runs], None] | None = None) -> Results:
        """Measure one date.

        Args:
            coverage: the pixels that zones hold on the grid.
            pixels: their numbers.
            on_runs: given the runs of every block, in order.
        """
        zones = len(coverage.there)
        closed = ClosedZones(zones, self.wanted)
        measures = {"plain": Measure(keep=self.wanted.keep, on_closed=closed), **self._weighed()}
        sums = add_up(
            coverage.blocks,
            zones,
            pixels,
            coverage.runs_of,
            measures=tuple(measures.values()),
            threads=self.threads,
            progress=self.progress,
            on_runs=on_runs,
        )
        found = dict(zip(measures, sums, strict=True))
        tally = measures["areas"].on_closed if "areas" in measures else None
        return Results(
            sums=found["plain"],
            closed=closed,
            weighted=found.get("weights"),
            areas=tally if isinstance(tally, ClassTally) else None,
            area=_pixel_area(self.grid) if self.wanted.areas and tally is None else 1.0,
            there=coverage.there,
        )

    def _weighed(self) -> dict[str, Measure]:
        """What must be added up besides plain pixels: those weighed by a raster, and classes by their ground."""
        measures = {}
        if self.weights is not None and self.wanted.weighted:
            measures["weights"] = Measure(factors=self.weights)
        if self.wanted.areas and self.grid.crs is not None and self.grid.crs.geographic:
            tally = ClassTally(self.wanted, by_weight=True)
            measures["areas"] = Measure(factors=ground_areas(self.grid), keep=Keep.CLASSES, on_closed=tally)
        return measures


def no_results(zones: int, wanted: Wanted) -> Results:
    """What comes of zones where nothing is measured."""
    nothing = no_sums(zones, len(wanted.bands))
    return Results(sums=nothing, closed=ClosedZones(zones, wanted), weighted=nothing, there=np.zeros(zones, np.bool_))


def check_weights(wanted: Wanted, weights: Path | None) -> None:
    """Refuse weighted_mean without a raster of weights.

    Raises:
        ZonesError: there is none.
    """
    if wanted.weighted and weights is None:
        raise ZonesError("weights: expected a raster beside the statistic weighted_mean, got none; name one")


def _pixel_area(grid: GeoBox) -> float:
    """Square metres of a pixel of a projected grid."""
    return float(row_areas(grid)[0])
