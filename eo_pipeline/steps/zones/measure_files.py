"""Zones measured over rasters or a cube that no product made, as one table in one file.

What does not belong here: opening what is measured (`sources`), and the table's columns (`core.zonal.columns`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.settings import Settings
from eo_pipeline.core.zonal.columns import Form, zone_columns
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Kind, Zones
from eo_pipeline.core.zonal.statistics import check_statistics, is_function
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.earth_engine.own_functions import own_function
from eo_pipeline.errors import CubeError, SettingsError, ZonesError
from eo_pipeline.steps.zones.measure_zones import results_of_zones
from eo_pipeline.steps.zones.on_cubes import results_of_cube
from eo_pipeline.steps.zones.sources import CubeSource, RasterSource, open_source
from eo_pipeline.steps.zones.wanted_zones import KINDS
from eo_pipeline.storage.growing_tables import check_table_name, growing_table
from eo_pipeline.storage.vectors import read_zones

Progress = Callable[[str, int, int], None]
"""Called with (zones or slots, how many are measured, how many there are)."""
FIRST = 5
"""Rows that are shown."""


@dataclass(frozen=True)
class Asked:
    """What a person asks for.

    Attributes:
        id_column: names the zones.
        statistics: names of core.zonal.statistics.
        rule: which pixels belong to a polygon.
        bands: names; all but counts if there are none.
        weights: raster for weighted_mean.
        form: wide, a row a zone; long, a row a zone and number.
        geometry: whether shapes are told, too.
        periods: keys of the cube's first and last period that are measured; all if None.
    """

    id_column: str
    statistics: tuple[str, ...] = ("mean", "count")
    rule: Rule = Rule.CENTER
    bands: tuple[str, ...] = ()
    weights: Path | None = None
    form: Form = "wide"
    geometry: bool = False
    periods: tuple[str, str] | None = None


@dataclass(frozen=True)
class MeasuredFile:
    """What was written.

    Attributes:
        path: the table.
        zones: in the file of zones.
        rows: of the table.
        slots: of the cube that were measured; None of rasters.
        without_pixels: zones without a usable pixel in any band and slot.
        mended: zones whose shapes were invalid.
        first: the first rows.
        notes: what a reader of the numbers should know, in sentences.
    """

    path: Path
    zones: int
    rows: int
    slots: int | None
    without_pixels: int
    mended: int
    first: pd.DataFrame
    notes: tuple[str, ...]


def measure_files(
    zones_file: Path,
    sources: Sequence[str],
    asked: Asked,
    path: Path,
    *,
    settings: Settings,
    progress: Progress | None = None,
) -> MeasuredFile:
    """Measure every zone and write one table; of a cube slot after slot, with the memory of one.

    Args:
        zones_file: polygons, points or lines in any CRS.
        sources: see `open_source`.
        asked: what is measured.
        path: of the table, ends in .parquet or .csv; complete or absent.
        settings: see `open_source`.
        progress: told while it goes on.

    Raises:
        SettingsError: the table's name, a source, a band or a period cannot be.
        ProductError: an unknown statistic.
        ZonesError: the zones cannot be used, or none touches what is measured.
        TilesError, GridMismatchError: rasters cannot be read, are not alike, or do not lie on one lattice.
        CubeError, StorageError: the cube cannot be read, or has no such band.
        DiskFullError: no space left; nothing stays behind.
    """
    check_table_name(path, geometry=asked.geometry)
    check_statistics(asked.statistics)
    zones = read_zones(zones_file, id_column=asked.id_column, kinds=KINDS)
    source = open_source(sources, settings)
    wanted = _wanted(asked, source.bands, zones.kind)
    dated = isinstance(source, CubeSource)
    columns = zone_columns(zones.id_column, wanted, form=asked.form, geometry=asked.geometry, dated=dated)
    notes = () if _is_masked(source) else _notes(wanted.bands)
    tags = {"zones": zones.source, "zones_sha256": zones.checksum, "rule": wanted.pixels, "source": ", ".join(sources)}
    with growing_table(path, columns=columns, tags={**tags, "notes": " ".join(notes)}) as add:
        written = _Written(zones, wanted, asked, add)
        for period, results in _measured(source, zones, wanted, asked, progress):
            written.add(period, results)
    return written.told(path, notes, dated=dated)


class _Written:
    """Counts what goes into the table."""

    def __init__(self, zones: Zones, wanted: Wanted, asked: Asked, add: Callable[[pd.DataFrame], None]) -> None:
        self._zones, self._wanted, self._asked, self._add = zones, wanted, asked, add
        self._has_pixels = np.zeros(len(zones.ids), np.bool_)
        self._rows = self._slots = 0
        self._first = pd.DataFrame()

    def add(self, period: Period | None, results: Results) -> None:
        """Write what was measured of one slot, or of rasters."""
        form, geometry = self._asked.form, self._asked.geometry
        table = zone_table(self._zones, self._wanted, results, period, form=form, geometry=geometry)
        self._add(table)
        self._first = table.head(FIRST) if not self._slots else self._first
        self._has_pixels |= (results.sums.count > 0).any(axis=1)
        self._rows, self._slots = self._rows + len(table), self._slots + 1

    def told(self, path: Path, notes: tuple[str, ...], *, dated: bool) -> MeasuredFile:
        """All of it."""
        return MeasuredFile(
            path=path,
            zones=len(self._zones.ids),
            rows=self._rows,
            slots=self._slots if dated else None,
            without_pixels=int((~self._has_pixels).sum()),
            mended=len(self._zones.repaired),
            first=self._first,
            notes=notes,
        )


def _measured(
    source: RasterSource | CubeSource, zones: Zones, wanted: Wanted, asked: Asked, progress: Progress | None
) -> Iterator[tuple[Period | None, Results]]:
    """Slot after slot of a cube; rasters at once."""
    what = "slots" if isinstance(source, CubeSource) else "zones"

    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress(what, done, total)

    if isinstance(source, CubeSource):
        periods = _periods(source, asked.periods)
        yield from results_of_cube(zones, source.slots, wanted, periods=periods, weights=asked.weights, progress=tell)
        return
    if asked.periods is not None:
        raise SettingsError("--periods: expected a cube beside it, got rasters, which have none; remove it")
    yield None, results_of_zones(zones, source.headers, wanted, weights=asked.weights, progress=tell)


def _periods(source: CubeSource, between: tuple[str, str] | None) -> tuple[Period, ...]:
    there = source.slots.periods
    if not there:
        raise CubeError(f"Expected slots in the cube {source.slots.address.uri}, got none; write some first.")
    if between is None:
        return there
    known = [period.key for period in there]
    if unknown := [key for key in between if key not in known]:
        raise SettingsError(f"--periods: expected periods of the cube ({known[0]} to {known[-1]}), got {unknown[0]!r}")
    first, last = (known.index(key) for key in between)
    if first > last:
        raise SettingsError(f"--periods: expected A..B with A before B, got {between[0]}..{between[1]}")
    return there[first : last + 1]


def _wanted(asked: Asked, bands: Sequence[BandEncoding], kind: Kind) -> Wanted:
    names = [band.name for band in bands]
    if unknown := [name for name in asked.bands if name not in names]:
        raise SettingsError(f"--bands: expected some of {', '.join(names)}, got {', '.join(unknown)}; correct them")
    if kind != "polygons" and asked.rule is not Rule.CENTER:
        raise ZonesError(
            f"--rule: expected no rule beside {kind}, got {asked.rule}; it says which pixels belong to a polygon, "
            "remove it"
        )
    if asked.weights is not None and "weighted_mean" not in asked.statistics:
        raise SettingsError("--weights: expected weighted_mean among --statistics beside it, got none; add it")
    by_name = {band.name: band for band in bands}
    usual = [band for band in bands if band.kind != "count"] or bands
    return Wanted(
        bands=tuple(by_name[name] for name in asked.bands) or tuple(usual),
        statistics=asked.statistics,
        kind=kind,
        rule=asked.rule,
        functions={name: own_function(name, field="--statistics") for name in asked.statistics if is_function(name)},
    )


def _is_masked(source: RasterSource | CubeSource) -> bool:
    """Whether masks of rasters say which pixels have a value."""
    return isinstance(source, RasterSource) and all(header.masked for header in source.headers.values())


def _notes(bands: Sequence[BandEncoding]) -> tuple[str, ...]:
    """What metadata do not say."""
    without = [band for band in bands if band.nodata is None]
    if not without:
        return ()
    but = " but NaN" if without[0].is_float else ""
    return (f"No nodata is declared of {', '.join(band.name for band in without)}: every pixel{but} counts.",)
