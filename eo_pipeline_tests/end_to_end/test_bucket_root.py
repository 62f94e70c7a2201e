"""The whole chain with its results in a bucket: the values are plain numpy's, read back by other people's readers."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import icechunk
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
import xarray as xr
from click.testing import CliRunner
from numpy.typing import NDArray

from eo_pipeline.cli.main import main
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, SIDE, TOP, heights, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, Pipeline, pipeline, storage_client
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

RESULTS, CUBES, TILE = "results", "cubes", 128
MONTHS, EMPTY = ("2024-01", "2024-02"), "2024-03"
CORNERS = {(row, column) for row in (0, 1) for column in (0, 1)}
FIELD = (slice(40, 200), slice(100, 160))
"""Rows and columns of the zone: it lies in all four areas, and its edges are those of pixels."""


@dataclass(frozen=True)
class Deployment:
    """A sandbox with one bucket for exports, one for results and one for cubes."""

    sandbox: SandboxProcess
    folder: Path
    pixels: dict[str, NDArray[np.float32]]

    def product(self, name: str, root: str, instance: dg.DagsterInstance, **more: Any) -> Pipeline:
        """Four areas, three months of which the last has no image."""
        area = {"cover": "zones.geojson", "crs": CRS, "resolution": RESOLUTION, "tile": TILE, "origin": [LEFT, TOP]}
        cube = {"repository": f"cubes/{name}", "chunk": TILE, "shard": TILE}
        declared = heights(name) | {"area": area, "cube": cube} | more
        return pipeline(declared, url=self.sandbox.url, root=root, instance=instance, folder=self.folder)

    def objects(self, bucket: str, prefix: str) -> dict[str, str]:
        """CRC32C of every object by its name without the prefix."""
        with closing(storage_client(self.sandbox.url)) as client:
            return {blob.name.removeprefix(prefix): blob.crc32c for blob in client.list_blobs(bucket, prefix=prefix)}

    def read(self, bucket: str, name: str) -> bytes:
        with closing(storage_client(self.sandbox.url)) as client:
            return bytes(client.bucket(bucket).blob(name).download_as_bytes())

    def cube(self, bucket: str, prefix: str) -> xr.Dataset:
        """As anyone reads it: icechunk and xarray alone."""
        key = {"gcs_base_url": self.sandbox.url, "disable_oauth": True, "client_email": "", "private_key": ""}
        storage = icechunk.gcs_storage(
            bucket=bucket,
            prefix=prefix,
            service_account_key=json.dumps({**key, "private_key_id": ""}),
            config={"allow_http": "true"},
        )
        session = icechunk.Repository.open(storage).readonly_session("main")
        found: xr.Dataset = xr.open_zarr(session.store, consolidated=False)
        return found

    def expected_cube(self) -> NDArray[np.float32]:
        """(time, y, x); a month without images is NaN."""
        return np.stack([*(self.pixels[month] for month in MONTHS), np.full((SIDE, SIDE), np.nan, np.float32)])


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("bucket_root")
    pixels = {month: write_month(folder, month, seed=seed) for seed, month in enumerate(MONTHS)}
    catalog = write_catalog(folder)
    rows, columns = FIELD
    zone = shapely.box(
        LEFT + columns.start * RESOLUTION,
        TOP - rows.stop * RESOLUTION,
        LEFT + columns.stop * RESOLUTION,
        TOP - rows.start * RESOLUTION,
    )
    geopandas.GeoDataFrame({"name": ["field"]}, geometry=[zone], crs=CRS).to_file(folder / "zones.geojson")
    with running_sandbox(folder / "sandbox", catalog=catalog, speed=100, buckets=[BUCKET, RESULTS, CUBES]) as sandbox:
        yield Deployment(sandbox, folder, pixels)


@pytest.fixture(autouse=True)
def environment(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("EO_STORAGE_URL", deployment.sandbox.url)
    monkeypatch.setenv("EO_CREDENTIALS", "anonymous")
    monkeypatch.setenv("EO_SCRATCH", str(scratch))


def window(pixels: NDArray[np.float32], row: int, column: int) -> NDArray[np.float32]:
    return pixels[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]


def areas(found: Pipeline) -> dict[str, tuple[int, int]]:
    """Row and column of each area's cell, from where its grid lies."""
    cells = {}
    for key, area in found.chain.areas.items():
        left, top = area.geobox.affine * (0, 0)
        cells[key] = (round((TOP - top) / RESOLUTION / TILE), round((left - LEFT) / RESOLUTION / TILE))
    return cells


