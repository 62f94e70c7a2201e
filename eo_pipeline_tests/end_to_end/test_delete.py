"""Deleting partitions: gone from every store, neighbours untouched, made anew with equal pixels."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from numpy.typing import NDArray

from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.event_log.stored_submissions import place_of, read_parts
from eo_pipeline.orchestration.removing.deleting import BusyError, check_idle, delete, take_stock
from eo_pipeline.orchestration.removing.holdings import Stores
from eo_pipeline.orchestration.resources import DriveResource
from eo_pipeline.orchestration.status import product_status
from eo_pipeline.orchestration.submissions.destinations import Services, count_files
from eo_pipeline.steps.delete_partition import Holding
from eo_pipeline.storage.cubes import CubeAddress, open_cube
from eo_pipeline_tests.end_to_end.heights import (
    CRS,
    LEFT,
    RESOLUTION,
    SIDE,
    TOP,
    heights,
    last_states,
    write_catalog,
    write_month,
)
from eo_pipeline_tests.end_to_end.pipeline import (
    BUCKET,
    PROJECT,
    Pipeline,
    make_bucket,
    pipeline,
    resources,
    storage_client,
)
from eo_pipeline_tests.end_to_end.place import Place
from eo_pipeline_tests.end_to_end.test_tables import as_table
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

MONTH, NEXT = "2024-01", "2024-02"
WEST, EAST = "E0000S0001", "E0001S0001"
PARTITION = f"{WEST}|{MONTH}"
HALF = SIDE // 2


def stores_of(sandbox: SandboxProcess, found: Pipeline) -> Stores:
    """As the command makes them."""
    given, url = resources(sandbox.url, found.root), sandbox.url
    settings = Settings(project=PROJECT, storage_url=url, credentials="anonymous", root=str(found.root))
    services = Services(given["earth_engine"], given["cloud_storage"], DriveResource())
    return Stores(found.instance, found.chain, services, settings)


@dataclass(frozen=True)
class Made:
    """Two products, of which the first has two areas in two months and the second's name begins as its name.

    Attributes:
        sandbox: with a bucket.
        found: the product whose partitions are deleted.
        neighbour: one whole area in one month.
    """

    sandbox: SandboxProcess
    found: Pipeline
    neighbour: Pipeline

    def stores(self, product: Pipeline) -> Stores:
        """Of one of the products."""
        return stores_of(self.sandbox, product)

    def objects(self) -> dict[str, str]:
        """Checksum of every object of the bucket, by name."""
        with closing(storage_client(self.sandbox.url)) as client:
            return {blob.name: str(blob.crc32c) for blob in client.list_blobs(BUCKET)}

    def files(self) -> dict[str, str]:
        """Checksum of every file of the root but the cubes', by path."""
        root = self.found.root
        found = [path for path in root.rglob("*") if path.is_file() and "cubes" not in path.parts]
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    for seed, month in enumerate((MONTH, NEXT), start=1):
        write_month(tmp_path, month, seed=seed)
    with running_sandbox(tmp_path / "sandbox", catalog=write_catalog(tmp_path), speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture
def made(sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance) -> Made:
    top = shapely.box(LEFT + 1, TOP - HALF * RESOLUTION + 1, LEFT + SIDE * RESOLUTION - 1, TOP - 1)
    geopandas.GeoDataFrame({"name": ["top"]}, geometry=[top], crs=CRS).to_file(tmp_path / "areas.geojson")
    cover = {"cover": "areas.geojson", "crs": CRS, "resolution": RESOLUTION, "origin": [LEFT, TOP], "tile": HALF}
    cube = {"repository": "cubes/heights", "chunk": HALF, "shard": HALF}
    given: dict[str, Any] = {"url": sandbox.url, "root": tmp_path / "data", "instance": instance, "folder": tmp_path}
    found = pipeline(heights("heights", area=cover, cube=cube, export={"keep": "always"}), **given)
    assert list(found.chain.areas) == [WEST, EAST]
    return Made(sandbox, found, pipeline(heights("heights_2", zones=None, cube=None), **given))


def mosaic_pixels(found: Pipeline, area: str, month: str) -> NDArray[np.float32]:
    with rasterio.open(found.mosaic(area, month)) as dataset:
        return np.asarray(dataset.read(1))


def cube_pixels(found: Pipeline, month: str) -> NDArray[np.float32]:
    cube = open_cube(CubeAddress(str(found.root / "cubes" / "heights")))
    return np.asarray(cube["height"].sel(time=month).values.squeeze())


def of(files: Mapping[str, str], *words: str) -> list[str]:
    """Names that contain all words."""
    return sorted(name for name in files if all(word in name for word in words))


HOLDINGS = Stores.holdings


def killed_after_one(stores: Stores, partitions: Sequence[str]) -> list[Holding]:
    """What there is, of which deleting the second kills the process."""
    first, *others = HOLDINGS(stores, partitions)
    return [first, *(replace(other, delete=killed) for other in others)]


def killed() -> None:
    raise KeyboardInterrupt


def gone(made: Made, told: list[str]) -> None:
    delete(made.stores(made.found), [PARTITION], keep_history=False, tell=told.append, poll_seconds=0.2)


def test_a_partition_goes_from_every_store_and_comes_back_with_equal_pixels(made: Made) -> None:
    found = made.found
    assert found.run([MONTH, NEXT]).failed == {}
    assert made.neighbour.run([MONTH]).failed == {}
    sidecar = found.mosaic(WEST, MONTH).with_suffix(".tif.aux.xml")
    sidecar.write_text("<PAMDataset/>")
    before = {"objects": made.objects(), "files": made.files()}
    mosaic, table = mosaic_pixels(found, WEST, MONTH), pd.read_parquet(found.table(MONTH).with_suffix(".parquet"))
    cubes = {month: cube_pixels(found, month) for month in (MONTH, NEXT)}
    np.testing.assert_array_equal(cubes[MONTH][:, :HALF], mosaic)

    stock = take_stock(made.stores(found), [PARTITION], keep_history=False)
    assert [(h.kind, len(h.sizes)) for h in stock.holdings] == [
        ("tables", 2), ("cube", 1), ("mosaics", 3), ("tiles", 2), ("exported files", 1),
    ]  # fmt: skip
    assert stock.shared == (MONTH,)
    assert stock.history == {
        "export": [PARTITION], "tiles": [PARTITION], "mosaic": [PARTITION], "zonal_stats": [MONTH], "cube": [PARTITION],
    }  # fmt: skip
    told: list[str] = []
    gone(made, told)

    ours = {*of(before["files"], "heights/", WEST, MONTH), *of(before["files"], "heights/zonal_stats", MONTH)}
    usage = {"usage/eecu.csv", "usage/eecu.parquet"}  # read before the history went
    assert made.files().keys() - before["files"].keys() == usage
    left = {name: text for name, text in made.files().items() if name not in usage}
    assert left == {name: text for name, text in before["files"].items() if name not in ours}
    assert set(pd.read_parquet(found.root / "usage/eecu.parquet")["partition"]) >= {PARTITION}
    objects = of(before["objects"], f"heights/{WEST}/{MONTH}/")
    assert len(objects) == 1
    assert made.objects() == {name: text for name, text in before["objects"].items() if name not in objects}
    emptied = cube_pixels(found, MONTH)
    assert np.isnan(emptied[:, :HALF]).all()
    np.testing.assert_array_equal(emptied[:, HALF:], cubes[MONTH][:, HALF:])
    np.testing.assert_array_equal(cube_pixels(found, NEXT), cubes[NEXT])
    for stage in ("export", "tiles", "mosaic", "cube"):
        there = found.instance.get_materialized_partitions(found.chain.key(stage))
        assert there == {f"{EAST}|{MONTH}", f"{WEST}|{NEXT}", f"{EAST}|{NEXT}"}, stage
    assert found.instance.get_materialized_partitions(found.chain.key("zonal_stats")) == {NEXT}
    assert [stage.done for stage in product_status(found.instance, found.chain).stages] == [3, 3, 3, 3, 1, 3]

    again = take_stock(made.stores(found), [PARTITION], keep_history=False)
    assert again.is_empty

    assert found.run([MONTH]).failed == {}
    np.testing.assert_array_equal(mosaic_pixels(found, WEST, MONTH), mosaic)
    np.testing.assert_array_equal(cube_pixels(found, MONTH), cubes[MONTH])
    pd.testing.assert_frame_equal(pd.read_parquet(found.table(MONTH).with_suffix(".parquet")), table)
    assert len(last_states(made.sandbox)) == 6  # five exports, one of them twice


def test_a_deletion_that_was_killed_anywhere_is_finished_by_the_next_one(made: Made) -> None:
    """Killed before each store's turn; what is there meanwhile never counts as complete."""
    found = made.found
    assert found.run([MONTH], [WEST]).failed == {}
    kinds = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stores, "holdings", killed_after_one)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                gone(made, [])
            kinds.append([h.kind for h in HOLDINGS(made.stores(found), [PARTITION])])
            stages = product_status(found.instance, found.chain).stages
            assert [stage.done for stage in stages if stage.stage != "export"] == [0, 0, 0, 0, 0]
    assert kinds == [["mosaics", "tiles", "exported files"], ["tiles", "exported files"], ["exported files"]]
    gone(made, [])
    assert take_stock(made.stores(found), [PARTITION], keep_history=False).is_empty
    assert of(made.objects(), WEST) == of(made.files(), WEST) == []


