"""Zones over time on Icechunk cubes on disk, against rasterstats, shapely and plain numpy on the numbers written."""

from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pandas as pd
import pytest
import shapely
import zarr
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Transformer
from rasterio.features import rasterize
from rasterstats import zonal_stats
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.columns import zone_columns
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.rules import pixels_of
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.table import zone_table
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import CubeError, GridMismatchError, ZonesError
from eo_pipeline.steps.zones import coverage, slot_pixels
from eo_pipeline.steps.zones.on_cubes import measure_slot, results_of_cube
from eo_pipeline.storage.cubes import CubeAddress, StoredSlots, open_or_create_cube, open_slots
from eo_pipeline.storage.cubes.layout import array_at, describe, write_layout
from eo_pipeline_tests.raster_files import grid, write_raster
from eo_pipeline_tests.storage.cubes.examples import BANDS, LOWER_RIGHT, MONTH, RED, UPPER_LEFT, pixels, template
from eo_pipeline_tests.storage.cubes.test_regions import write

UTM = "EPSG:32633"
GRID = template().geobox
REGIONS = (UPPER_LEFT, Rectangle(0, 64, 64, 120), Rectangle(64, 0, 100, 64), LOWER_RIGHT)
KEYS = ("2023-01", "2023-02", "2023-03", "2023-04")
SHAPES = (
    shapely.Point(500_420, 4_999_600).buffer(290),
    shapely.Polygon([(500_105, 4_999_905), (501_150, 4_999_500), (500_700, 4_999_105)]),
    shapely.box(500_000, 4_999_000, 501_200, 5_000_000),
    shapely.box(503_000, 4_999_000, 503_100, 4_999_100),
)
NAMES = ("count", "sum", "mean", "min", "max", "std", "median", "majority", "nodata", "percentile_10")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[CubeAddress, NDArray[np.float64]]:
    """A cube of four slots, and its stored numbers (slot, band, y, x), NaN where there is no value.

    The first has all four shards, the second was never done, the third has two shards, the fourth had no images.
    """
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened
    address = CubeAddress(str(tmp_path_factory.mktemp("cubes") / "cube"))
    cube = open_or_create_cube(address, template())
    numbers = np.full((4, 3, 100, 120), np.nan)
    for slot, regions in ((0, REGIONS), (2, (REGIONS[0], REGIONS[3]))):
        for seed, region in enumerate(regions):
            arrays = pixels(region, seed=10 * slot + seed)
            arrays["red"][5:20, 7:30] = 0
            arrays["classes"][:, ::9] = 255
            arrays["n_obs"][::7] = 0
            write(cube, KEYS[slot], region, arrays)
            for place, band in enumerate(BANDS):
                valid = arrays[band.name] != (-1 if band.nodata is None else band.nodata)
                numbers[slot, place, *region.slices] = np.where(valid, arrays[band.name], np.nan)
    write(cube, KEYS[3], UPPER_LEFT, None)
    return address, numbers


@pytest.fixture
def cube(written: tuple[CubeAddress, NDArray[np.float64]]) -> StoredSlots:
    return open_slots(written[0])


@pytest.fixture
def numbers(written: tuple[CubeAddress, NDArray[np.float64]]) -> NDArray[np.float64]:
    return written[1]


def zones(shapes: tuple[BaseGeometry, ...] = SHAPES, crs: str = UTM, checksum: str = "") -> Zones:
    return Zones("z.gpkg", "code", tuple(f"z{n}" for n in range(len(shapes))), shapes, CRS(crs), (), checksum)


def measured(zones: Zones, cube: StoredSlots, wanted: Wanted, weights: Path | None = None) -> pd.DataFrame:
    """The tables of all slots, one below the other."""
    results = results_of_cube(zones, cube, wanted, weights=weights)
    return pd.concat([zone_table(zones, wanted, found, period) for period, found in results], ignore_index=True)


