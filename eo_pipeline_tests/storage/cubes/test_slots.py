"""Slots of cubes as they are stored: periods, what was written, one snapshot whoever commits; what does not fit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import zarr
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_bands import check_bands
from eo_pipeline.core.period_rules import DaysRule, ImageDates, PeriodRule
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, CubeAddress, extend_time, open_or_create_cube, open_slots
from eo_pipeline_tests.storage.cubes.examples import BANDS, LOWER_RIGHT, MONTH, RED, START, UPPER_LEFT, pixels, template
from eo_pipeline_tests.storage.cubes.test_regions import write

HOURS = ImageDates(((START, START + timedelta(hours=3)), (START + timedelta(hours=7), START + timedelta(days=1))))


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        (MONTH, ["2023-01", "2023-02", "2023-03"]),
        (DaysRule(8), ["2023-01-01", "2023-01-09", "2023-01-17"]),
        (HOURS, ["2023-01-01", "2023-01-01T07"]),
    ],
)
def test_periods_are_those_of_the_rule(address: CubeAddress, rule: PeriodRule, keys: list[str]) -> None:
    cube = open_or_create_cube(address, template(rule=rule))
    extend_time(cube, rule.parse(keys[-1]))
    slots = open_slots(address)
    assert [period.key for period in slots.periods] == keys
    assert slots.periods == tuple(rule.parse(key) for key in keys)
    assert [slots.slot_of(rule.parse(key)) for key in keys] == list(range(len(keys)))


@pytest.mark.parametrize("crs", ["EPSG:4326", "+proj=laea +lat_0=10 +lon_0=3 +datum=WGS84 +units=m"])
def test_the_grid_is_that_of_the_template(address: CubeAddress, crs: str) -> None:
    geobox = GeoBox((90, 70), template().geobox.affine, crs)
    open_or_create_cube(address, template(geobox=geobox))
    slots = open_slots(address)
    assert slots.geobox == geobox
    assert set(slots.variables) == {band.name for band in BANDS}


def test_pixels_are_those_that_were_written_and_the_rest_is_not(cube: Cube) -> None:
    arrays = pixels(LOWER_RIGHT, seed=1)
    write(cube, "2023-02", LOWER_RIGHT, arrays)
    write(cube, "2023-02", UPPER_LEFT, None)
    slots = open_slots(cube.address)
    assert slots.written(0) == ()
    assert slots.written(1) == (LOWER_RIGHT,)
    window = Rectangle(70, 80, 95, 119)
    inside = window.shifted(rows=-64, columns=-64)
    for band in BANDS:
        assert np.array_equal(slots.read(band.name, 1, window), arrays[band.name][inside.slices])


def test_a_region_without_a_usable_pixel_still_has_its_counts(cube: Cube) -> None:
    empty = {band.name: np.full((64, 64), band.nodata or 3, band.dtype) for band in BANDS}
    empty["red"][:] = 0
    write(cube, "2023-01", UPPER_LEFT, empty)
    assert open_slots(cube.address).written(0) == (UPPER_LEFT,)


def test_what_is_committed_later_is_not_seen(cube: Cube) -> None:
    first = pixels(UPPER_LEFT, seed=1)
    write(cube, "2023-01", UPPER_LEFT, first)
    slots = open_slots(cube.address)
    commit = write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=2), inputs="h2")
    write(cube, "2023-02", UPPER_LEFT, first)
    assert np.array_equal(slots.read("red", 0, UPPER_LEFT), first["red"])
    assert len(slots.periods) == 1
    later = open_slots(cube.address, snapshot=commit.snapshot)
    assert len(later.periods) == 1
    assert np.array_equal(later.read("red", 0, UPPER_LEFT), pixels(UPPER_LEFT, seed=2)["red"])


def test_a_period_without_a_slot_is_named(cube: Cube) -> None:
    with pytest.raises(CubeError, match=r"slot for 2023-09 in the cube .*cube, got no slot at all; choose a period"):
        open_slots(cube.address).slot_of(MONTH.parse("2023-09"))
    extend_time(cube, MONTH.parse("2023-03"))
    with pytest.raises(CubeError, match=r"slot for 2023-09 in the cube .*cube, got 2023-01 to 2023-03; choose"):
        open_slots(cube.address).slot_of(MONTH.parse("2023-09"))


def test_what_is_no_cube_is_named(tmp_path: Path) -> None:
    with pytest.raises(CubeError, match=r"Expected a cube at .*none, got: .*check the address"):
        open_slots(CubeAddress(str(tmp_path / "none")))
    with pytest.raises(CubeError, match=r"Expected a cube of plain Zarr of format 3 at .*none, got none; check"):
        open_slots(CubeAddress(str(tmp_path / "none"), store="zarr"))
    zarr.open_group(tmp_path / "other", mode="w", attributes={"spatial:shape": [1, 1]})
    with pytest.raises(
        CubeError, match=r"a cube of this project at .*other, got a group without spatial:transform, pe"
    ):
        open_slots(CubeAddress(str(tmp_path / "other"), store="zarr"))


@pytest.mark.parametrize(
    ("band", "line"),
    [
        (BandEncoding("ndvi", "uint16"), "ndvi: not in the cube, which has classes, n_obs, red"),
        (BandEncoding("n_obs", "uint16", kind="count"), "n_obs: expected uint16, the cube has uint8"),
        (
            BandEncoding("classes", "uint8", nodata=0, kind="categorical"),
            "classes: expected the fill value 0, the cube",
        ),
        (
            BandEncoding("red", "uint16", 2e-4, -0.1, nodata=0),
            r"red: expected the packing .*: 0\.0002,.*, the cube has .*: 0\.0001,",
        ),
        (
            BandEncoding("red", "uint16", 1e-4, nodata=0),
            r"red: expected the packing .*, the cube has .*'add_offset': -0",
        ),
    ],
)
def test_a_band_that_is_not_there_or_encoded_otherwise_is_named(cube: Cube, band: BandEncoding, line: str) -> None:
    with pytest.raises(CubeError, match=rf"(?s)bands as they are declared, got differences:\n  {line}.*Name bands"):
        check_bands(open_slots(cube.address).variables, [RED, band], cube="c")
    check_bands(open_slots(cube.address).variables, BANDS, cube="c")


def test_utc_is_kept(cube: Cube) -> None:
    extend_time(cube, MONTH.parse("2023-01"))
    assert open_slots(cube.address).periods[0].end == datetime(2023, 2, 1, tzinfo=UTC)
