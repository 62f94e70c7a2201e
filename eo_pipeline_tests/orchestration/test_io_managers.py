"""Values of the chain as other people's assets load them, and how they lie below the root."""

from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from numpy.typing import NDArray

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.io_managers import Mosaic, MosaicIO, NewMosaic, TablesIO, TilesIO
from eo_pipeline.steps.exports.collect_tiles import Tile, TileSet
from eo_pipeline_tests.end_to_end.pipeline import resources
from eo_pipeline_tests.orchestration.fields import EAST, TILE, WEST, sections, two_areas

KEY = f"{WEST}|2024-01"


def pixels(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0.5, 0.1, (TILE, TILE)).astype(np.float32)


def mine(made: Chain) -> list[dg.AssetsDefinition]:
    """Assets that a user writes beside the product."""

    @dg.asset(
        key=["mine", "mean"],
        ins={"mosaic": dg.AssetIn(made.key("mosaic"))},
        partitions_def=made.by_area_and_period,
        io_manager_key="tables_io",
    )
    def mean(mosaic: Mosaic) -> pd.DataFrame:
        assert mosaic.path is not None
        with rasterio.open(str(mosaic.path)) as dataset:
            return pd.DataFrame({"mean": [float(dataset.read(1).mean())]})

    @dg.asset(
        key=["mine", "ranked"],
        ins={"table": dg.AssetIn(made.key("zonal_stats"))},
        partitions_def=made.by_period,
        io_manager_key="tables_io",
    )
    def ranked(table: pd.DataFrame) -> pd.DataFrame:
        return table.sort_values("B4_mean")[["field", "B4_mean"]]

    @dg.asset(key=["mine", "series"], ins={"cube": dg.AssetIn(made.key("cube"))}, io_manager_key="tables_io")
    def series(cube: xr.Dataset) -> pd.DataFrame:
        values = cube["B4"].isel(time=0).values
        return pd.DataFrame({"sum": [float(np.nansum(values.astype(float)))], "pixels": [int(values.size)]})

    return [mean, ranked, series]


class Project:
    """A product with mosaics of January, and the user's assets beside it."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance, **more: Any) -> None:
        self.chain = two_areas(folder, **more)
        self.root = folder / "data"
        self.settings = Settings(root=str(self.root))
        products = build_definitions(
            [self.chain.product], resources=resources("http://127.0.0.1:9", self.root), folder=folder
        )
        self.definitions = dg.Definitions.merge(products, dg.Definitions(assets=mine(self.chain)))
        self._instance = instance
        io = MosaicIO(self.settings)
        for number, area in enumerate((WEST, EAST)):
            self.write(folder / f"{area}.tif", area, pixels(number))
            value = NewMosaic("written", "d" * 40, folder / f"{area}.tif")
            io.store(self.chain.key("mosaic"), f"{area}|2024-01", value)

    def write(self, path: Path, area: str, values: NDArray[np.float32]) -> None:
        box = self.chain.areas[area].geobox
        profile = {"driver": "GTiff", "width": TILE, "height": TILE, "count": 1, "dtype": "float32", "nodata": np.nan}
        with rasterio.open(path, "w", crs=str(box.crs), transform=box.affine, **profile) as file:
            file.write(values, 1)
            file.descriptions = ("B4",)

    def make(self, *key: str, partition: str | None = None) -> pd.DataFrame | None:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        done = job.execute_in_process(
            instance=self._instance, asset_selection=[dg.AssetKey(list(key))], partition_key=partition
        )
        assert done.success
        path = self.root.joinpath(*key, *(partition or "").split("|"))
        file = path.with_name(f"{path.name}.parquet")
        return pd.read_parquet(file) if file.exists() else None


@pytest.fixture
def project(tmp_path: Path, instance: dg.DagsterInstance) -> Project:
    return Project(tmp_path, instance)


def test_a_user_s_asset_loads_a_mosaic(project: Project) -> None:
    table = project.make("mine", "mean", partition=KEY)
    assert table is not None
    assert table["mean"][0] == pytest.approx(float(pixels(0).mean()), rel=1e-6)


def test_a_user_s_asset_loads_a_table(project: Project) -> None:
    project.make("small", "zonal_stats", partition="2024-01")
    table = project.make("mine", "ranked", partition="2024-01")
    assert table is not None
    west = float(pixels(0)[TILE - 5 :, :5].mean())
    means = table.set_index("field")["B4_mean"]
    assert means["west"] == pytest.approx(west, rel=1e-6)
    assert means.is_monotonic_increasing


@pytest.mark.parametrize("store", ["icechunk", "zarr"])
def test_a_user_s_asset_loads_the_cube(tmp_path: Path, instance: dg.DagsterInstance, store: str) -> None:
    project = Project(tmp_path, instance, cube={**sections()["cube"], "store": store})
    for area in (WEST, EAST):
        project.make("small", "cube", partition=f"{area}|2024-01")
    table = project.make("mine", "series")
    assert table is not None
    assert table["pixels"][0] == 2 * TILE * TILE
    assert table["sum"][0] == pytest.approx(float(pixels(0).sum() + pixels(1).sum()), rel=1e-5)
    assert (project.root / "cubes" / "small" / "zarr.json").exists() == (store == "zarr")


def test_a_value_that_is_not_there_is_told(project: Project) -> None:
    with pytest.raises(
        StorageError, match=r"expected .*2024-02\.json, found nothing; materialise what it is made by f"
    ):
        MosaicIO(project.settings).load(project.chain.key("mosaic"), f"{WEST}|2024-02")


def test_files_lie_by_product_stage_area_and_period(project: Project) -> None:
    found = {str(path.relative_to(project.root)) for path in project.root.rglob("*") if path.is_file()}
    assert found == {f"small/mosaic/{area}/2024-01.{ending}" for area in (WEST, EAST) for ending in ("tif", "json")}


def test_a_mosaic_that_loses_its_images_loses_its_file(project: Project) -> None:
    io, key = MosaicIO(project.settings), project.chain.key("mosaic")
    file = io.load(key, KEY).path
    assert file is not None
    stored = io.store(key, KEY, NewMosaic("no_images", "e" * 40, None, "averaged"))
    assert stored == io.load(key, KEY) == Mosaic("no_images", "e" * 40, None, "averaged")
    assert not file.exists()


def test_tiles_are_a_manifest_that_reads_back(tmp_path: Path) -> None:
    io = TilesIO(Settings(root=str(tmp_path)))
    tiles = TileSet("collected", "d" * 40, "small/tiles/a/p/d", (Tile("t.tif", 7, "abc=", "gs://b/t.tif"),))
    io.store(dg.AssetKey(["small", "tiles"]), "a|p", tiles)
    assert io.load(dg.AssetKey(["small", "tiles"]), "a|p") == tiles


def test_a_plain_table_is_stored_as_parquet_and_csv(tmp_path: Path) -> None:
    io, key = TablesIO(Settings(root=str(tmp_path))), dg.AssetKey(["mine", "table"])
    table = pd.DataFrame({"name": ["a", "b"], "value": [1.5, None], "count": [1, 2]})
    io.store(key, None, table)
    pd.testing.assert_frame_equal(io.load(key, None), table, check_dtype=False)
    assert (tmp_path / "mine" / "table.csv").read_text().splitlines()[0] == "name,value,count"
