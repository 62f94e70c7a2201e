"""Statistics of zones over time: every slot of a cube, or some of them, one after another.

Which pixels zones hold is found out once and kept on disk for all slots; memory is that of one slot's table and of the
blocks being read. Does not belong here: how a cube is laid out, and which statistics there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas
import pandas as pd
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_bands import check_bands
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.columns import Form, zone_columns
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.coverage import coverage_key, covered
from eo_pipeline.steps.zones.factors import weights_of
from eo_pipeline.steps.zones.measuring import THREADS, Measuring, check_weights, no_results
from eo_pipeline.steps.zones.slot_pixels import CubePlace, SlotPixels
from eo_pipeline.storage.cubes.slots import StoredSlots
from eo_pipeline.storage.raster_handles import RasterHandles

Progress = Callable[[int, int], None]
"""Called with (slots measured, slots in all)."""
_OWN_KEY = "zones and grid of this run"


def measure_cube(
    zones: Zones,
    cube: StoredSlots,
    wanted: Wanted,
    *,
    periods: Sequence[Period] | None = None,
    weights: Path | None = None,
    cache: Path | None = None,
    form: Form = "wide",
    geometry: bool = False,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure every zone in every slot of a cube: one table, by slot, then as `tables_of_cube` gives them.

    For a table that does not fit into memory take `tables_of_cube`, which has the same arguments and errors.
    """
    tables = [*tables_of_cube(
        zones, cube, wanted, periods=periods, weights=weights, cache=cache, form=form, geometry=geometry,
        threads=threads, progress=progress,
    )]  # fmt: skip
    if tables:
        return pd.concat(tables, ignore_index=True)
    columns = [column.name for column in zone_columns(zones.id_column, wanted, form=form, geometry=geometry)]
    nothing = pd.DataFrame(columns=columns)
    return geopandas.GeoDataFrame(nothing, geometry="geometry", crs=str(zones.crs)) if geometry else nothing


