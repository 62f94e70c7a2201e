"""Chips of two regions over two periods, from declaration to manifest, on the sandbox."""

import base64
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import google_crc32c
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.windows import from_bounds

from eo_pipeline_tests.end_to_end.chip_products import (
    COUNT,
    MONTHS,
    REGIONS,
    SIZE,
    chips_product,
    source_window,
    write_world,
)
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, TOP
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, pipeline
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder)
    return folder


@pytest.fixture(scope="module")
def sandbox(world: Path) -> Iterator[SandboxProcess]:
    with running_sandbox(world / "sandbox", catalog=world / "catalog.yaml", speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture
def made(world: Path, sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance) -> "Maker":
    return Maker(world, sandbox, tmp_path / "data", instance)


class Maker:
    """Products at the module's sandbox, each test with a history and a root of its own."""

    def __init__(self, world: Path, sandbox: SandboxProcess, root: Path, instance: dg.DagsterInstance) -> None:
        self.world, self.sandbox, self.root, self.instance = world, sandbox, root, instance

    def pipeline(self, **chips: Any) -> Pipeline:
        return pipeline(
            chips_product(**chips), url=self.sandbox.url, root=self.root, instance=self.instance, folder=self.world
        )

    def batch(self) -> Pipeline:
        """The same image as tiles, exported by tasks."""
        declaration = {**chips_product("tiles_of_heights"), "export": {"file_dimensions": 256}}
        del declaration["chips"]
        return pipeline(declaration, url=self.sandbox.url, root=self.root, instance=self.instance, folder=self.world)


def samples_of(found: Pipeline, area: str, month: str) -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(found.root / found.chain.product.name / "samples" / area / f"{month}.parquet")


def manifest_of(found: Pipeline, area: str, month: str) -> geopandas.GeoDataFrame:
    """The manifest, with absolute paths of the chips."""
    folder = found.root / found.chain.product.name / "chips" / area
    manifest = geopandas.read_parquet(folder / f"{month}.parquet")
    return manifest.assign(file=[folder / path for path in manifest["path"]])


def test_samples_lie_in_their_region_and_are_the_same_in_every_period(made: Maker) -> None:
    found = made.pipeline(split={"train": 0.5, "test": 0.5}, split_block=400)
    report = found.run(MONTHS)
    assert report.failed == {}
    for area, region in REGIONS.items():
        first, second = (samples_of(found, area, month) for month in MONTHS)
        assert len(first) == COUNT
        assert shapely.contains_xy(region, *first.to_crs(CRS).geometry.get_coordinates().to_numpy().T).all()
        assert first.equals(second)
        assert (((first["left"] - LEFT) / RESOLUTION) % 1 == 0).all()
        assert (((first["top"] - TOP) / RESOLUTION) % 1 == 0).all()
        assert set(first["split"]) <= {"train", "test"}
    shown = found.metadata("samples", f"east|{MONTHS[0]}")
    assert shown["chips"] == COUNT
    assert shown["map"].startswith("![samples_of_heights east")


def test_chips_are_the_source_pixels_and_the_windows_of_tiles_that_a_task_exported(made: Maker) -> None:
    found = made.pipeline()
    report = found.run(MONTHS)
    assert report.failed == {}
    assert set(report.done) == {"submission", "export", "samples", "chips"}
    batch = made.batch()
    assert batch.run(MONTHS).failed == {}
    compared = 0
    for area, month in product(REGIONS, MONTHS):
        manifest = manifest_of(found, area, month)
        assert manifest["state"].tolist() == ["written"] * COUNT
        with rasterio.open(batch.mosaic(area, month)) as tile:
            for row in manifest.itertuples():
                with rasterio.open(row.file) as chip:
                    pixels = chip.read(1)
                    assert (chip.crs, chip.shape, chip.res) == (tile.crs, (SIZE, SIZE), tile.res)
                    assert (chip.bounds.left, chip.bounds.top) == (row.left, row.top)
                    window = from_bounds(*chip.bounds, tile.transform)
                np.testing.assert_array_equal(pixels, source_window(made.world, month, (row.left, row.top)))
                exported = tile.read(1, window=window, boundless=True, fill_value=np.nan)
                inside = ~np.isnan(exported)
                np.testing.assert_array_equal(pixels[inside], exported[inside])
                compared += int(inside.sum())
    assert compared > 0.8 * len(REGIONS) * len(MONTHS) * COUNT * SIZE * SIZE


def test_a_manifest_tells_when_and_where_and_what_every_file_is(made: Maker) -> None:
    found = made.pipeline()
    assert found.run(["2024-02"], ["west"]).failed == {}
    samples, manifest = samples_of(found, "west", "2024-02"), manifest_of(found, "west", "2024-02")
    assert manifest["id"].tolist() == samples["id"].tolist()
    assert set(manifest["time_start"].astype(str)) == {"2024-02-01 00:00:00+00:00"}
    assert set(manifest["time_end"].astype(str)) == {"2024-03-01 00:00:00+00:00"}
    for row in manifest.itertuples():
        content = row.file.read_bytes()
        assert len(content) == row.bytes
        assert base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode() == row.crc32c
        assert row.geometry.contains(samples.set_index("id").geometry[row.id])
    shown = found.metadata("chips", "west|2024-02")
    assert (shown["chips"], shown["written"], shown["failed"]) == (COUNT, COUNT, 0)
    assert shown["interactive requests"] >= COUNT
    assert shown["first chips"].startswith("![samples_of_heights west")
    assert shown["bytes"] == manifest["bytes"].sum()
