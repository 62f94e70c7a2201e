"""Layouts that a person would shake the head at, and those that they would not."""

import math
from dataclasses import replace

import pytest
import shapely

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.exports.export_plan import tile_count
from eo_pipeline.core.exports.layout_advice import Layout, advise
from eo_pipeline.core.grids import Lattice, feature_areas

LATTICE = Lattice("EPSG:32633", 10, 0, 0)


SENSIBLE = Layout(
    lattice=LATTICE,
    areas=[LATTICE.geobox(left=2560 * n, bottom=0, right=2560 * (n + 1), top=2560) for n in range(50)],
    bands=[BandEncoding(name, "float32", 1.0, 0.0, math.nan, "", "", "continuous") for name in ("B4", "B8")],
    file_dimensions=12_800,
    max_pixels=10**12,
    partitions=600,
)


def fields(count: int, *, apart: int) -> Layout:
    """Windows of 20 x 20 pixels in one row."""
    squares = [(str(n), shapely.box(n * apart, 0, n * apart + 200, 200)) for n in range(count)]
    return replace(SENSIBLE, areas=[area.geobox for area in feature_areas(LATTICE, squares)])


def test_nothing_is_said_of_a_sensible_layout() -> None:
    assert advise(SENSIBLE, longest_seconds=3600) == []


def test_hundreds_of_tiny_areas_close_together_would_be_one_grid() -> None:
    [found] = advise(fields(300, apart=300))
    assert found == (
        "300 of 300 areas fit in one interactive request (48 MB, 32,768 pixels a side), yet each is a batch task in "
        "every period: area.cover with tile: 2560 makes 4 areas of the same ground, and export.route: interactive "
        "needs no queue. If they are training samples, `chips` cuts thousands of them a partition."
    )


def test_hundreds_of_tiny_areas_far_apart_are_fetched_interactively() -> None:
    [found] = advise(fields(300, apart=50_000))
    assert "a batch task in every period: export.route: interactive needs no queue." in found


def test_tiny_areas_that_are_measured_may_be_series_and_larger_ones_are_neither_series_nor_chips() -> None:
    [found] = advise(replace(fields(300, apart=50_000), measured=True))
    assert found.endswith("`series` does without pixels and without a partition each.")
    medium = [LATTICE.geobox(left=0, bottom=0, right=1500, top=200)] * 300
    [found] = advise(replace(SENSIBLE, areas=medium))
    assert found.endswith("needs no queue.")


@pytest.mark.parametrize("count", [1, 99])
def test_a_few_tiny_areas_are_fine(count: int) -> None:
    assert advise(fields(count, apart=300)) == []


def test_an_area_is_tiny_up_to_48_mb_and_32768_pixels_a_side() -> None:
    side = 2508  # 2508^2 x 8 bytes is just below 48 x 2^20, 2509^2 x 8 just above
    fits, too_large = ([LATTICE.geobox(left=0, bottom=0, right=s, top=s)] * 100 for s in (side, side + 1))
    assert len(advise(replace(SENSIBLE, areas=fits))) == 1
    assert advise(replace(SENSIBLE, areas=too_large)) == []
    long = [LATTICE.geobox(left=0, bottom=0, right=32_769, top=1)] * 100
    assert advise(replace(SENSIBLE, areas=long)) == []


def test_an_area_that_earth_engine_refuses() -> None:
    [found] = advise(replace(SENSIBLE, max_pixels=10**6))
    assert found.startswith(
        "The largest area has 6,553,600 pixels, more than export.max_pixels (1,000,000): Earth Engine"
    )


def test_an_area_that_is_too_large_for_one_task() -> None:
    large = LATTICE.geobox(left=0, bottom=0, right=80_000, top=80_000)
    [found] = advise(replace(SENSIBLE, areas=[*SENSIBLE.areas, large]))
    assert found.startswith("1 of 51 areas have more than 4,000,000,000 pixels (the largest 6,400,000,000)")


def test_an_export_that_may_run_for_days() -> None:
    [found] = advise(SENSIBLE, longest_seconds=7 * 86_400)
    assert found.startswith("One export may run 7.0 days, and Earth Engine ends a task after 10")


def test_an_export_of_thousands_of_files() -> None:
    [found] = advise(
        replace(SENSIBLE, areas=[LATTICE.geobox(left=0, bottom=0, right=25_600, top=25_600)], file_dimensions=512)
    )
    assert found.startswith("One export becomes up to 2,500 files of 512 pixels a side: raise export.file_dimensions")


def test_more_partitions_than_dagster_likes() -> None:
    [found] = advise(replace(SENSIBLE, partitions=36_500))
    assert found.startswith("The product has 36,500 partitions; beyond 20,000 Dagster's pages become slow")


@pytest.mark.parametrize(("columns", "rows", "tiles"), [(256, 256, 1), (257, 256, 2), (1000, 600, 12)])
def test_files_are_counted_by_rows_and_columns(columns: int, rows: int, tiles: int) -> None:
    assert tile_count(LATTICE.geobox(left=0, bottom=0, right=columns, top=rows), 256) == tiles