def test_what_is_under_way_is_cancelled_first(made: Made) -> None:
    made.sandbox.control("settings", {"pending_seconds": 1e6})
    found = made.found
    assert found.materialise("submission", PARTITION).success
    told: list[str] = []
    gone(made, told)
    assert told[0] == f"{PARTITION}: 1 operation cancelled"
    assert list(last_states(made.sandbox).values()) == ["CANCELLED"]


def test_nothing_is_deleted_while_a_run_of_the_product_is_under_way(made: Made) -> None:
    found = made.found
    job = found.definitions.resolve_implicit_global_asset_job_def()
    run = found.instance.create_run_for_job(job, asset_selection=frozenset({found.chain.key("tiles")}))
    with pytest.raises(BusyError) as raised:
        check_idle(found.instance, found.chain)
    assert str(raised.value) == (
        f"expected no run of heights under way, got 1 ({run.run_id}); wait until they end or cancel them in Dagster, "
        "then delete again"
    )
    check_idle(made.neighbour.instance, made.neighbour.chain)


def test_history_may_be_kept(made: Made) -> None:
    found = made.neighbour
    assert found.run([MONTH]).failed == {}
    partition = f"whole|{MONTH}"
    delete(made.stores(found), [partition], keep_history=True, tell=lambda _: None, poll_seconds=0.2)
    assert found.instance.get_materialized_partitions(found.chain.key("mosaic")) == {partition}
    stages = product_status(found.instance, found.chain).stages
    assert [(stage.done, stage.withdrawn) for stage in stages if stage.stage != "export"] == [(0, 1)] * 3
    assert not found.mosaic("whole", MONTH).exists()