def test_results_in_a_bucket_are_plain_numpy_s(deployment: Deployment, instance: dg.DagsterInstance) -> None:
    found = deployment.product("remote", f"gs://{RESULTS}/eo", instance)
    assert found.run([*MONTHS, EMPTY]).failed == {}
    there = deployment.objects(RESULTS, "eo/")
    cells = areas(found)
    assert set(cells.values()) == CORNERS
    assert set(there) - cube_objects(there) == expected_names(cells)
    for key, cell in cells.items():
        for month in MONTHS:
            assert_is_mosaic(deployment, f"eo/remote/mosaic/{key}/{month}.tif", window(deployment.pixels[month], *cell))
    for month in MONTHS:
        assert_is_table(deployment, f"eo/remote/zonal_stats/{month}", deployment.pixels[month][FIELD])
    cube = deployment.cube(RESULTS, "eo/cubes/remote")
    np.testing.assert_array_equal(cube["height"].values, deployment.expected_cube())
    assert not list((deployment.folder / "scratch").rglob("*"))

    operations = len(deployment.sandbox.events("operation"))
    assert found.run([*MONTHS, EMPTY]).failed == {}
    assert deployment.objects(RESULTS, "eo/") == there
    assert len(deployment.sandbox.events("operation")) == operations
    key = next(iter(cells))
    shown = found.metadata("mosaic", f"{key}|2024-01")
    assert shown["file"] == f"gs://{RESULTS}/eo/remote/mosaic/{key}/2024-01.tif"
    assert "data:image/png;base64," in shown["picture"]


def cube_objects(there: dict[str, str]) -> set[str]:
    return {name for name in there if name.startswith("cubes/remote/")}


def expected_names(cells: dict[str, tuple[int, int]]) -> set[str]:
    months = [*MONTHS, EMPTY]
    return (
        {f"remote/tiles/{key}/{month}.json" for key in cells for month in months}
        | {f"remote/mosaic/{key}/{month}.json" for key in cells for month in months}
        | {f"remote/mosaic/{key}/{month}.tif" for key in cells for month in MONTHS}
        | {f"remote/zonal_stats/{month}.{ending}" for month in months for ending in ("csv", "parquet")}
    )


def assert_is_mosaic(deployment: Deployment, name: str, expected: NDArray[np.float32]) -> None:
    with rasterio.MemoryFile(deployment.read(RESULTS, name)) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1), expected)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def assert_is_table(deployment: Deployment, base: str, values: NDArray[np.float32]) -> None:
    parquet = pd.read_parquet(io.BytesIO(deployment.read(RESULTS, f"{base}.parquet")))
    csv = pd.read_csv(io.BytesIO(deployment.read(RESULTS, f"{base}.csv")))
    for table in (parquet, csv):
        assert table["height_count"].tolist() == [values.size]
        assert table["height_mean"].tolist() == pytest.approx([values.astype(np.float64).mean()], rel=1e-6)


def test_a_cube_in_a_bucket_of_its_own(deployment: Deployment, instance: dg.DagsterInstance, tmp_path: Path) -> None:
    cube = {"repository": f"gs://{CUBES}/deep/heights", "chunk": TILE, "shard": TILE}
    found = deployment.product("cube_apart", str(tmp_path / "data"), instance, cube=cube, zones=None)
    assert found.run([*MONTHS, EMPTY]).failed == {}
    read = deployment.cube(CUBES, "deep/heights")
    np.testing.assert_array_equal(read["height"].values, deployment.expected_cube())
    np.testing.assert_array_equal(read["x"].values[:2], [LEFT + RESOLUTION / 2, LEFT + 1.5 * RESOLUTION])
    assert (
        found.metadata("cube", f"{next(iter(found.chain.areas))}|2024-01")["repository"] == f"gs://{CUBES}/deep/heights"
    )
    assert {
        path.parts[0] for path in (p.relative_to(found.root) for p in Path(found.root).rglob("*") if p.is_file())
    } == {"cube_apart"}


