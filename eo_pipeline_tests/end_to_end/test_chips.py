"""Chips of two regions over two periods, from declaration to manifest, on the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import pytest
import shapely

from eo_pipeline_tests.end_to_end.chip_products import COUNT, MONTHS, REGIONS, chips_product, write_world
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


def samples_of(found: Pipeline, area: str, month: str) -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(found.root / found.chain.product.name / "samples" / area / f"{month}.parquet")


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
