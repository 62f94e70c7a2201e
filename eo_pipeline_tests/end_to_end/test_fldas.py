"""FLDAS surface temperature, 2023-01 to 2023-05: real pixels through the whole chain; 2023-03 does not exist."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterstats
import yaml

from eo_pipeline.orchestration.run import RunReport
from eo_pipeline.storage.cubes import CubeAddress, open_cube
from eo_pipeline_tests.end_to_end.conftest import SHARED
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, pipeline
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data of {SHARED}, which is not there"),
]

MONTHS = ["2023-01", "2023-02", "2023-03", "2023-04", "2023-05"]
WITH_IMAGE = [month for month in MONTHS if month != "2023-03"]
COLLECTION = "NASA/FLDAS/NOAH01/C/GL/M/V001"


def source(month: str) -> Path:
    return SHARED / "ee_fldas_lst" / f"RadT_tavg_{month.replace('-', '')}.tif"


@dataclass(frozen=True)
class Finished:
    pipeline: Pipeline
    report: RunReport
    sandbox: SandboxProcess
    countries: geopandas.GeoDataFrame


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("fldas")
    files = str(SHARED / "ee_fldas_lst" / "RadT_tavg_{YYYY}{MM}.tif")
    entry = {"files": files, "index": "{YYYY}{MM}", "duration": "month", "bands": {"RadT_tavg": {"band": 1}}}
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"collections": {COLLECTION: {"images": [entry]}}}))
    countries = geopandas.read_file(SHARED / "naturalearth_110m" / "naturalearth_lowres.shp")
    countries.to_file(folder / "countries.gpkg")
    with rasterio.open(source("2023-01")) as dataset:
        bounds, resolution = dataset.bounds, dataset.res[0]
    declaration = {
        "name": "surface_temperature",
        "source": {"collection": COLLECTION, "bands": ["RadT_tavg"]},
        "composite": {"reducer": "first"},
        "period": {"every": "month", "start": "2023-01", "end": "2023-06"},
        "area": {"box": list(bounds), "crs": "EPSG:4326", "resolution": resolution},
        "output": {"RadT_tavg": {"dtype": "float32", "units": "K"}},
        "zones": {"file": "countries.gpkg", "id": "name", "statistics": ["count", "mean", "min", "max"]},
        "cube": {"repository": "cubes/lst", "chunk": 256, "shard": 512},
        "export": {"file_dimensions": 1280},
    }
    home = folder / "dagster"
    home.mkdir()
    with (
        running_sandbox(folder / "sandbox", catalog=catalog, speed=100) as sandbox,
        dg.DagsterInstance.local_temp(str(home)) as instance,
    ):
        make_bucket(sandbox.url)
        made = pipeline(declaration, url=sandbox.url, root=folder / "data", instance=instance, folder=folder)
        yield Finished(made, made.run(MONTHS), sandbox, countries)


def test_every_partition_of_every_stage_is_made(finished: Finished) -> None:
    assert finished.report.failed == {}
    assert {stage: len(made) for stage, made in finished.report.done.items()} == dict.fromkeys(
        ("submission", "export", "tiles", "mosaic", "cube", "zonal_stats"), 5
    )


@pytest.mark.parametrize("month", WITH_IMAGE)
def test_each_mosaic_equals_its_source_pixel_for_pixel(finished: Finished, month: str) -> None:
    with rasterio.open(source(month)) as wanted, rasterio.open(finished.pipeline.mosaic("whole", month)) as made:
        assert made.shape == (1613, 2313)
        assert made.transform.almost_equals(wanted.transform, 1e-12)
        assert made.dtypes == ("float32",)
        assert np.isnan(made.nodata)
        np.testing.assert_array_equal(made.read(1), wanted.read(1))


@pytest.mark.parametrize("month", WITH_IMAGE)
def test_each_month_was_four_tiles(finished: Finished, month: str) -> None:
    assert finished.pipeline.metadata("tiles", f"whole|{month}")["tiles"] == 4


@pytest.mark.parametrize("month", WITH_IMAGE)
def test_statistics_of_countries_equal_rasterstats_on_the_source(finished: Finished, month: str) -> None:
    table = pd.read_parquet(finished.pipeline.table(month).with_suffix(".parquet")).set_index("name")
    assert len(table) == 177
    with rasterio.open(source(month)) as dataset:
        pixels, affine = dataset.read(1).astype("float64"), dataset.transform
    wanted = rasterstats.zonal_stats(
        finished.countries.geometry, pixels, affine=affine, nodata=float("nan"), stats=["count", "mean", "min", "max"]
    )
    for name, row in zip(finished.countries.name, wanted, strict=True):
        assert table.loc[name, "RadT_tavg_count"] == row["count"], name
        for statistic in ("mean", "min", "max"):
            got = table.loc[name, f"RadT_tavg_{statistic}"]
            assert (row[statistic] is None and pd.isna(got)) or got == pytest.approx(row[statistic], rel=1e-12), name
    assert (table["RadT_tavg_count"] == 0).sum() == 102


def test_the_table_without_images_has_every_zone_with_count_0(finished: Finished) -> None:
    table = pd.read_csv(finished.pipeline.table("2023-03").with_suffix(".csv"))
    assert len(table) == 177
    assert (table["RadT_tavg_count"] == 0).all()
    assert table["RadT_tavg_mean"].isna().all()


def test_the_missing_month_ends_as_no_images_everywhere(finished: Finished) -> None:
    for stage in ("submission", "export", "tiles", "mosaic", "cube"):
        assert finished.pipeline.metadata(stage, "whole|2023-03")["eo/state"] == "no_images", stage
    assert finished.pipeline.metadata("zonal_stats", "2023-03")["eo/state"] == "no_images"
    assert not finished.pipeline.mosaic("whole", "2023-03").exists()


def test_cube_slots_equal_mosaics_and_the_missing_one_is_empty(finished: Finished) -> None:
    address = CubeAddress(str(finished.pipeline.root / "cubes" / "lst"))
    cube = open_cube(address)
    assert list(pd.to_datetime(cube.time.values).strftime("%Y-%m")) == MONTHS
    for slot, month in enumerate(MONTHS):
        pixels = cube["RadT_tavg"].isel(time=slot).values
        if month == "2023-03":
            assert np.isnan(pixels).all()
            continue
        with rasterio.open(source(month)) as dataset:
            np.testing.assert_array_equal(pixels, dataset.read(1))


def test_each_partition_is_one_commit(finished: Finished) -> None:
    snapshots = [finished.pipeline.metadata("cube", f"whole|{month}")["snapshot"] for month in MONTHS]
    assert len(set(snapshots)) == 5


def test_a_partition_of_several_shards_shows_who_copied_them(finished: Finished) -> None:
    with rasterio.open(source("2023-01")) as dataset:
        shards = math.ceil(dataset.height / 512) * math.ceil(dataset.width / 512)
    made = {month: finished.pipeline.metadata("cube", f"whole|{month}") for month in MONTHS}
    assert [made[month]["shards made"] for month in WITH_IMAGE] == [shards] * 4
    assert all("data:image/png" in made[month]["timeline"] for month in WITH_IMAGE)
    assert all("worker-seconds" in made[month] for month in MONTHS)
    assert made["2023-03"]["shards made"] == 0
    assert "timeline" not in made["2023-03"]


def submitted(finished: Finished) -> list[str]:
    return [event["name"] for event in finished.sandbox.events("operation") if event["state"] == "PENDING"]


def test_running_again_exports_and_commits_nothing(finished: Finished) -> None:
    before = finished.pipeline.metadata("cube", "whole|2023-01")["snapshot"]
    assert len(submitted(finished)) == 4
    assert finished.pipeline.run(MONTHS).failed == {}
    assert len(submitted(finished)) == 4
    assert finished.pipeline.metadata("cube", "whole|2023-01")["snapshot"] == before
