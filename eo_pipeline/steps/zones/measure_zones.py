"""Statistics of zones over the mosaics of one period.

The mosaics are areas of one product on one pixel lattice; a zone is measured over all of them together. Does not belong
here: which statistics there are, and how tables are stored.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from odc.geo.geobox import GeoBox

from eo_pipeline.core.kernels.records import Runs
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.cell_areas import row_areas
from eo_pipeline.core.zonal.class_tally import ClassTally
from eo_pipeline.core.zonal.closed_zones import ClosedZones
from eo_pipeline.core.zonal.columns import Form, zone_columns
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Keep
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError
from eo_pipeline.steps.zones.coverage import Coverage, coverage_key, coverage_of, kept_coverage
from eo_pipeline.steps.zones.coverage_cache import coverage_folder, written_coverage
from eo_pipeline.steps.zones.engine import Measure, Progress, add_up
from eo_pipeline.steps.zones.factors import ground_areas, weights_of
from eo_pipeline.steps.zones.ground import Ground, GroundPixels, ground_of
from eo_pipeline.steps.zones.totals import no_sums
from eo_pipeline.storage.raster_handles import RasterHandles

THREADS = 4
"""That read and add up, unless told otherwise."""


def measure_zones(
    zones: Zones,
    rasters: Sequence[Path],
    wanted: Wanted,
    period: Period,
    *,
    areas: Sequence[GeoBox] = (),
    weights: Path | None = None,
    cache: Path | None = None,
    form: Form = "wide",
    geometry: bool = False,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure every zone over the rasters of one period.

    Args:
        zones: in any CRS; they may cross rasters.
        rasters: mosaics on one lattice; none if the period has no image.
        wanted: what is measured; bands are found by name in the rasters.
        period: of the rasters.
        areas: grids of every area of the period, with images or without; those of the rasters if empty.
        weights: a raster on the same lattice whose first band weighs pixels; for weighted_mean.
        cache: folder on a local disk that keeps which pixels zones hold, for later dates of the same grid.
        form: wide, a row a zone; long, a row a zone and number.
        geometry: whether shapes are told, too; the table is then a GeoDataFrame in the zones' CRS.
        threads: that read and add up.
        progress: told of every zone that is complete.

    Returns:
        Rows in the zones' order, with the columns of core.zonal.columns.zone_columns, in physical units. A zone that
        touches no raster has count 0 and nulls.

    Raises:
        ZonesError: no zone touches any area, or two columns would have one name.
        TilesError: a raster cannot be read or does not hold the bands.
        GridMismatchError: the rasters do not lie on one lattice.
    """
    zone_columns(zones.id_column, wanted)
    results = results_of_zones(
        zones, rasters, wanted, areas=areas, weights=weights, cache=cache, threads=threads, progress=progress
    )
    return zone_table(zones, wanted, results, period, form=form, geometry=geometry)


def results_of_zones(
    zones: Zones,
    rasters: Sequence[Path],
    wanted: Wanted,
    *,
    areas: Sequence[GeoBox] = (),
    weights: Path | None = None,
    cache: Path | None = None,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Results:
    """Measure every zone over the rasters of one period, as asked for; the pixels are read once.

    Args:
        zones: in any CRS; they may cross rasters.
        rasters: mosaics on one lattice; none if the period has no image.
        wanted: what is measured, by which rule.
        areas: grids of every area of the period, with images or without; those of the rasters if empty.
        weights: a raster on the same lattice whose first band weighs pixels; for weighted_mean.
        cache: folder on a local disk that keeps which pixels zones hold, for later dates of the same grid.
        threads: that read and add up.
        progress: told of every zone that is complete.

    Raises:
        ZonesError: no zone touches any area, or there are no weights for weighted_mean.
        TilesError: a raster cannot be read or does not hold the bands.
        GridMismatchError: the rasters do not lie on one lattice.
    """
    if wanted.weighted and weights is None:
        raise ZonesError("weights: expected a raster beside the statistic weighted_mean, got none; name one")
    ground = ground_of(rasters, areas, wanted.bands) if zones.ids and (rasters or areas) else None
    closed = ClosedZones(len(zones.ids), wanted)
    if ground is None:
        nothing = no_sums(len(zones.ids), len(wanted.bands))
        return Results(sums=nothing, closed=closed, weighted=nothing, there=np.zeros(len(zones.ids), np.bool_))
    with RasterHandles() as opened, _covered(zones, ground, wanted, cache) as (coverage, keep_runs):
        plain = Measure(keep=wanted.keep, on_closed=closed)
        measures = {"plain": plain, **_weighed(ground, wanted, weights, opened)}
        sums = add_up(
            coverage.blocks,
            len(zones.ids),
            GroundPixels(ground, wanted.bands, opened),
            coverage.runs_of,
            measures=tuple(measures.values()),
            threads=threads,
            progress=progress,
            on_runs=keep_runs,
        )
    found = dict(zip(measures, sums, strict=True))
    tally = measures["areas"].on_closed if "areas" in measures else None
    return Results(
        sums=found["plain"],
        closed=closed,
        weighted=found.get("weights"),
        areas=tally if isinstance(tally, ClassTally) else None,
        area=_pixel_area(ground) if wanted.areas and tally is None else 1.0,
        there=coverage.there,
    )


def _weighed(ground: Ground, wanted: Wanted, weights: Path | None, rasters: RasterHandles) -> dict[str, Measure]:
    """What must be added up besides plain pixels: those weighed by a raster, and classes by their ground."""
    measures = {}
    if weights is not None and wanted.weighted:
        measures["weights"] = Measure(factors=weights_of(weights, ground.grid, rasters))
    if wanted.areas and _in_degrees(ground.grid):
        tally = ClassTally(wanted, by_weight=True)
        measures["areas"] = Measure(factors=ground_areas(ground.grid), keep=Keep.CLASSES, on_closed=tally)
    return measures


@contextmanager
def _covered(
    zones: Zones, ground: Ground, wanted: Wanted, cache: Path | None
) -> Iterator[tuple[Coverage, Callable[[Runs], None] | None]]:
    """The zones' pixels, kept from an earlier date if they may be, and who takes those of every block to keep them."""
    key = coverage_key(zones, ground, wanted)
    if cache is None or key is None:
        yield coverage_of(zones, ground, wanted), None
    elif (kept := kept_coverage(cache, key)) is not None:
        yield kept, None
    else:
        made = coverage_of(zones, ground, wanted)
        with written_coverage(coverage_folder(cache, key), key, made.blocks, made.there) as writer:
            yield made, writer.add


def _in_degrees(grid: GeoBox) -> bool:
    return grid.crs is not None and bool(grid.crs.geographic)


def _pixel_area(ground: Ground) -> float:
    """Square metres of a pixel of a projected grid."""
    return float(row_areas(ground.grid)[0])
