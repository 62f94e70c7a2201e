"""Statistics of zones over the rasters of one period.

The rasters are mosaics of a product's areas on one pixel lattice, or tiles that no mosaic was made of; a zone is
measured over all of them together. Does not belong here: which statistics there are, and how tables are stored.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from odc.geo.geobox import GeoBox

from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.mosaics import MosaicOptions, Overlap
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.columns import Form, zone_columns
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.mosaics.damaged import check_warped
from eo_pipeline.steps.zones.coverage import coverage_key, covered
from eo_pipeline.steps.zones.engine import Progress
from eo_pipeline.steps.zones.factors import weights_of
from eo_pipeline.steps.zones.ground import GroundPixels, ground_of
from eo_pipeline.steps.zones.measuring import THREADS, Measuring, check_weights, no_results
from eo_pipeline.storage.raster_handles import RasterHandles


def measure_zones(
    zones: Zones,
    rasters: Sequence[Path],
    wanted: Wanted,
    period: Period,
    *,
    areas: Sequence[GeoBox] = (),
    overlap: Overlap = "first",
    resampling: str | None = None,
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
        rasters: mosaics or tiles on one lattice; none if the period has no image.
        wanted: what is measured; bands are found by name in the rasters.
        period: of the rasters.
        areas: grids of every area of the period, with images or without; those of the rasters if empty. Pixels beyond
            the grid that holds them all are cut.
        overlap: which value of several rasters wins, as in a mosaic.
        resampling: how rasters in another CRS than the areas' are warped, as in a mosaic; they are refused if None.
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
        ProductError: `overlap` or `resampling` do not fit the bands, or bands differ in dtype or nodata.
        ZonesError: no zone touches any area, there are no weights for weighted_mean, or two columns would have one
            name.
        TilesError: a raster cannot be read or does not hold the bands.
        GridMismatchError: the rasters do not lie on one lattice.
    """
    zone_columns(zones.id_column, wanted)
    results = results_of_zones(
        zones,
        rasters,
        wanted,
        areas=areas,
        overlap=overlap,
        resampling=resampling,
        weights=weights,
        cache=cache,
        threads=threads,
        progress=progress,
    )
    return zone_table(zones, wanted, results, period, form=form, geometry=geometry)


def results_of_zones(
    zones: Zones,
    rasters: Sequence[Path] | Mapping[Path, RasterHeader],
    wanted: Wanted,
    *,
    areas: Sequence[GeoBox] = (),
    overlap: Overlap = "first",
    resampling: str | None = None,
    weights: Path | None = None,
    cache: Path | None = None,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Results:
    """What `measure_zones` makes its table of, in stored numbers; arguments and errors are the same.

    The pixels are read once. Rasters may come with headers that tell more than the files.
    """
    check_weights(wanted, weights)
    options = MosaicOptions(overlap, resampling)
    ground = ground_of(rasters, areas, wanted.bands, options) if zones.ids and (rasters or areas) else None
    if ground is None:
        return no_results(len(zones.ids), wanted)
    key = None if cache is None else coverage_key(zones, ground, wanted)
    with RasterHandles() as opened, covered(zones, ground, wanted, cache, key) as (coverage, keep_runs):
        check_warped(opened, ground.headers, ground.plan)
        factors = None if weights is None else weights_of(weights, ground.grid, opened)
        measuring = Measuring(wanted, ground.grid, factors, threads, progress)
        return measuring.results(coverage, GroundPixels(ground, wanted.bands, opened), keep_runs)