def physical(numbers: NDArray[np.float64], slot: int, place: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = numbers[slot, place] * BANDS[place].scale + BANDS[place].offset
    return found


@pytest.mark.parametrize("rule", [Rule.CENTER, Rule.ALL_TOUCHED])
def test_every_slot_is_measured_as_rasterstats_measures_its_values(
    cube: StoredSlots, numbers: NDArray[np.float64], rule: Rule
) -> None:
    wanted = Wanted(BANDS, NAMES, rule=rule)
    table = measured(zones(), cube, wanted)
    assert table["period"].tolist() == [key for key in KEYS for _ in SHAPES]
    assert table["code"].tolist() == ["z0", "z1", "z2", "z3"] * 4
    assert list(table.columns) == [column.name for column in zone_columns("code", wanted)]
    for slot in (0, 2):
        rows = table[table["period"] == KEYS[slot]].iloc[:3]
        for place, band in enumerate(BANDS):
            values = np.where(np.isnan(numbers[slot, place]), -9999, physical(numbers, slot, place))
            expected = zonal_stats(
                SHAPES[:3], values, affine=GRID.affine, nodata=-9999, stats=list(NAMES),
                all_touched=rule is Rule.ALL_TOUCHED,
            )  # fmt: skip
            for name in NAMES:
                got = rows[f"{band.name}_{name}"].to_numpy("float64")
                assert np.allclose(got, [row[name] for row in expected], rtol=1e-12, atol=0), (slot, band.name, name)


def test_slots_without_data_have_count_0_and_nulls(cube: StoredSlots) -> None:
    table = measured(zones(), cube, Wanted(BANDS, NAMES))
    empty = table[table["period"].isin([KEYS[1], KEYS[3]])]
    for band in BANDS:
        assert (empty[f"{band.name}_count"] == 0).all()
        assert empty[[f"{band.name}_{name}" for name in NAMES if name not in ("count", "nodata")]].isna().all().all()
    assert empty["red_nodata"].iloc[2] == 100 * 120
    elsewhere = table[table["code"] == "z3"]
    assert (elsewhere["n_obs_count"] == 0).all()
    assert elsewhere["n_obs_nodata"].isna().all()


def test_shares_are_those_of_shapely(cube: StoredSlots, numbers: NDArray[np.float64]) -> None:
    table = measured(zones(SHAPES[:2]), cube, Wanted((RED,), ("count", "mean", "sum"), rule=Rule.FRACTIONAL))
    rows, columns = np.mgrid[:100, :120]
    left, top = 500_000 + 10 * columns, 5_000_000 - 10 * rows
    squares = shapely.box(left, top - 10, left + 10, top)
    for slot in (0, 2):
        values = physical(numbers, slot, 0)
        for zone in range(2):
            share = np.where(np.isnan(values), 0, shapely.area(shapely.intersection(squares, SHAPES[zone])) / 100)
            row = table.iloc[2 * slot + zone]
            assert row["red_count"] == pytest.approx(share.sum(), rel=1e-9)
            assert row["red_sum"] == pytest.approx(np.nansum(values * share), rel=1e-9)
            assert row["red_mean"] == pytest.approx(np.nansum(values * share) / share.sum(), rel=1e-9)


def test_pixels_of_zones_are_found_once_and_chunks_read_once_a_slot(
    cube: StoredSlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = measured(zones(), cube, Wanted((RED,), NAMES))
    found: list[Any] = []
    read: list[tuple[str, int, int, int]] = []
    stored = StoredSlots.read

    def counted(*arguments: Any) -> Any:
        found.append(arguments)
        return pixels_of(*arguments)

    def noted(slots: StoredSlots, band: str, slot: int, window: Rectangle) -> Any:
        rows = range(window.row_start // 32, -(-window.row_stop // 32))
        columns = range(window.column_start // 32, -(-window.column_stop // 32))
        read.extend((band, slot, row, column) for row in rows for column in columns)
        return stored(slots, band, slot, window)

    monkeypatch.setattr(coverage, "pixels_of", counted)
    monkeypatch.setattr(StoredSlots, "read", noted)
    monkeypatch.setattr(slot_pixels, "BLOCK_BYTES", 32 * 64 * 2)
    table = measured(zones(), cube, Wanted((RED,), NAMES))
    pd.testing.assert_frame_equal(table, plain, rtol=1e-14)
    assert len(found) == 1
    assert len(read) == len(set(read))
    assert {slot for _, slot, _, _ in read} == {0, 2}


@pytest.mark.parametrize(
    ("pixels", "expected"), [(10, (32, 32)), (32 * 32, (32, 32)), (64 * 64 - 1, (32, 64)), (64 * 64, (64, 64))]
)
def test_blocks_are_whole_chunks_of_few_shards(
    cube: StoredSlots, monkeypatch: pytest.MonkeyPatch, pixels: int, expected: tuple[int, int]
) -> None:
    monkeypatch.setattr(slot_pixels, "BLOCK_PIXELS", pixels)
    assert slot_pixels.CubePlace.of(cube, [RED]).block_shape == expected


def test_slots_come_one_after_another(cube: StoredSlots) -> None:
    told: list[tuple[int, int]] = []
    results = results_of_cube(
        zones(), cube, Wanted((RED,)), periods=[MONTH.parse(key) for key in ("2023-03", "2023-01")],
        progress=lambda done, of: told.append((done, of)),
    )  # fmt: skip
    assert next(results)[0].key == "2023-03"
    assert told == []
    assert next(results)[0].key == "2023-01"
    assert next(results, None) is None
    assert told == [(1, 2), (2, 2)]


def test_one_slot_is_measured_as_it_is_among_all(cube: StoredSlots) -> None:
    wanted = Wanted(BANDS, NAMES)
    ours = [measure_slot(zones(), cube, wanted, MONTH.parse(key)) for key in KEYS]
    pd.testing.assert_frame_equal(pd.concat(ours, ignore_index=True), measured(zones(), cube, wanted))


def test_coverage_is_kept_for_later_runs_if_wanted(
    cube: StoredSlots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    january = MONTH.parse(KEYS[0])
    first = measure_slot(zones(checksum="0f"), cube, Wanted((RED,)), january, cache=tmp_path)
    monkeypatch.delattr(coverage, "pixels_of")
    again = measure_slot(zones(checksum="0f"), cube, Wanted((RED,)), january, cache=tmp_path)
    pd.testing.assert_frame_equal(first, again)
    assert len(list(tmp_path.iterdir())) == 1


def test_classes_and_their_areas_are_those_of_numpy(cube: StoredSlots, numbers: NDArray[np.float64]) -> None:
    wanted = Wanted((BANDS[1],), ("count",), classes=(7, 8), areas=True)
    row = measured(zones(), cube, wanted).iloc[2]
    assert row["classes_class_7_count"] == (numbers[0, 1] == 7).sum()
    assert row["classes_class_8_area"] == 100 * (numbers[0, 1] == 8).sum()


def test_a_raster_weighs_pixels_of_every_slot(cube: StoredSlots, numbers: NDArray[np.float64], tmp_path: Path) -> None:
    weights = np.random.default_rng(1).random((100, 120)).astype("float32")
    path = write_raster(tmp_path / "w.tif", grid(100, 120), weights[None])
    table = measured(zones(), cube, Wanted((RED,), ("weighted_mean",)), path)
    inside = rasterize([SHAPES[0]], out_shape=(100, 120), transform=GRID.affine).astype(bool)
    for slot in (0, 2):
        values = physical(numbers, slot, 0)
        there = inside & ~np.isnan(values)
        expected = np.average(values[there], weights=weights[there].astype("float64"))
        assert table["red_weighted_mean"].iloc[4 * slot] == pytest.approx(expected, rel=1e-12)


def test_zones_in_another_crs_hold_the_same_pixels(cube: StoredSlots) -> None:
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    moved = tuple(
        shapely.transform(shape.segmentize(20), lambda xy: np.column_stack(to_degrees.transform(*xy.T)))
        for shape in SHAPES[:2]
    )
    wanted = Wanted((RED,), ("count", "mean"), rule=Rule.FRACTIONAL)
    ours, theirs = measured(zones(SHAPES[:2]), cube, wanted), measured(zones(moved, "EPSG:4326"), cube, wanted)
    assert np.allclose(ours["red_count"], theirs["red_count"], rtol=1e-4)
    assert np.allclose(ours["red_mean"], theirs["red_mean"], rtol=1e-3, equal_nan=True)


def test_long_tables_and_shapes(cube: StoredSlots) -> None:
    january = MONTH.parse(KEYS[0])
    wide = measure_slot(zones(), cube, Wanted((RED,), ("mean",)), january, geometry=True)
    assert wide.geometry.tolist() == list(SHAPES)
    assert wide.crs == UTM
    long = measure_slot(zones(), cube, Wanted((RED,), ("mean", "count")), january, form="long")
    means = long[long["statistic"] == "mean"]
    assert np.array_equal(means["value"], wide["red_mean"], equal_nan=True)


def test_no_zones_make_an_empty_table_and_no_slots_none(cube: StoredSlots, tmp_path: Path) -> None:
    wanted = Wanted((RED,), ("mean",))
    assert measured(zones(()), cube, wanted).shape == (0, 5)
    open_or_create_cube(CubeAddress(str(tmp_path / "new")), template())
    assert list(results_of_cube(zones(), open_slots(CubeAddress(str(tmp_path / "new"))), wanted)) == []


@pytest.mark.parametrize("ledger", [True, False])
def test_a_plain_zarr_copy_is_measured_alike(cube: StoredSlots, tmp_path: Path, ledger: bool) -> None:
    copy = zarr.open_group(tmp_path / "copy", mode="w", zarr_format=3)
    write_layout(copy, describe(cube.group))
    for path, member in cube.group.members(max_depth=None):
        if isinstance(member, zarr.Array):
            array_at(copy, path)[...] = member[...]
    if not ledger:
        del copy["ledger"]
    bands = BANDS if ledger else BANDS[:2]
    wanted = Wanted(bands, NAMES)
    slots = open_slots(CubeAddress(str(tmp_path / "copy"), store="zarr"))
    pd.testing.assert_frame_equal(measured(zones(), slots, wanted), measured(zones(), cube, wanted))


def test_what_does_not_fit_is_named(cube: StoredSlots, tmp_path: Path) -> None:
    with pytest.raises(CubeError, match="ndvi: not in the cube, which has classes, n_obs, red"):
        measured(zones(), cube, Wanted((BandEncoding("ndvi", "uint16"),)))
    with pytest.raises(CubeError, match=r"red: expected the packing .*\nName bands of the cube as its own product"):
        measured(zones(), cube, Wanted((BandEncoding("red", "uint16", 1e-3, nodata=0),)))
    with pytest.raises(ZonesError, match=r"z\.gpkg: expected zones that touch the areas on \[120 x 100 px, EPSG:32633"):
        measured(zones(SHAPES[3:]), cube, Wanted((RED,)))
    with pytest.raises(CubeError, match=r"slot for 2024-01 in the cube .*, got 2023-01 to 2023-04; choose a period"):
        list(results_of_cube(zones(), cube, Wanted((RED,)), periods=[MONTH.parse("2024-01")]))
    with pytest.raises(ZonesError, match="weights: expected a raster beside the statistic weighted_mean, got none"):
        measured(zones(), cube, Wanted((RED,), ("weighted_mean",)))
    path = write_raster(tmp_path / "w.tif", grid(9, 9, crs="EPSG:32632"), np.ones((1, 9, 9), "float32"))
    with pytest.raises(GridMismatchError, match=r"w\.tif: .*the CRS differs"):
        measured(zones(), cube, Wanted((RED,), ("weighted_mean",)), path)
