"""Sentinel-2 with SCL, October to December 2023: monthly medians of real scenes; November has no clear pixel."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dagster as dg
import netCDF4
import numpy as np
import pytest
import rasterio
import yaml
from numpy.typing import NDArray

from eo_pipeline_tests.end_to_end.conftest import SHARED
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, pipeline
from eo_pipeline_tests.processes import running_sandbox

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data of {SHARED}, which is not there"),
]

MONTHS = ["2023-10", "2023-11", "2023-12"]
CLEAR = [4, 5, 6, 7, 11]
NODATA = -32768
SERIES = SHARED / "s2_l2a_scl_openeo" / "test_optical_cube.nc"
BANDS = {"B2": "S2-L2A-B02", "B3": "S2-L2A-B03", "B4": "S2-L2A-B04", "B8": "S2-L2A-B08", "SCL": "S2-L2A-SCL"}


@dataclass(frozen=True)
class Scenes:
    """Stored numbers (time, y, x) of the file, its months and its grid."""

    pixels: dict[str, NDArray[np.int64]]
    months: list[str]
    left: float
    top: float

    def clear(self, band: str, month: str) -> NDArray[np.float64]:
        """(time, y, x) of one month with NaN wherever SCL is not one of the clear classes."""
        chosen = [number for number, name in enumerate(self.months) if name == month]
        usable = np.isin(self.pixels["SCL"][chosen], CLEAR) & (self.pixels[band][chosen] != 65535)
        return np.where(usable, self.pixels[band][chosen].astype(float), np.nan)


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    with netCDF4.Dataset(SERIES) as file:
        file.set_auto_maskandscale(False)
        days = [date(1990, 1, 1) + timedelta(days=int(day)) for day in file["t"][:]]  # days since 1990-01-01
        pixels = {
            name: np.asarray(file[variable][:]).view(np.uint16).astype(np.int64) for name, variable in BANDS.items()
        }
        left, top = float(file["x"][0]) - 5, float(file["y"][0]) + 5
    return Scenes(pixels, [f"{day.year}-{day.month:02d}" for day in days], left, top)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, scenes: Scenes) -> Iterator[dict[str, Pipeline]]:
    folder = tmp_path_factory.mktemp("s2")
    catalog = folder / "catalog.yaml"
    bands = {name: {"variable": variable, "nodata": 65535} for name, variable in BANDS.items()}
    entry = {"netcdf": str(SERIES), "bands": bands}
    catalog.write_text(yaml.safe_dump({"collections": {"COPERNICUS/S2_SR_HARMONIZED": {"images": [entry]}}}))
    home = folder / "dagster"
    home.mkdir()
    with (
        running_sandbox(folder / "sandbox", catalog=catalog, speed=100) as sandbox,
        dg.DagsterInstance.local_temp(str(home)) as instance,
    ):
        make_bucket(sandbox.url)
        made = {}
        for declaration in (reflectance(scenes), index(scenes)):
            found = pipeline(declaration, url=sandbox.url, root=folder / "data", instance=instance, folder=folder)
            assert found.run(MONTHS).failed == {}
            made[found.chain.product.name] = found
        yield made


def common(scenes: Scenes) -> dict[str, Any]:
    bottom, right = scenes.top - 52 * 10, scenes.left + 46 * 10
    return {
        "mask": {"scl_include": CLEAR},
        "composite": {"reducer": "median", "counts": ["n_obs", "n_valid"]},
        "period": {"every": "month", "start": "2023-10", "end": "2024-01"},
        "area": {
            "box": [scenes.left, bottom, right, scenes.top],
            "crs": "EPSG:32631",
            "resolution": 10,
            "origin": [scenes.left, scenes.top],
        },
        "export": {"file_dimensions": 256},
    }


def reflectance(scenes: Scenes) -> dict[str, Any]:
    output = {"dtype": "int16", "nodata": NODATA}
    return common(scenes) | {
        "name": "reflectance",
        "source": {"collection": "COPERNICUS/S2_SR_HARMONIZED", "bands": ["B4", "B8"]},
        "output": {"B4": output, "B8": output},
    }


def index(scenes: Scenes) -> dict[str, Any]:
    return common(scenes) | {
        "name": "ndvi",
        "source": {"collection": "COPERNICUS/S2_SR_HARMONIZED", "bands": ["B4", "B8"]},
        "index": {"ndvi": {"formula": "(B8 - B4) / (B8 + B4)", "compute": "per_scene"}},
        "output": {"ndvi": {"dtype": "int16", "scale": 0.0001, "nodata": NODATA}},
    }


def read(found: Pipeline, month: str) -> dict[str, NDArray[Any]]:
    with rasterio.open(found.mosaic("whole", month)) as dataset:
        return {name: dataset.read(number) for number, name in enumerate(dataset.descriptions, start=1)}


def half_up(values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Stored numbers: rounded half up, nodata where there is no value."""
    return np.where(np.isnan(values), NODATA, np.floor(values + 0.5)).astype(np.int16)


