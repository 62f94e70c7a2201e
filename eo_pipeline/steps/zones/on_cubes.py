"""Statistics of zones over time: every slot of a cube, or some of them, one after another.

Which pixels zones hold is found out once and kept on disk for all slots; memory is that of one slot's table and of the
blocks being read. Does not belong here: how a cube is laid out, and which statistics there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
from eo_pipeline.steps.zones.measuring import Measuring, check_weights, no_results
from eo_pipeline.steps.zones.slot_pixels import CubePlace, SlotPixels
from eo_pipeline.storage.cubes.slots import StoredSlots
from eo_pipeline.storage.raster_handles import RasterHandles

Progress = Callable[[int, int], None]
"""Called with (slots measured, slots in all)."""
_OWN_KEY = "zones and grid of this run"


def results_of_cube(
    zones: Zones,
    cube: StoredSlots,
    wanted: Wanted,
    *,
    periods: Sequence[Period] | None = None,
    weights: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Period, Results]]:
    """Measure every zone in one slot after another; each chunk of a slot is read once.

    Args:
        zones: in any CRS.
        cube: open; all slots are those of its snapshot.
        wanted: what is measured; bands are found by name, and must be encoded as the cube's.
        periods: whose slots are measured, in order; all of the cube's if None.
        weights: a raster on the cube's lattice whose first band weighs pixels; for weighted_mean.
        progress: told of every slot that is complete.

    Yields:
        A slot's period, and its results in stored numbers, in the zones' order: what core.zonal.table.zone_table makes
        a table of. Where nothing was written, zones have no pixels.

    Raises:
        CubeError: the cube lacks a band or holds it in another encoding, or has no slot for a period.
        ZonesError: no zone touches the cube, or there are no weights for weighted_mean.
        GridMismatchError: the raster of weights does not lie on the cube's pixels.
        StorageError: the cube cannot be read.
    """
    check_weights(wanted, weights)
    check_bands(cube.variables, wanted.bands, cube=cube.address.uri)
    chosen = cube.periods if periods is None else tuple(periods)
    slots = [cube.slot_of(period) for period in chosen]
    place = CubePlace.of(cube, wanted.bands)
    with RasterHandles() as rasters, TemporaryDirectory() as own:
        factors = None if weights is None else weights_of(weights, cube.geobox, rasters)
        series = _Series(zones, cube, Measuring(wanted, cube.geobox, factors), place, Path(own), _OWN_KEY)
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
) -> pd.DataFrame:
    """Measure every zone in the slot of one period: the table that `measure_zones` gives of the period's mosaics.

    Args:
        zones: in any CRS.
        cube: open.
        wanted: as of `results_of_cube`.
        period: whose slot is measured; without one, zones have count 0 and nulls, as in a slot without images.
        areas: parts of the cube's grid that are measured; zones beyond are elsewhere; all of it if empty.
        weights: as of `results_of_cube`.
        cache: folder on a local disk that keeps which pixels zones hold for later runs; nothing is kept if None.
        form: wide, a row a zone; long, a row a zone and number.
        geometry: whether shapes are told, too; the table is then a GeoDataFrame in the zones' CRS.

    Raises:
        GridMismatchError: the areas or the raster of weights do not lie on the cube's pixels.
        ZonesError: as of `results_of_cube`, or two columns would have one name.
        CubeError, StorageError: see `results_of_cube`.
    """
    zone_columns(zones.id_column, wanted, form=form, geometry=geometry)
    check_weights(wanted, weights)
    check_bands(cube.variables, wanted.bands, cube=cube.address.uri)
    slot = cube.slot_of(period) if period in cube.periods else None
    place = CubePlace.of(cube, wanted.bands, areas)
    with RasterHandles() as rasters:
        factors = None if weights is None else weights_of(weights, cube.geobox, rasters)
        key = coverage_key(zones, place, wanted)
        series = _Series(zones, cube, Measuring(wanted, cube.geobox, factors), place, cache, key)
        return zone_table(zones, wanted, series.results(slot), period, form=form, geometry=geometry)


@dataclass(frozen=True)
class _Series:
    """The same zones in any slot of one cube; see `covered` for folder and key."""

    zones: Zones
    cube: StoredSlots
    measuring: Measuring
    place: CubePlace
    folder: Path | None
    key: str | None

    def results(self, slot: int | None) -> Results:
        """Measure a slot, counted from 0; None has no pixels."""
        wanted = self.measuring.wanted
        if not self.zones.ids:
            return no_results(0, wanted)
        with covered(self.zones, self.place, wanted, self.folder, self.key) as (coverage, keep_runs):
            pixels = SlotPixels(self.cube, slot, wanted.bands, self.place.areas)
            return self.measuring.results(coverage, pixels, keep_runs)
