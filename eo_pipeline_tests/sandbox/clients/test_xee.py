"""xee, unmodified: Earth Engine as xarray datasets, compared with rasterio on the files that are served."""

import ee
import numpy as np
import pytest
import rasterio
import rasterio.warp
import shapely
import xarray as xr
from xee import helpers  # type: ignore[import-untyped]  # xee ships no types

from eo_pipeline_tests.processes import SandboxProcess
from eo_pipeline_tests.sandbox.clients.rasters import (
    DATES,
    GLOBE,
    GLOBE_HEIGHT,
    GLOBE_WIDTH,
    HEIGHT,
    LEFT,
    MONTHS,
    SCENES,
    TOP,
    WIDTH,
    YEAR_MONTHS,
    Rasters,
    index,
)


def opened(collection: object, **options: object) -> xr.Dataset:
    """The collection as a dataset (time, y, x); a failed request fails at once."""
    return xr.open_dataset(collection, engine="ee", getitem_kwargs={"max_retries": 0}, **options)  # type: ignore[arg-type]  # the engine takes collections


def scenes(*bands: str) -> ee.ImageCollection:
    collection = ee.ImageCollection(SCENES).filterDate("2024-05-01", "2024-06-01")
    selected: ee.ImageCollection = collection.select(list(bands))
    return selected


def test_the_native_grid_is_that_of_the_file(earth_engine: SandboxProcess) -> None:
    assert helpers.extract_grid_params(scenes("B4")) == {
        "crs": "EPSG:32633", "crs_transform": (10, 0, LEFT, 0, -10, TOP), "shape_2d": (WIDTH, HEIGHT),
    }  # fmt: skip


def test_scenes_on_their_own_grid_are_the_files(earth_engine: SandboxProcess, rasters: Rasters) -> None:
    collection = scenes("B4", "B8")
    dataset = opened(collection, **helpers.extract_grid_params(collection))
    assert dataset.sizes == {"time": 3, "y": HEIGHT, "x": WIDTH}
    assert [f"{time:%Y%m%d}" for time in dataset.indexes["time"]] == list(DATES)
    np.testing.assert_array_equal(dataset.x, LEFT + 10 * np.arange(WIDTH) + 5)
    np.testing.assert_array_equal(dataset.y, TOP - 10 * np.arange(HEIGHT) - 5)
    for band in ("B4", "B8"):
        want = np.stack([rasters.scene(date, band).filled(0).astype(float) for date in DATES])
        np.testing.assert_array_equal(dataset[band], np.where(want == 0, np.nan, want))


def test_chunks_of_any_size_give_the_same_pixels(earth_engine: SandboxProcess, rasters: Rasters) -> None:
    collection = scenes("B4")
    grid = helpers.extract_grid_params(collection)
    chunks = {"time": 2, "x": 256, "y": 200}
    chunked = opened(collection, io_chunks=chunks, chunks=chunks, **grid)
    part = chunked["B4"].isel(time=slice(1, 3), y=slice(150, 420), x=slice(240, 300)).compute()
    want = np.stack([rasters.scene(date, "B4").filled(0)[150:420, 240:300].astype(float) for date in DATES[1:]])
    np.testing.assert_array_equal(part, np.where(want == 0, np.nan, want))


@pytest.mark.parametrize("fast", [False, True])
def test_a_single_date_is_the_scene_of_that_date(earth_engine: SandboxProcess, rasters: Rasters, fast: bool) -> None:
    collection = scenes("SCL")
    dataset = opened(collection, fast_time_slicing=fast, **helpers.extract_grid_params(collection))
    want = rasters.scene(DATES[1], "SCL").filled(0).astype(float)
    np.testing.assert_array_equal(dataset["SCL"].isel(time=1), np.where(want == 0, np.nan, want))


def test_months_of_the_globe_by_their_id(earth_engine: SandboxProcess, rasters: Rasters) -> None:
    grid = {"crs": "EPSG:4326", "crs_transform": tuple(GLOBE)[:6], "shape_2d": (GLOBE_WIDTH, GLOBE_HEIGHT)}
    dataset = opened(f"ee://{MONTHS}", **grid)
    assert [f"{time:%Y%m}" for time in dataset.indexes["time"]] == list(YEAR_MONTHS)
    want = np.stack([rasters.month(month).filled(np.nan) for month in YEAR_MONTHS])
    np.testing.assert_array_equal(dataset["temperature_2m"], want)


def test_a_grid_fitted_to_a_geometry_holds_the_nearest_pixels(earth_engine: SandboxProcess, rasters: Rasters) -> None:
    area = shapely.box(15.01, 47.83, 15.05, 47.85)
    grid = helpers.fit_geometry(area, grid_crs="EPSG:3857", grid_scale=(15.0, -15.0))
    found = opened(scenes("B4"), **grid)["B4"].isel(time=0).values
    want = np.zeros((grid["shape_2d"][1], grid["shape_2d"][0]), "uint16")
    rasterio.warp.reproject(
        rasters.scene(DATES[0], "B4").filled(0),
        want,
        src_transform=rasterio.Affine(10, 0, LEFT, 0, -10, TOP),
        src_crs="EPSG:32633",
        dst_transform=rasterio.Affine(*grid["crs_transform"]),
        dst_crs="EPSG:3857",
        resampling=rasterio.warp.Resampling.nearest,
        tolerance=0,
    )
    assert (want > 0).mean() > 0.5
    agree = np.where(np.isnan(found), 0, found) == want
    assert agree.mean() > 0.999  # a centre within rounding of an edge may go either way


def test_a_computed_collection_is_computed(earth_engine: SandboxProcess, rasters: Rasters) -> None:
    collection = scenes("B4", "B8").map(lambda image: image.normalizedDifference(["B8", "B4"]).rename("ndvi").copyProperties(image, ["system:time_start"]))  # fmt: skip  # noqa: E501 - one expression
    dataset = opened(collection, **helpers.extract_grid_params(scenes("B4")))
    red, infrared = (rasters.scene(DATES[2], band).astype("float64") for band in ("B4", "B8"))
    want = ((infrared - red) / (infrared + red)).filled(np.nan)
    np.testing.assert_allclose(dataset["ndvi"].isel(time=2), want, rtol=1e-6)


def test_properties_become_attributes_and_coordinates(earth_engine: SandboxProcess) -> None:
    grid = helpers.extract_grid_params(scenes("B4"))
    dataset = opened(scenes("B4"), primary_dim_name="cloudy", primary_dim_property="CLOUDY_PIXEL_PERCENTAGE", **grid)
    assert dataset["cloudy"].values.tolist() == [0, 10, 20]
    assert dataset["B4"].attrs["id"] == "B4"


def test_an_image_of_a_collection_is_found_by_its_index(earth_engine: SandboxProcess, rasters: Rasters) -> None:
    image = ee.Image(f"{SCENES}/{index(DATES[0])}").select("B8")
    dataset = opened(image, **helpers.extract_grid_params(image))
    want = rasters.scene(DATES[0], "B8").filled(0).astype(float)
    np.testing.assert_array_equal(dataset["B8"].isel(time=0), np.where(want == 0, np.nan, want))