@pytest.mark.filterwarnings("ignore:All-NaN slice encountered")
@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("band", ["B4", "B8"])
def test_monthly_medians_equal_plain_numpy_rounded_half_up(
    finished: dict[str, Pipeline], scenes: Scenes, month: str, band: str
) -> None:
    wanted = half_up(np.nanmedian(scenes.clear(band, month), axis=0))
    np.testing.assert_array_equal(read(finished["reflectance"], month)[band], wanted)


@pytest.mark.filterwarnings("ignore:All-NaN slice encountered")
def test_october_has_medians_between_two_whole_numbers(scenes: Scenes) -> None:
    medians = np.nanmedian(scenes.clear("B4", "2023-10"), axis=0)
    assert np.nansum(medians % 1 == 0.5) > 100


@pytest.mark.filterwarnings("ignore:All-NaN slice encountered")
@pytest.mark.parametrize("month", MONTHS)
def test_the_index_is_the_median_of_the_scenes_indices(
    finished: dict[str, Pipeline], scenes: Scenes, month: str
) -> None:
    red, nir = scenes.clear("B4", month), scenes.clear("B8", month)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where(nir + red != 0, (nir - red) / (nir + red), np.nan)
    wanted = half_up(np.nanmedian(each, axis=0) * 10000)
    made = read(finished["ndvi"], month)["ndvi"]
    np.testing.assert_array_equal(made == NODATA, wanted == NODATA)
    assert np.abs(made.astype(int) - wanted.astype(int)).max() <= 1
    assert (made != wanted).mean() < 0.002


@pytest.mark.parametrize("month", MONTHS)
def test_counts_say_how_many_scenes_saw_the_pixel_and_saw_it_clear(
    finished: dict[str, Pipeline], scenes: Scenes, month: str
) -> None:
    made = read(finished["reflectance"], month)
    np.testing.assert_array_equal(made["n_valid"], (~np.isnan(scenes.clear("B4", month))).sum(axis=0))
    chosen = [number for number, name in enumerate(scenes.months) if name == month]
    np.testing.assert_array_equal(made["n_obs"], (scenes.pixels["B4"][chosen] != 65535).sum(axis=0))


def test_a_month_without_a_clear_pixel_is_nodata_not_no_images(finished: dict[str, Pipeline]) -> None:
    for found in finished.values():
        pixels = read(found, "2023-11")
        assert (pixels["n_valid"] == 0).all()
        assert (pixels["n_obs"] > 0).all()
        assert (pixels[found.chain.product.value_names[0]] == NODATA).all()
        assert found.metadata("mosaic", "whole|2023-11")["eo/state"] == "written"


def test_scale_nodata_and_names_are_kept_in_the_file(finished: dict[str, Pipeline]) -> None:
    with rasterio.open(finished["ndvi"].mosaic("whole", "2023-10")) as dataset:
        assert dataset.descriptions == ("ndvi", "n_obs", "n_valid")
        assert dataset.scales == (0.0001, 1.0, 1.0)
        assert dataset.nodata == NODATA
        assert dataset.dtypes == ("int16",) * 3
