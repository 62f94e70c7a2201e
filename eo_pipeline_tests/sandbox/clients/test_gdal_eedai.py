"""GDAL's EEDAI and EEDA drivers, unmodified: images as rasters, collections as layers, compared with the files."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.errors
from rasterio.enums import Resampling
from rasterio.windows import Window

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
    Rasters,
    index,
)

IMAGE = f"EEDAI:{SCENES}/{index(DATES[0])}"
LEVEL_0, LEVEL_1 = (WIDTH, HEIGHT), (WIDTH // 2, HEIGHT // 2)


@pytest.fixture(params=["v1alpha", "v1"])
def driver(request: pytest.FixtureRequest, server: SandboxProcess) -> Iterator[None]:
    """GDAL pointed at the sandbox, in both versions of the service; it retries nothing."""
    with rasterio.Env(EEDA_URL=f"{server.url}/{request.param}/", EEDA_BEARER="x", GDAL_HTTP_MAX_RETRY=0):
        yield


@pytest.fixture
def layers(server: SandboxProcess) -> Iterator[None]:
    """Pyogrio's own GDAL pointed at the sandbox."""
    pyogrio.set_gdal_config_options({"EEDA_URL": f"{server.url}/v1alpha/", "EEDA_BEARER": "x"})
    yield
    pyogrio.set_gdal_config_options({"EEDA_URL": None, "EEDA_BEARER": None})


def stored(rasters: Rasters, date: str, band: str) -> np.ndarray:
    """What the file holds, 0 where it is masked, as the driver delivers it."""
    return np.asarray(rasters.scene(date, band).filled(0))


def test_an_image_has_the_grid_and_bands_of_its_file(driver: None) -> None:
    with rasterio.open(IMAGE) as image:
        assert (image.width, image.height) == LEVEL_0
        assert image.crs.to_epsg() == 32633
        assert image.transform == rasterio.Affine(10, 0, LEFT, 0, -10, TOP)
        assert image.descriptions == ("B4", "B8")
        assert image.dtypes == ("uint16", "uint16")
        assert image.tags()["MGRS_TILE"] == "33UUP"
        assert [name.rpartition(":")[2] for name in image.subdatasets] == ["B4,B8", "SCL"]


def test_windows_are_those_of_the_file(driver: None, rasters: Rasters) -> None:
    with rasterio.open(IMAGE) as image:
        for window in (Window(0, 0, 50, 40), Window(200, 130, 400, 300), Window(WIDTH - 7, HEIGHT - 9, 7, 9)):
            rows, columns = window.toslices()
            want = np.stack([stored(rasters, DATES[0], band)[rows, columns] for band in ("B4", "B8")])
            np.testing.assert_array_equal(image.read(window=window), want)


@pytest.mark.parametrize("encoding", ["AUTO", "NPY", "GEO_TIFF"])
def test_every_encoding_gives_the_same_pixels(driver: None, rasters: Rasters, encoding: str) -> None:
    with rasterio.open(IMAGE, PIXEL_ENCODING=encoding, BLOCK_SIZE=128) as image:
        np.testing.assert_array_equal(image.read(2), stored(rasters, DATES[0], "B8"))


def test_bands_of_another_grid_are_a_subdataset(driver: None, rasters: Rasters) -> None:
    with rasterio.open(f"{IMAGE}:SCL") as image:
        assert image.res == (20, 20)
        assert image.dtypes == ("uint8",)
        np.testing.assert_array_equal(image.read(1), stored(rasters, DATES[0], "SCL"))