@pytest.mark.parametrize("destination", ["drive", "asset"])
def test_what_was_exported_elsewhere_goes_too(
    sandbox: SandboxProcess,
    tmp_path: Path,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    destination: str,
) -> None:
    monkeypatch.setenv("EO_DRIVE_URL", sandbox.url)
    monkeypatch.setenv("EO_CREDENTIALS", "anonymous")
    product = heights("hills", zones=None, cube=None, export={"destination": destination})
    found = pipeline(product, url=sandbox.url, root=tmp_path / "data", instance=instance, folder=tmp_path)
    assert found.materialise("submission", f"whole|{MONTH}").success
    submission = found.metadata("submission", f"whole|{MONTH}")
    [part] = read_parts(submission)
    stores = stores_of(sandbox, found)
    for _ in range(100):
        if set(last_states(sandbox).values()) == {"SUCCEEDED"}:
            break
        time.sleep(0.1)
    assert set(last_states(sandbox).values()) == {"SUCCEEDED"}
    assert count_files(place_of(submission), part.prefix, stores.services) == 1
    stock = take_stock(stores, [f"whole|{MONTH}"], keep_history=False)
    assert [holding.kind for holding in stock.holdings] == ["assets" if destination == "asset" else "exported files"]
    delete(stores, [f"whole|{MONTH}"], keep_history=False, tell=lambda _: None)
    assert count_files(place_of(submission), part.prefix, stores.services) == 0


def test_a_computed_table_goes(place: Place) -> None:
    found = as_table(place)
    assert found.run([MONTH]).failed == {}
    stores, partition = stores_of(place.sandbox, found), f"whole|{MONTH}"
    stock = take_stock(stores, [partition], keep_history=False)
    assert [(holding.kind, len(holding.sizes)) for holding in stock.holdings] == [("tables", 2), ("exported files", 1)]
    assert stock.history == {"export": [partition], "table": [partition]}
    delete(stores, [partition], keep_history=False, tell=lambda _: None)
    assert take_stock(stores, [partition], keep_history=False).is_empty
    assert [path for path in (found.root / "quarters").rglob("*") if path.is_file()] == []
