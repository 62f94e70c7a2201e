"""The world as the unmodified client sees it: composites judged by the truth, scenes that arrive and are made anew."""

import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import ee
import geopandas
import numpy as np
import pyproj
import pytest
import shapely

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import initialize

S2, TRUTH = "COPERNICUS/S2_SR_HARMONIZED", "SANDBOX/TRUTH/S2_SR_HARMONIZED"
PLACE = (15.503, 48.303)
ZONES = "projects/sandbox-project/assets/zones"
EAST, WEST = shapely.box(540_000, 5_340_000, 540_990, 5_340_990), shapely.box(520_020, 5_350_020, 521_010, 5_351_010)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("world")
    zones = geopandas.GeoDataFrame({"code": ["east", "west"]}, geometry=[EAST, WEST], crs="EPSG:32633")
    zones.to_file(folder / "zones.gpkg")
    (folder / "catalog.yaml").write_text(f"tables: {{{ZONES}: {{path: zones.gpkg, index: code}}}}")
    with running_sandbox(folder / "data", speed=0, catalog=folder / "catalog.yaml") as server:
        initialize(server)
        yield server
        ee.Reset()


def pixels(image: ee.Image, *, crs: str, transform: tuple[float, ...], side: int = 128) -> np.ndarray:
    """A window by computePixels, structured (row, column)."""
    a, b, c, d, e, f = transform
    affine = {"scaleX": a, "shearX": b, "translateX": c, "shearY": d, "scaleY": e, "translateY": f}
    grid = {"crsCode": crs, "dimensions": {"width": side, "height": side}, "affineTransform": affine}
    answer = ee.data.computePixels({"expression": image, "fileFormat": "NPY", "grid": grid})
    return np.asarray(np.load(io.BytesIO(answer)))


def utm(image: ee.Image, side: int = 128) -> np.ndarray:
    return pixels(image, crs="EPSG:32633", transform=(20.0, 0.0, 535_980.0, 0.0, -20.0, 5_352_000.0), side=side)


def season(collection: str) -> Any:
    return ee.ImageCollection(collection).filterDate("2023-06-01", "2023-07-15").filterBounds(ee.Geometry.Point(PLACE))


def clear(image: ee.Image) -> Any:
    """B4 and B8 where SCL says vegetation, bare or water."""
    scl = image.select("SCL")
    return image.select(["B4", "B8"]).updateMask(scl.eq(4).Or(scl.eq(5)).Or(scl.eq(6)))


@pytest.mark.usefixtures("sandbox")
def test_a_cloud_masked_median_shows_the_truth_within_the_stated_noise() -> None:
    seen, raw = utm(season(S2).map(clear).median()), utm(season(S2).select(["B4", "B8"]).median())
    truth = utm(season(TRUTH).linkCollection(season(S2), ["SCL"]).map(clear).median())
    for band in ("B4", "B8"):
        made, true = seen[band].astype(float), truth[band].astype(float)
        within = (made >= 0.92 * true - 1) & (made <= 1.02 * true + 250)
        assert true.min() > 0
        assert within.mean() > 0.999
        assert np.median(np.abs(made - true) / true) < 0.02
        assert np.abs(made - true).mean() * 4 < np.abs(raw[band] - true).mean()


@pytest.mark.usefixtures("sandbox")
def test_what_is_not_masked_is_not_the_truth() -> None:
    raw = utm(season(S2).select("B4").max())["B4"].astype(float)
    true = utm(season(TRUTH).select("B4").max())["B4"].astype(float)
    assert (raw > 1.02 * true + 250).mean() > 0.5


@pytest.mark.usefixtures("sandbox")
def test_the_truth_accompanies_every_scene_and_has_its_grid() -> None:
    assert season(TRUTH).aggregate_array("system:index").getInfo() == (
        season(S2).aggregate_array("system:index").getInfo()
    )
    seen, true = season(S2).first().select("B11"), season(TRUTH).first().select("B11")
    assert seen.projection().getInfo() == true.projection().getInfo()


@pytest.mark.usefixtures("sandbox")
def test_a_temperature_in_the_sinusoidal_grid_lands_where_it_belongs() -> None:
    image = ee.Image("MODIS/061/MOD11A2/2023_07_04").select("LST_Day_1km")
    native = image.projection().getInfo()
    x, y = pyproj.Transformer.from_crs("EPSG:4326", "+proj=sinu +R=6371007.181", always_xy=True).transform(*PLACE)
    side, _, west, _, _, north = native["transform"]
    column, row = int((x - west) / side), int((north - y) / side)
    here = (side, 0.0, west + column * side, 0.0, -side, north - row * side)
    window = pixels(image, crs=native["crs"], transform=here, side=1)
    sampled = image.reduceRegion(ee.Reducer.first(), ee.Geometry.Point(PLACE)).getInfo()
    assert sampled == {"LST_Day_1km": int(window["LST_Day_1km"][0, 0])}
    assert 285 < 0.02 * sampled["LST_Day_1km"] < 320


