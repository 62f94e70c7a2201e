"""GRIB and GeoTIFF archives: against the arrays they were written from, and against rasterio."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.archives import ArchiveSource
from eo_pipeline.sources.listings import Access, ListedFile, open_listing, open_matching
from eo_pipeline_tests.raster_files import REAL_DATA, grid, needs_real_data, read_raster, write_raster
from eo_pipeline_tests.sources.archives.made import grib, period


def archive(folder: Path, pattern: str = "", **told: Any) -> ArchiveSource:
    return ArchiveSource(open_listing(str(folder)), NamePattern(pattern) if pattern else None, **told)


def test_hours_of_a_grib_file_in_kelvins(tmp_path: Path) -> None:
    values = np.random.default_rng(1).uniform(240, 310, (3, 10, 20)).astype("f4")
    grib(tmp_path / "era.grib2", values, north=60.125, west=349.875, step=0.25, hours=[0, 1, 2])
    target = GeoBox((10, 20), Affine(0.25, 0, -10.125, 0, -0.25, 60.125), "EPSG:4326")
    source = archive(tmp_path)
    scenes = source.inputs(target, period("2019-03-01T01:00", "2019-03-02"))
    assert [scene.instant.hour for scene in scenes] == [1, 2]
    assert list(scenes[0].bands) == ["TMP 2-HTGL"]
    band = source.load(scenes, View(target), [Wanted("TMP")]).bands["TMP"]
    np.testing.assert_array_equal(band.stored, values[1:])


@pytest.mark.parametrize("west", [0, -5])
def test_a_world_of_grib_from_0_to_360_is_rolled(tmp_path: Path, west: float) -> None:
    """The first column begins at Greenwich, or lies on it."""
    values = np.random.default_rng(1).uniform(240, 310, (1, 18, 36)).astype("f4")
    grib(tmp_path / "era.grb2", values, north=90, west=west % 360, step=10, hours=[0])
    target = GeoBox((18, 36), Affine(10, 0, west - 180, 0, -10, 90), "EPSG:4326")
    source = archive(tmp_path)
    band = source.load(source.inputs(target, period("2019-03-01", "2019-03-02")), View(target), [Wanted("TMP")]).bands[
        "TMP"
    ]
    np.testing.assert_array_equal(band.stored[0], np.concatenate([values[0, :, 18:], values[0, :, :18]], axis=1))


def test_geotiffs_by_the_dates_in_their_names(tmp_path: Path) -> None:
    """Two files side by side are one observation; packed numbers and scales stay."""
    left, right = grid(8, 10), grid(8, 10, left=5e5 + 100)
    pixels = np.random.default_rng(2).integers(1, 100, (2, 2, 8, 10)).astype("int16")
    for name, where, stored in (("w", left, pixels[0]), ("e", right, pixels[1])):
        path = write_raster(tmp_path / f"lst_{name}_2021005.tif", where, stored, nodata=0, names=("day", "night"))
        with rasterio.open(path, "r+") as dataset:
            dataset.scales, dataset.offsets = (0.02, 0.02), (5.0, 5.0)
    whole = grid(8, 20)
    source = archive(tmp_path, "lst_{part}_{year}{doy}.tif")
    scenes = source.inputs(whole, period("2021-01-05", "2021-01-06"))
    stack = source.load(scenes, View(whole), [Wanted("night"), Wanted("1")])
    np.testing.assert_array_equal(stack.bands["night"].stored, [np.concatenate([pixels[0, 1], pixels[1, 1]], axis=1)])
    np.testing.assert_array_equal(stack.bands["1"].stored, [np.concatenate([pixels[0, 0], pixels[1, 0]], axis=1)])
    assert (stack.bands["night"].scale, stack.bands["night"].offsets) == (0.02, (5.0,))
    assert source.inputs(whole, period("2021-01-06", "2021-02-01")) == ()
    decoded = archive(tmp_path, "lst_{part}_{year}{doy}.tif", decode=True)
    scenes = decoded.inputs(whole, period("2021-01-05", "2021-01-06"))
    values = decoded.load(scenes, View(whole), [Wanted("day")]).bands["day"].stored
    np.testing.assert_allclose(values[0], np.concatenate([pixels[0, 0], pixels[1, 0]], axis=1) * 0.02 + 5, atol=1e-12)


def test_a_geotiff_that_is_upside_down_is_turned_not_warped(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(1, 100, (1, 8, 10)).astype("int16")
    target = grid(8, 10)
    turned = GeoBox((8, 10), Affine(10, 0, 5e5, 0, 10, 5e6 - 80), "EPSG:32633")
    path = write_raster(tmp_path / "a.tif", turned, pixels[:, ::-1], nodata=0)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(TIFFTAG_DATETIME="2021:01:05 10:30:00")
    source = archive(tmp_path)
    scenes = source.inputs(target, period("2021-01-05", "2021-01-06"))
    assert scenes[0].instant.hour == 10
    np.testing.assert_array_equal(source.load(scenes, View(target), [Wanted("1")]).bands["1"].stored, pixels)


def test_files_that_fail_are_named(tmp_path: Path) -> None:
    write_raster(tmp_path / "undated.tif", grid(4, 4), np.ones((1, 4, 4), "uint8"))
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    (tmp_path / "broken.grb").write_bytes(b"GRIB")
    (tmp_path / "broken.nc").write_bytes(b"CDF")
    with pytest.raises(SourceError, match="got 4 that cannot be read") as caught:
        archive(tmp_path).inputs(grid(4, 4), period("2021-01-01", "2022-01-01"))
    assert "undated.tif: expected a date in its name or in TIFFTAG_DATETIME, got none" in str(caught.value)
    for name in ("broken.tif", "broken.grb", "broken.nc"):
        assert f"/{name}: " in str(caught.value)
    with pytest.raises(SourceError, match=r"expected files x_\{year\}\.tif in .*, got 4 others"):
        archive(tmp_path, "x_{year}.tif").inputs(grid(4, 4), period("2021-01-01", "2022-01-01"))


def test_a_file_that_breaks_off_is_named_when_it_is_loaded(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(1, 250, (1, 200, 200)).astype("uint8")
    path = write_raster(tmp_path / "a_2021.tif", grid(200, 200), pixels, nodata=0)
    path.write_bytes(path.read_bytes()[:-5000])
    source = archive(tmp_path, "a_{year}.tif")
    scenes = source.inputs(grid(200, 200), period("2021-01-01", "2022-01-01"))
    with pytest.raises(SourceError, match=r"got 1 that cannot be read:\n  a_2021\.tif 2021-01-01T00:00:00Z .*, 1: /"):
        source.load(scenes, View(grid(200, 200)), [Wanted("1")])


def test_grib_needs_gdal_s_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grib(tmp_path / "a.grb", np.full((1, 4, 4), 280.0), north=50, west=0, step=1, hours=[0])
    monkeypatch.setattr(rasterio.Env, "drivers", lambda _: {"GTiff": "GeoTIFF"})
    with pytest.raises(SourceError, match=r"a\.grb: expected GDAL with its driver for GRIB, got one without; install"):
        archive(tmp_path).inputs(grid(4, 4), period("2019-03-01", "2019-03-02"))


def test_two_messages_of_one_instant_are_refused(tmp_path: Path) -> None:
    grib(tmp_path / "a.grb2", np.full((2, 4, 4), 280.0), north=50, west=0, step=1, hours=[3, 3])
    with pytest.raises(SourceError, match=r"a\.grb2: expected one TMP 2-HTGL of 2019-03-01T03:00Z, got two"):
        archive(tmp_path).inputs(grid(4, 4), period("2019-03-01", "2019-03-02"))


def test_there_may_be_a_list_for_each_period(tmp_path: Path) -> None:
    """The same folder of files; only lists tell which of them a month has."""
    for day in (1, 2, 3):
        path = write_raster(tmp_path / f"{day}.tif", grid(4, 4), np.full((1, 4, 4), day, "uint8"), nodata=0)
        with rasterio.open(path, "r+") as dataset:
            dataset.update_tags(TIFFTAG_DATETIME=f"2021:05:0{day} 10:00:00")
    (tmp_path / "of2021_05.txt").write_text("1.tif\n3.tif\n")
    listing, pattern = open_matching(f"{tmp_path}/of{{year}}_{{month}}.txt")
    source = ArchiveSource(listing, pattern)
    scenes = source.inputs(grid(4, 4), CalendarRule("month").parse("2021-05"))
    assert [scene.instant.day for scene in scenes] == [1, 3]
    assert source.load(scenes, View(grid(4, 4)), [Wanted("1")]).bands["1"].stored[:, 0, 0].tolist() == [1, 3]
    with pytest.raises(SourceError, match=r"could not read .*of2021_06\.txt"):
        source.inputs(grid(4, 4), CalendarRule("month").parse("2021-06"))


@dataclass(frozen=True)
class Elsewhere:
    """A listing of a bucket that nobody asks."""

    name: str = "gs://b"

    def of(self, period: Period) -> "Elsewhere":  # noqa: ARG002  # the same for all
        return self

    def files(self) -> tuple[ListedFile, ...]:
        return (ListedFile("gs://b/a.nc", "1"),)


def test_netcdf_has_to_be_on_this_machine() -> None:
    source = ArchiveSource(Elsewhere(), access=Access(Settings(credentials="anonymous")))
    with pytest.raises(
        SourceError, match=r"gs://b/a\.nc: expected a NetCDF file on this machine, got an address; copy"
    ):
        source.inputs(grid(4, 4), period("2019-03-01", "2019-03-02"))


class TestRealFiles:
    pytestmark = needs_real_data

    def test_months_of_fldas(self) -> None:
        folder = REAL_DATA / "ee_fldas_lst"
        with rasterio.open(folder / "RadT_tavg_202301.tif") as dataset:
            target = GeoBox.from_rio(dataset)
        source = archive(folder, "RadT_tavg_{year}{month}.tif")
        scenes = source.inputs(target, period("2023-01-01", "2023-06-01"))
        assert [scene.instant.month for scene in scenes] == [1, 2, 4, 5]
        band = source.load(scenes[:2], View(target), [Wanted("1")]).bands["1"]
        for number, month in enumerate(("01", "02")):
            np.testing.assert_array_equal(band.stored[number], read_raster(folder / f"RadT_tavg_2023{month}.tif")[0])
