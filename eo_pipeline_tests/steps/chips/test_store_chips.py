"""Chips that were cut go into the store, and the manifest says where each is."""

import base64
from pathlib import Path
from typing import Any

import google_crc32c
import icechunk
import numpy as np
import pytest
import xarray as xr

from eo_pipeline.core.chips.manifest import manifest_of
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.store_chips import StoredChips, store_chips
from eo_pipeline.storage.cubes import CubeAddress
from eo_pipeline_tests.scenes import Service
from eo_pipeline_tests.steps.chips.cutting import cut, order, product, work
from eo_pipeline_tests.steps.chips.test_cut_chips_again import CELLS

STORE = {"format": "zarr", "repository": "chips.icechunk"}


@pytest.fixture(autouse=True)
def _quiet_icechunk() -> None:
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened


def store(
    session: Session, folder: Path, partition: str, cells: list[tuple[int, int]], wanted: ChipOrder
) -> StoredChips:
    chips = work(cells)
    metadata = {"product": "cut", "partition": partition}
    found = cut(session, chips, wanted, folder / partition)
    address = CubeAddress(str(folder / "store"))
    return store_chips(found, chips, wanted, address=address, partition=partition, metadata=metadata)


def opened(folder: Path) -> xr.Dataset:
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(folder / "store")))
    found: xr.Dataset = xr.open_zarr(
        repository.readonly_session("main").store, consolidated=False, mask_and_scale=False
    )
    return found


def test_the_manifest_leads_to_each_chip_s_pixels(service: Service, interactive: Session, tmp_path: Path) -> None:
    output: dict[str, Any] = {"B4": {"dtype": "int16", "scale": 0.5, "nodata": -32768, "units": "1"}}
    wanted = order(product(STORE, output=output))
    first = store(interactive, tmp_path, "a", CELLS[:1], wanted)
    second = store(interactive, tmp_path, "b", [*CELLS[1:], (300, 300)], wanted)
    assert [found.commit.slots for found in (first, second)] == [(0,), (1, 2, 3, 4)]
    manifest = manifest_of(work([*CELLS[1:], (300, 300)]), second.outcomes, wanted.source.period)
    assert manifest["state"].tolist() == ["written"] * 3 + ["empty"]
    assert manifest["path"].isna().all()
    data = opened(tmp_path)
    assert data.chips.attrs["scale_factor"] == 0.5
    for _, row in manifest.iterrows():
        pixels = data.chips[row["index"]].values
        np.testing.assert_array_equal(pixels, np.load(tmp_path / "b" / f"{row['id']}.npy"))
        assert row["bytes"] == pixels.nbytes
        assert base64.b64decode(row["crc32c"]) == google_crc32c.value(pixels.tobytes()).to_bytes(4, "big")
        assert data.crc32c.values[row["index"]] == row["crc32c"]
    assert data.partition.values.tolist() == ["a", "b", "b", "b", "b"]


def test_the_same_partition_again_changes_nothing(service: Service, interactive: Session, tmp_path: Path) -> None:
    wanted = order(product(STORE))
    first = store(interactive, tmp_path, "a", CELLS, wanted)
    again = store(interactive, tmp_path, "a", CELLS, wanted)
    assert not again.commit.changed
    assert again.outcomes == first.outcomes


def test_a_chip_that_failed_is_in_no_store(service: Service, interactive: Session, tmp_path: Path) -> None:
    service.sandbox.arm(kind="status", path="image:computePixels$", status=400, message="User memory limit exceeded.")
    found = store(interactive, tmp_path, "a", CELLS, order(product({**STORE, "tolerance": 0.5})))
    service.sandbox.control("faults", method="DELETE")
    assert len(found.commit.slots) == 3
    assert sum(outcome.found is None for outcome in found.outcomes) == 1
    failed = [outcome.id for outcome in found.outcomes if outcome.found is None]
    assert set(opened(tmp_path).id.values) == {f"c{row}-{column}" for row, column in CELLS} - set(failed)


def test_pictures_are_no_numbers(service: Service, interactive: Session, tmp_path: Path) -> None:
    look = {"format": "png", "visualize": {"bands": ["B4"], "min": 0, "max": 9000}}
    with pytest.raises(ProductError, match="expected numbers for a store of chips, got pictures"):
        store(interactive, tmp_path, "a", [], order(product(look)))
