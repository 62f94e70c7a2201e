"""NetCDF archives: against what xarray reads, and against the arrays they were written from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.core.scenes.stack import StackBand, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.archives import ArchiveSource
from eo_pipeline.sources.listings import open_listing
from eo_pipeline.sources.source import Source
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data
from eo_pipeline_tests.sources.archives.made import PACKED, netcdf, period, temperatures

JANUARY = period("2020-01-01", "2020-02-01")


def archive(folder: Path, **told: Any) -> ArchiveSource:
    return ArchiveSource(open_listing(str(folder)), **told)


def values_of(band: StackBand) -> NDArray[np.float64]:
    """Physical values (obs, y, x), NaN = none."""
    stored = band.stored.astype("f8")
    missing = np.isnan(stored) if np.isnan(band.nodata) else stored == band.nodata
    offsets = np.asarray(band.offsets)[:, None, None]
    return np.where(missing, np.nan, stored * band.scale + offsets)


def rolled(path: Path, name: str = "t2m") -> xr.DataArray:
    """What xarray reads, its longitudes from -180 to 180, north up."""
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        loaded = dataset[name].load()
    y, x = loaded.dims[1:]
    moved = loaded.assign_coords({x: (loaded[x] + 180) % 360 - 180}).sortby(x)
    return moved.sortby(y, ascending=False)


WORLD = GeoBox((18, 36), Affine(10, 0, -180, 0, -10, 90), "EPSG:4326")


@pytest.mark.parametrize("kind", ["f8", "f4"])
@pytest.mark.parametrize("northwards", [True, False])
@pytest.mark.parametrize("names", [("time", "latitude", "longitude"), ("t", "y", "x"), ("valid_time", "lat", "lon")])
def test_a_world_from_0_to_360_is_rolled_and_north_up(
    tmp_path: Path, northwards: bool, names: tuple[str, str, str], kind: str
) -> None:
    lat = np.arange(-85, 90, 10) if northwards else np.arange(85, -90, -10)
    path = netcdf(
        tmp_path / "a.nc", temperatures(3, 18, 36), lat=lat, lon=np.arange(5, 365, 10), names=names, encoding=PACKED,
        kind=kind,
    )  # fmt: skip
    source: Source = archive(tmp_path)
    scenes = source.inputs(WORLD, JANUARY)
    band = source.load(scenes, View(WORLD), [Wanted("t2m")]).bands["t2m"]
    told: tuple[object, ...] = (band.stored.dtype.name, band.nodata, band.scale, set(band.offsets))
    assert told == ("int16", -32768, 0.01, {273.15})
    expected = rolled(path)
    np.testing.assert_allclose(values_of(band), expected.to_numpy(), rtol=0, atol=1e-9)
    assert [scene.instant.isoformat()[:10] for scene in scenes] == ["2020-01-01", "2020-01-02", "2020-01-03"]


def test_a_window_across_greenwich_is_seamless(tmp_path: Path) -> None:
    """Warped half a pixel off: each value is the mean of two neighbours, also at 0 degrees."""
    values = np.round(np.random.default_rng(3).uniform(240, 310, (1, 18, 36)), 2)
    path = netcdf(tmp_path / "a.nc", values, lat=np.arange(-85, 90, 10), lon=np.arange(5, 365, 10))
    target = GeoBox((4, 6), Affine(10, 0, -35, 0, -10, 60), "EPSG:4326")
    source = archive(tmp_path)
    band = source.load(source.inputs(target, JANUARY), View(target), [Wanted("t2m")]).bands["t2m"]
    seen = rolled(path).to_numpy()[0, 3:7, 14:21]
    np.testing.assert_allclose(values_of(band)[0], (seen[:, :-1] + seen[:, 1:]) / 2, atol=1e-4)


def test_longitudes_on_one_side_of_180_are_moved_and_across_it_stay(tmp_path: Path) -> None:
    values = temperatures(1, 4, 6)
    netcdf(tmp_path / "west.nc", values, lat=[35, 25, 15, 5], lon=np.arange(300, 306))
    source = archive(tmp_path)
    target = GeoBox((4, 6), Affine(1, 0, -60.5, 0, -10, 40), "EPSG:4326")
    band = source.load(source.inputs(target, JANUARY), View(target), [Wanted("t2m")]).bands["t2m"]
    np.testing.assert_array_equal(values_of(band), values)
    (tmp_path / "west.nc").unlink()
    netcdf(tmp_path / "fiji.nc", values, lat=[35, 25, 15, 5], lon=np.arange(178, 184))
    for west in (177.5, -182.5):
        target = GeoBox((4, 6), Affine(1, 0, west, 0, -10, 40), "EPSG:4326")
        band = source.load(source.inputs(target, JANUARY), View(target), [Wanted("t2m")]).bands["t2m"]
        np.testing.assert_array_equal(values_of(band), values)


def test_files_packed_in_their_own_ways_are_decoded_once(tmp_path: Path) -> None:
    lat, lon = [35.0, 25, 15, 5], np.arange(0.5, 6)
    values = [temperatures(2, 4, 6, seed=seed) for seed in range(2)]
    for month, scale in ((0, 0.01), (1, 0.02)):
        encoding = PACKED | {"scale_factor": scale}
        netcdf(tmp_path / f"2020{month + 1:02}.nc", values[month], lat=lat, lon=lon, start=f"2020-0{month + 1}-01",
               encoding=encoding)  # fmt: skip
    target = GeoBox((4, 6), Affine(1, 0, 0, 0, -10, 40), "EPSG:4326")
    both = period("2020-01-01", "2020-03-01")
    stored = archive(tmp_path)
    with pytest.raises(SourceError, match="load them as two products"):
        stored.load(stored.inputs(target, both), View(target), [Wanted("t2m")])
    source = archive(tmp_path, decode=True)
    band = source.load(source.inputs(target, both), View(target), [Wanted("t2m")]).bands["t2m"]
    assert (band.stored.dtype.name, band.scale, set(band.offsets)) == ("float64", 1.0, {0.0})
    expected = np.concatenate([rolled(tmp_path / f"2020{month}.nc").to_numpy() for month in ("01", "02")])
    np.testing.assert_allclose(band.stored, expected, rtol=0, atol=1e-9)


def test_only_files_of_the_period_are_opened(tmp_path: Path) -> None:
    lat, lon = [35.0, 25, 15, 5], np.arange(0.5, 6)
    netcdf(tmp_path / "t_202001.nc", temperatures(2, 4, 6), lat=lat, lon=lon)
    (tmp_path / "t_202002.nc").write_bytes(b"broken")
    (tmp_path / "notes.txt").write_text("no raster")
    target = GeoBox((4, 6), Affine(1, 0, 0, 0, -10, 40), "EPSG:4326")
    source = archive(tmp_path, pattern=NamePattern("t_{year}{month}.nc"))
    assert len(source.inputs(target, JANUARY)) == 2
    with pytest.raises(SourceError, match=r"got 1 that cannot be read:\n  .*t_202002\.nc: "):
        source.inputs(target, period("2020-01-01", "2020-02-02"))


def test_a_changed_file_changes_the_fingerprint(tmp_path: Path) -> None:
    lat, lon = [35.0, 25, 15, 5], np.arange(0.5, 6)
    target = GeoBox((4, 6), Affine(1, 0, 0, 0, -10, 40), "EPSG:4326")
    path = netcdf(tmp_path / "a.nc", temperatures(2, 4, 6), lat=lat, lon=lon)
    source = archive(tmp_path)
    first = fingerprint(source.inputs(target, JANUARY))
    assert fingerprint(source.inputs(target, JANUARY)) == first
    netcdf(path, temperatures(2, 4, 6, seed=1), lat=lat, lon=lon)
    assert fingerprint(source.inputs(target, JANUARY)) != first


def test_scenes_elsewhere_and_at_other_times_are_left_out(tmp_path: Path) -> None:
    netcdf(tmp_path / "a.nc", temperatures(3, 4, 6), lat=[35, 25, 15, 5], lon=np.arange(0.5, 6))
    source = archive(tmp_path)
    here = GeoBox((4, 6), Affine(1, 0, 0, 0, -10, 40), "EPSG:4326")
    there = GeoBox((4, 6), Affine(1, 0, 100, 0, -10, 40), "EPSG:4326")
    assert len(source.inputs(here, period("2020-01-02", "2020-01-03"))) == 1
    assert source.inputs(there, JANUARY) == ()


def _uneven(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.assign_coords(latitude=[35.0, 25, 15, 0])


def _of_levels(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.expand_dims(level=[1, 2])


def _without_time(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.isel(time=0, drop=True)


def _on_two_grids(dataset: xr.Dataset) -> xr.Dataset:
    other = dataset["t2m"].rename(latitude="lat").assign_coords(lat=[36.0, 26, 16, 6]).assign_attrs(coordinates="")
    return dataset.assign(other=other.drop_attrs().reset_coords(drop=True))


def _of_another_calendar(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.assign_coords(time=("time", [0, 1], {"units": "days since 2020-01-01", "calendar": "360_day"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_uneven, "expected evenly spaced y, got steps from -15 to -10"),
        (_of_levels, r"expected variables over time, y and x, got t2m \{'level': 2, 'time': 2"),
        (_without_time, r"expected a time for each of 1 step\(s\) of t2m, got 0; name dates"),
        (_on_two_grids, r"expected bands on one grid, got 2; take the others out of the file"),
        (_of_another_calendar, "expected time in days of the standard calendar"),
    ],
)
def test_what_is_no_such_file_is_refused_by_name(tmp_path: Path, change: Any, message: str) -> None:
    netcdf(tmp_path / "good.nc", temperatures(2, 4, 6), lat=[35, 25, 15, 5], lon=np.arange(0.5, 6))
    with xr.open_dataset(tmp_path / "good.nc") as dataset:
        change(dataset.load()).to_netcdf(tmp_path / "odd.nc", engine="netcdf4")
    here = GeoBox((4, 6), Affine(1, 0, 0, 0, -10, 40), "EPSG:4326")
    with pytest.raises(SourceError, match=rf"got 1 that cannot be read:\n  .*odd\.nc: {message}"):
        archive(tmp_path).inputs(here, JANUARY)


class TestRealFiles:
    pytestmark = needs_real_data

    def test_hours_of_era5_are_xarray_s(self, tmp_path: Path) -> None:
        path = REAL_DATA / "derived" / "era5_t2m_uk_2019-03_hourly.nc"
        (tmp_path / "era5.nc").symlink_to(path)
        grid = GeoBox((33, 49), Affine(0.25, 0, -10.125, 0, -0.25, 58.125), "EPSG:4326")
        source = archive(tmp_path)
        scenes = source.inputs(grid, period("2019-03-05", "2019-03-06"))
        band = source.load(scenes, View(grid), [Wanted("t2m")]).bands["t2m"]
        with xr.open_dataset(path) as dataset:
            day = dataset["t2m"].sel(time="2019-03-05").load()
        np.testing.assert_allclose(values_of(band), day.to_numpy(), rtol=0, atol=1e-4)  # xarray has float32 here
        assert band.stored.dtype == np.int16
        assert [scene.instant.hour for scene in scenes] == list(range(24))

    @pytest.mark.parametrize("name", ["test_optical_cube.nc", "cdse_sentinel2_l2a.nc", "bap_quintad_cdse.nc"])
    def test_cubes_of_openeo_are_xarray_s(self, tmp_path: Path, name: str) -> None:
        path = REAL_DATA / "s2_l2a_scl_openeo" / name
        (tmp_path / name).symlink_to(path)
        with xr.open_dataset(path) as dataset:
            loaded = dataset[["S2-L2A-B04", "S2-L2A-SCL"]].load()
        x, y = loaded.x.to_numpy(), loaded.y.to_numpy()
        grid = GeoBox((len(y), len(x)), Affine(10, 0, x[0] - 5, 0, -10, y[0] + 5), "EPSG:32631")
        source = archive(tmp_path, classes=("S2-L2A-SCL",))
        scenes = source.inputs(grid, period("2020-01-01", "2030-01-01"))
        wanted = [Wanted(str(band), nodata=None if "quintad" in name else 65535) for band in loaded.data_vars]
        stack = source.load(scenes, View(grid), wanted)
        for band, values in loaded.data_vars.items():
            np.testing.assert_array_equal(stack.bands[str(band)].stored, values.to_numpy())
        assert scenes[0].band("S2-L2A-SCL").is_classes
        assert [str(scene.instant.date()) for scene in scenes] == [str(t)[:10] for t in loaded.t.to_numpy()]