def test_zones_of_tiles_and_cubes_in_buckets(
    deployment: Deployment, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    zones = {"file": "zones.geojson", "id": "name"}
    cube = {"repository": f"gs://{CUBES}/measured", "chunk": TILE, "shard": TILE}
    month, values = MONTHS[0], deployment.pixels[MONTHS[0]][FIELD]
    for of, more in (("tiles", {"cube": None}), ("cube", {"cube": cube})):
        found = deployment.product(f"of_{of}", f"gs://{RESULTS}/eo", instance, zones={**zones, "of": of}, **more)
        assert found.run([month]).failed == {}
        assert_is_table(deployment, f"eo/of_{of}/zonal_stats/{month}", values)
    file, out = str(deployment.folder / "zones.geojson"), tmp_path / "t.csv"
    words = ["measure", file, f"gs://{CUBES}/measured", "--id", "name", "--out", str(out)]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out)
    assert table["height_count"].tolist() == [values.size]
    assert table["height_mean"].tolist() == pytest.approx([values.astype(np.float64).mean()], rel=1e-6)


def test_an_upload_that_is_refused_costs_its_partition_and_leaves_nothing(
    deployment: Deployment, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    found = deployment.product("refused", f"gs://{RESULTS}/refused", instance, cube=None, zones=None)
    key = next(iter(found.chain.areas))
    partition = f"{key}|2024-01"
    deployment.sandbox.arm(
        kind="status", path="/upload/storage/v1/b/results/o", method="POST", status=403, message="No.", after=2
    )
    report = found.run(["2024-01"], [key])
    assert list(report.failed) == [("mosaic", partition)]
    name = f"refused/refused/mosaic/{key}/2024-01.tif"
    assert report.failed["mosaic", partition] == (
        f"could not write gs://{RESULTS}/{name}: the account may not (No.); grant it Storage Object Admin on the bucket"
    )
    assert not any("mosaic" in there for there in deployment.objects(RESULTS, "refused/"))
    assert list((tmp_path / "scratch").iterdir()) == []
    assert found.run(["2024-01"], [key]).failed == {}
    assert_is_mosaic(deployment, name, window(deployment.pixels["2024-01"], *areas(found)[key]))


def test_a_root_in_a_bucket_that_does_not_exist(deployment: Deployment, instance: dg.DagsterInstance) -> None:
    found = deployment.product("nowhere", "gs://no-such-bucket/eo", instance, cube=None, zones=None)
    key = next(iter(found.chain.areas))
    report = found.run(["2024-01"], [key])
    [((stage, partition), message)] = report.failed.items()
    assert (stage, partition) == ("tiles", f"{key}|2024-01")
    assert message.startswith("could not write gs://no-such-bucket/eo/nowhere/tiles/")
    assert message.endswith(": it does not exist (The specified bucket does not exist.); create it, or correct EO_ROOT")


def test_a_cube_in_a_bucket_that_does_not_exist(
    deployment: Deployment, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    cube = {"repository": "gs://no-such-bucket/c", "chunk": TILE, "shard": TILE}
    found = deployment.product("cube_nowhere", str(tmp_path / "data"), instance, cube=cube, zones=None)
    key = next(iter(found.chain.areas))
    report = found.run(["2024-01"], [key])
    [((stage, _), message)] = report.failed.items()
    assert stage == "cube"
    assert message.startswith("Expected to reach the cube gs://no-such-bucket/c, got: ")
    assert message.endswith("; check the address and credentials.")