def tables_of_cube(
    zones: Zones,
    cube: StoredSlots,
    wanted: Wanted,
    *,
    periods: Sequence[Period] | None = None,
    weights: Path | None = None,
    cache: Path | None = None,
    form: Form = "wide",
    geometry: bool = False,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Iterator[pd.DataFrame]:
    """Measure every zone in one slot after another; each chunk of a slot is read once.

    Args:
        zones: in any CRS.
        cube: open; all slots are those of its snapshot.
        wanted: what is measured; bands are found by name, and must be encoded as the cube's.
        periods: whose slots are measured, in order; all of the cube's if None.
        weights: a raster on the cube's lattice whose first band weighs pixels; for weighted_mean.
        cache: folder on a local disk that keeps which pixels zones hold for later runs; else they are kept for this
            one only, in a temporary folder.
        form: wide, a row a zone; long, a row a zone and number.
        geometry: whether shapes are told, too; tables are then GeoDataFrames in the zones' CRS.
        threads: that read and add up.
        progress: told of every slot that is complete.

    Yields:
        A slot's table: rows in the zones' order, with the columns of core.zonal.columns.zone_columns, in physical
        units. Where nothing was written, zones have count 0 and nulls.

    Raises:
        CubeError: the cube lacks a band or holds it in another encoding, or has no slot for a period.
        ZonesError: no zone touches the cube, there are no weights for weighted_mean, or two columns would have one
            name.
        GridMismatchError: the raster of weights does not lie on the cube's pixels.
        StorageError: the cube cannot be read.
    """
    zone_columns(zones.id_column, wanted, form=form, geometry=geometry)
    for period, results in results_of_cube(
        zones, cube, wanted, periods=periods, weights=weights, cache=cache, threads=threads, progress=progress
    ):
        yield zone_table(zones, wanted, results, period, form=form, geometry=geometry)


def results_of_cube(
    zones: Zones,
    cube: StoredSlots,
    wanted: Wanted,
    *,
    periods: Sequence[Period] | None = None,
    weights: Path | None = None,
    cache: Path | None = None,
    threads: int = THREADS,
    progress: Progress | None = None,
) -> Iterator[tuple[Period, Results]]:
    """What `tables_of_cube` makes its tables of, in stored numbers; arguments and errors are the same."""
    check_weights(wanted, weights)
    check_bands(cube.variables, wanted.bands, cube=cube.address.uri)
    chosen = cube.periods if periods is None else tuple(periods)
    slots = [cube.slot_of(period) for period in chosen]
    with RasterHandles() as rasters, TemporaryDirectory() as own:
        factors = None if weights is None else weights_of(weights, cube.geobox, rasters)
        series = _Series(zones, cube, Measuring(wanted, cube.geobox, factors, threads), cache, Path(own))
        for done, (slot, period) in enumerate(zip(slots, chosen, strict=True), start=1):
            yield period, series.results(slot)
            if progress is not None:
                progress(done, len(slots))


def measure_slot(
    zones: Zones,
    cube: StoredSlots,
    wanted: Wanted,
    period: Period,
    *,
    areas: Sequence[GeoBox] = (),
    weights: Path | None = None,
    cache: Path | None = None,
    form: Form = "wide",
    geometry: bool = False,
    threads: int = THREADS,
) -> pd.DataFrame:
    """Measure every zone in the slot of one period: the table that `measure_zones` gives of the period's mosaics.

    Args:
        zones: in any CRS.
        cube: open.
        wanted: as in `tables_of_cube`.
        period: whose slot is measured; without one, zones have count 0 and nulls, as in a slot without images.
        areas: parts of the cube's grid that are measured; zones beyond are elsewhere; all of it if empty.
        weights: as in `tables_of_cube`.
        cache: likewise; nothing is kept if None.
        form: likewise.
        geometry: likewise.
        threads: likewise.

    Raises:
        GridMismatchError: the areas or the raster of weights do not lie on the cube's pixels.
        CubeError, ZonesError, StorageError: see `tables_of_cube`.
    """
    zone_columns(zones.id_column, wanted, form=form, geometry=geometry)
    check_weights(wanted, weights)
    check_bands(cube.variables, wanted.bands, cube=cube.address.uri)
    slot = cube.slot_of(period) if period in cube.periods else None
    with RasterHandles() as rasters:
        factors = None if weights is None else weights_of(weights, cube.geobox, rasters)
        measuring = Measuring(wanted, cube.geobox, factors, threads)
        series = _Series(zones, cube, measuring, cache, own=None, areas=areas)
        return zone_table(zones, wanted, series.results(slot), period, form=form, geometry=geometry)


@dataclass(frozen=True)
class _Series:
    """The same zones in any slot of one cube; `own` is a folder that nobody else sees, None if nothing is kept."""

    zones: Zones
    cube: StoredSlots
    measuring: Measuring
    cache: Path | None
    own: Path | None
    areas: Sequence[GeoBox] = ()

    def results(self, slot: int | None) -> Results:
        """Measure a slot, counted from 0; None has no pixels."""
        wanted = self.measuring.wanted
        if not self.zones.ids:
            return no_results(0, wanted)
        with covered(self.zones, self._place, wanted, *self._kept) as (coverage, keep_runs):
            pixels = SlotPixels(self.cube, slot, wanted.bands, self._place.areas)
            return self.measuring.results(coverage, pixels, keep_runs)

    @cached_property
    def _place(self) -> CubePlace:
        return CubePlace.of(self.cube, self.measuring.wanted.bands, self.areas)

    @cached_property
    def _kept(self) -> tuple[Path | None, str]:
        """Folder and key of the zones' pixels: for later runs if they are wanted there, else for this one."""
        key = coverage_key(self.zones, self._place, self.measuring.wanted)
        return (self.own, _OWN_KEY) if self.cache is None or key is None else (self.cache, key)
