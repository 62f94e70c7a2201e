"""Points of two regions over three months, from declaration to table, against rasterio's reading of the rasters."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
import yaml
from pyproj import Transformer

from eo_pipeline_tests.end_to_end.chip_products import MONTHS, REGIONS, Maker, product_of_regions, write_world
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, TOP
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

TABLE = "projects/sandbox-project/assets/stations"
COUNT = 300


def stations() -> pd.DataFrame:
    """Places in and around the regions, in degrees; a third of them in a corner of the western one."""
    random = np.random.default_rng(12)
    x = np.concatenate([random.uniform(LEFT, LEFT + 2500, COUNT), random.uniform(LEFT + 300, LEFT + 450, COUNT // 2)])
    y = np.concatenate([random.uniform(TOP - 2500, TOP, COUNT), random.uniform(TOP - 450, TOP - 300, COUNT // 2)])
    longitude, latitude = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    return pd.DataFrame({"station": [f"s{n:03d}" for n in range(len(x))], "lon": longitude, "lat": latitude})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    catalog = write_world(folder)
    known = stations()
    known.to_csv(folder / "stations.csv", index=False)
    places = geopandas.points_from_xy(known["lon"], known["lat"], crs="EPSG:4326")
    geopandas.GeoDataFrame({"station": known["station"]}, geometry=places).to_file(folder / "stations.gpkg")
    declared = yaml.safe_load(catalog.read_text())
    catalog.write_text(yaml.safe_dump({**declared, "tables": {TABLE: {"path": "stations.gpkg"}}}))
    return folder


@pytest.fixture(scope="module")
def sandbox(world: Path) -> Iterator[SandboxProcess]:
    with running_sandbox(world / "sandbox", catalog=world / "catalog.yaml", speed=100) as found:
        make_bucket(found.url)
        yield found


SOURCES: Mapping[str, dict[str, Any]] = {
    "csv": {"file": "stations.csv", "x": "lon", "y": "lat"},
    "gpkg": {"file": "stations.gpkg"},
    "asset": {"asset": TABLE},
}


def points_product(name: str, **points: Any) -> dict[str, Any]:
    output = {"height": {"dtype": "float32", "units": "m"}}
    return product_of_regions(name, output=output, points={"id": "station", **points})


@pytest.fixture
def made(world: Path, sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance) -> Maker:
    return Maker(world, sandbox.url, tmp_path / "data", instance)


def file_of(found: Pipeline, area: str, month: str) -> Path:
    return found.root / found.chain.product.name / "points" / area / f"{month}.parquet"


def sampled(world: Path, month: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Heights at places, by rasterio."""
    with rasterio.open(world / f"h_{month.replace('-', '')}.tif") as dataset:
        return np.array([value[0] for value in dataset.sample(zip(x, y, strict=True))])


@pytest.mark.parametrize("source", list(SOURCES))
def test_every_point_has_the_value_of_its_pixel_in_one_area(made: Maker, source: str) -> None:
    found = made.pipeline(points_product(f"at_{source}", **SOURCES[source]))
    assert found.chain.stages == ["submission", "export", "points"]
    assert found.run(MONTHS[:1]).failed == {}
    known = stations().set_index("station")
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(known["lon"], known["lat"])
    inside = {area: shapely.contains_xy(region, x, y) for area, region in REGIONS.items()}
    heights = pd.Series(sampled(made.world, MONTHS[0], x, y), index=known.index)
    for area in REGIONS:
        table = pd.read_parquet(file_of(found, area, MONTHS[0])).set_index("station")
        assert list(table.index) == list(known.index[inside[area]])
        np.testing.assert_array_equal(table["height"], heights[table.index].astype(np.float64))
        assert set(table["state"]) == {"valid"}
        np.testing.assert_allclose(table["x"], x[inside[area]], atol=1e-6)
    missing = int((~(inside["east"] | inside["west"])).sum())
    assert str(found.metadata("points", f"west|{MONTHS[0]}")["points in no area"]).startswith(f"{missing}: s")


def test_the_table_says_what_its_columns_are_and_lies_beside_a_csv(made: Maker) -> None:
    found = made.pipeline(points_product("told", **SOURCES["csv"]))
    found.run(MONTHS[:1], ["west"])
    schema = pq.read_schema(file_of(found, "west", MONTHS[0]))
    assert schema.names == ["station", "x", "y", "period", "period_start", "period_end", "height", "state"]
    assert (schema.field("height").metadata or {})[b"units"] == b"m"
    assert (schema.metadata or {})[b"crs"] == CRS.encode()
    written = pd.read_csv(file_of(found, "west", MONTHS[0]).with_suffix(".csv"))
    kept = pd.read_parquet(file_of(found, "west", MONTHS[0]))
    np.testing.assert_allclose(written["height"], kept["height"])
    assert set(written["period"]) == {MONTHS[0]}
    shown = found.metadata("points", f"west|{MONTHS[0]}")
    assert shown["points valid"] == len(kept) == shown["dagster/row_count"]
    assert not list(found.root.rglob(".*.json"))


def test_a_period_without_images_has_rows_without_values(made: Maker) -> None:
    found = made.pipeline(points_product("without", **SOURCES["csv"]))
    found.run(["2024-03"], ["west"])
    table = pd.read_parquet(file_of(found, "west", "2024-03"))
    assert len(table) > 50
    assert table["height"].isna().all()
    assert set(table["state"]) == {"masked"}


def test_a_partition_that_broke_off_asks_only_for_the_rest(made: Maker, sandbox: SandboxProcess) -> None:
    found = made.pipeline(points_product("broken_off", **SOURCES["csv"], cell=2))
    sandbox.arm(
        kind="status",
        status=403,
        message="Denied.",
        path="compute(Features|Pixels)$",
        method="POST",
        count=None,
        after=1,
    )
    try:
        assert found.run(MONTHS[:1], ["west"]).failed
    finally:
        sandbox.control("faults", method="DELETE")
    assert not file_of(found, "west", MONTHS[0]).exists()
    assert not found.run(MONTHS[:1], ["west"]).failed
    shown = found.metadata("points", f"west|{MONTHS[0]}")
    assert shown["requests spared"] >= 1
    assert shown["points valid"] == shown["dagster/row_count"]