def test_an_overview_is_the_mean_of_the_valid_pixels(driver: None, rasters: Rasters) -> None:
    pixels = rasters.scene(DATES[0], "B4")
    blocks = pixels.reshape(HEIGHT // 2, 2, WIDTH // 2, 2)
    want = np.rint(blocks.mean(axis=(1, 3))).filled(0)
    with rasterio.open(IMAGE) as image:
        assert image.overviews(1)[0] == 2
        found = image.read(1, out_shape=LEVEL_1[::-1], resampling=Resampling.nearest)
    np.testing.assert_array_equal(found, want)


def test_images_in_degrees_and_floats(driver: None, rasters: Rasters) -> None:
    with rasterio.open(f"EEDAI:projects/earthengine-public/assets/{MONTHS}/202405") as image:
        assert image.crs.to_epsg() == 4326
        np.testing.assert_allclose(image.transform[:6], GLOBE[:6], rtol=1e-15)
        assert (image.width, image.height, image.dtypes) == (GLOBE_WIDTH, GLOBE_HEIGHT, ("float32",))
        found = image.read(1)
    want = rasters.month("202405")
    np.testing.assert_array_equal(found[~want.mask], want.compressed())


def test_an_image_that_does_not_exist_is_refused_with_the_services_words(driver: None) -> None:
    with pytest.raises(rasterio.errors.RasterioIOError, match="does not exist or doesn't allow this operation"):
        rasterio.open("EEDAI:COPERNICUS/S2_SR_HARMONIZED/nothing")


def test_a_collection_is_a_layer_of_its_images(layers: None) -> None:
    table = pyogrio.read_dataframe(f"EEDA:{SCENES}")
    assert list(table["id"]) == [f"{SCENES}/{index(date)}" for date in DATES]
    assert list(table["gdal_dataset"]) == [
        f"EEDAI:projects/earthengine-public/assets/{SCENES}/{index(date)}" for date in DATES
    ]
    assert list(table["startTime"].dt.strftime("%Y%m%d %H:%M:%S")) == [f"{date} 10:13:45" for date in DATES]
    assert list(table["band_count"]) == [3, 3, 3]
    assert list(table["CLOUDY_PIXEL_PERCENTAGE"]) == [0, 10, 20]
    assert set(table["band_crs"]) == {"EPSG:32633"}


@pytest.mark.parametrize(
    ("condition", "dates"),
    [
        ("CLOUDY_PIXEL_PERCENTAGE < 20", DATES[:2]),
        ("CLOUDY_PIXEL_PERCENTAGE = 0 OR CLOUDY_PIXEL_PERCENTAGE >= 20", (DATES[0], DATES[2])),
        ("NOT (CLOUDY_PIXEL_PERCENTAGE = 10 OR CLOUDY_PIXEL_PERCENTAGE = 20) AND MGRS_TILE = '33UUP'", DATES[:1]),
        ("CLOUDY_PIXEL_PERCENTAGE IN (10, 20)", DATES[1:]),
        ("MGRS_TILE = '33UUQ'", ()),
        ("startTime >= '2024/05/08 00:00:00'", DATES[1:]),
        ("startTime >= '2024/05/04 00:00:00' AND CLOUDY_PIXEL_PERCENTAGE < 15", DATES[1:2]),
    ],
)
def test_a_layer_is_filtered_by_the_service(layers: None, condition: str, dates: tuple[str, ...]) -> None:
    table = pyogrio.read_dataframe(f"EEDA:{SCENES}", where=condition)
    assert list(table["id"]) == [f"{SCENES}/{index(date)}" for date in dates]


@pytest.mark.parametrize(("box", "count"), [((15.0, 47.8, 15.02, 47.82), 3), ((16.5, 47.8, 16.6, 47.9), 0)])
def test_a_layer_is_filtered_by_place(layers: None, box: tuple[float, float, float, float], count: int) -> None:
    assert len(pyogrio.read_dataframe(f"EEDA:{SCENES}", bbox=box)) == count


def test_the_environment_is_enough(server: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bearer = tmp_path / "bearer"
    bearer.write_text("x")
    monkeypatch.setitem(os.environ, "EEDA_URL", f"{server.url}/v1alpha/")
    monkeypatch.setitem(os.environ, "EEDA_BEARER_FILE", str(bearer))
    with rasterio.open(IMAGE) as image:
        assert image.count == 2