@pytest.mark.usefixtures("sandbox")
def test_zones_of_a_vector_file_are_measured_on_the_world() -> None:
    zones, heights = ee.FeatureCollection(ZONES), ee.Image("USGS/SRTMGL1_003")
    asset: Any = ee.data.getAsset(ZONES)
    assert asset["type"] == "TABLE"
    assert zones.aggregate_array("system:index").getInfo() == ["east", "west"]
    measured: Any = heights.reduceRegions(zones, ee.Reducer.mean(), 30, crs="EPSG:32633").getInfo()
    found = {one["properties"]["code"]: one["properties"]["mean"] for one in measured["features"]}
    for code, box in (("east", EAST), ("west", WEST)):
        west, _, _, north = box.bounds
        transform = (30.0, 0.0, west, 0.0, -30.0, north)
        window = pixels(heights, crs="EPSG:32633", transform=transform, side=33)["elevation"]
        assert found[code] == pytest.approx(window.mean(), abs=0.1)
        assert np.ptp(window) > 3
    areas: Any = zones.map(lambda zone: zone.set("area", zone.geometry().area(1))).aggregate_array("area").getInfo()
    assert areas == pytest.approx([990**2, 990**2], rel=2e-3)


@pytest.mark.usefixtures("sandbox")
def test_scenes_of_a_path_are_found_without_a_region() -> None:
    path = ee.ImageCollection("LANDSAT/LC08/C02/T1_L2").filter(ee.Filter.eq("WRS_PATH", 190))
    month = path.filterDate("2023-03-01", "2023-03-20")
    rows: Any = month.filter(ee.Filter.eq("WRS_ROW", 26)).aggregate_array("system:index").getInfo()
    assert [row[:12] for row in rows] == ["LC08_190026_"]
    assert set(month.aggregate_array("WRS_PATH").getInfo() or []) == {190}


@pytest.mark.usefixtures("sandbox")
def test_a_surface_model_is_mosaicked_whole() -> None:
    heights = ee.ImageCollection("COPERNICUS/DEM/GLO30").select("DEM").mosaic()
    place = ee.Geometry.Point(PLACE)
    mean: Any = heights.reduceRegion(ee.Reducer.mean(), place.buffer(2000), 30, crs="EPSG:32633").getInfo()
    known: Any = (
        ee.Image("USGS/SRTMGL1_003").reduceRegion(ee.Reducer.mean(), place.buffer(2000), 30, crs="EPSG:32633").getInfo()
    )
    assert mean["DEM"] == pytest.approx(known["elevation"], abs=0.2)


@pytest.mark.usefixtures("sandbox")
def test_countries_are_found_by_either_table() -> None:
    lsib = ee.FeatureCollection("USDOS/LSIB_SIMPLE/2017").filter(ee.Filter.eq("country_co", "KE"))
    gaul = ee.FeatureCollection("FAO/GAUL/2015/level0").filter(ee.Filter.eq("ADM0_NAME", "Kenya"))
    assert lsib.aggregate_array("country_na").getInfo() == ["Kenya"]
    assert lsib.geometry().area(1000).getInfo() == pytest.approx(gaul.geometry().area(1000).getInfo())
    assert lsib.geometry().area(1000).getInfo() == pytest.approx(582_000e6, rel=0.03)


def test_scenes_arrive_late_and_are_made_anew_as_time_passes(sandbox: SandboxProcess) -> None:
    sandbox.control("settings", {"world_ingestion_hours": 12.0, "world_reprocessed_share": 0.5})
    try:
        region = ee.Geometry.Rectangle([14, 46, 17, 48])
        now = dt.datetime.fromisoformat(sandbox.control("clock")["now"])
        since = (now - dt.timedelta(days=15)).strftime("%Y-%m-%d")
        recent = ee.ImageCollection(S2).filterDate(since, "2100-01-01").filterBounds(region)
        before = versions(recent)
        assert before
        assert all(version <= now.timestamp() * 1e6 for version in before.values())
        sandbox.control("clock", {"tick": 60 * 86400})
        after = versions(recent)
        assert set(before) < set(after)
        anew = {name for name in before if after[name] != before[name]}
        assert 0 < len(anew) < len(before)
        name = sorted(anew)[0]
        asset: Any = ee.data.getAsset(f"{S2}/{name}")
        assert dt.datetime.fromisoformat(asset["updateTime"]).timestamp() * 1e6 == pytest.approx(after[name], abs=1)
        baselines = recent.filter(ee.Filter.inList("system:index", sorted(anew))).aggregate_array("PROCESSING_BASELINE")
        assert set(baselines.getInfo()) == {"05.00"}
    finally:
        sandbox.control("settings", {"world_ingestion_hours": 0.0, "world_reprocessed_share": 0.0})


def versions(collection: ee.ImageCollection) -> dict[str, int]:
    """system:version by system:index."""
    names: Any = collection.aggregate_array("system:index").getInfo()
    numbers: Any = collection.aggregate_array("system:version").getInfo()
    return dict(zip(names, numbers, strict=True))
