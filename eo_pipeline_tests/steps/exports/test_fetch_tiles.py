"""Tiles without a task: the same pixels as by a task, and a killed fetch goes on where it ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import operations
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.steps.exports.collect_tiles import collect_tiles
from eo_pipeline.steps.exports.fetch_tiles import PixelOrder
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline_tests.raster_files import read_raster
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import ROWS, Service
from eo_pipeline_tests.steps.exports import fetching
from eo_pipeline_tests.steps.exports.fetching import SIDE, WINDOW_BYTES, area_of, fetch, order, plan, product

PIXELS = "image:computePixels$"


def mosaic(tiles: Sequence[Path], wanted: PixelOrder, path: Path) -> Path:
    return make_mosaic(tiles, target=wanted.geobox, bands=wanted.bands, path=path, tags={}).path


def exported(service: Service, made: Product, folder: Path) -> list[Path]:
    """The tiles of a task."""
    planned = plan(service.settings, service.session, made)
    operation = operations.start_export(service.session, planned.task, planned.value, generation=1)
    for _ in range(200):
        found = operations.get_operation(service.session, operation.name)
        if found is not None and not found.state.active:
            break
        time.sleep(0.05)
    geobox = area_of(made).geobox
    part = ExpectedTiles(planned.task.prefix, geobox, made.file_dimensions)
    tiles = collect_tiles(service.bucket, [part], geobox=geobox, folder=folder, now=datetime.now(UTC))
    return [folder / tile.name for tile in tiles]


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [
        ("int16", -32768),
        ("uint16", 65535),
        ("float32", None),
        ("float64", None),
        ("float32", -9999.0),
    ],
)
def test_both_roads_make_the_same_mosaic(
    service: Service, interactive: Session, tmp_path: Path, dtype: str, nodata: float | None
) -> None:
    name = f"road_{dtype}_{nodata is None}".lower()
    made = product(name, dtype, nodata, composite={"reducer": "median", "counts": ["n_valid"]})
    wanted = order(service.settings, interactive, made)
    found = fetch(interactive, wanted, tmp_path / "fetched")
    by_task = mosaic(exported(service, made, tmp_path / "task"), wanted, tmp_path / "task.tif")
    at_once = mosaic([tmp_path / "fetched" / tile.name for tile in found.tiles], wanted, tmp_path / "once.tif")
    np.testing.assert_array_equal(read_raster(at_once), read_raster(by_task))
    with rasterio.open(at_once) as ours, rasterio.open(by_task) as theirs:
        assert ours.dtypes == theirs.dtypes == (dtype,) * len(wanted.bands)
        assert ours.descriptions == theirs.descriptions == tuple(band.name for band in wanted.bands)
        assert (ours.transform, ours.crs) == (theirs.transform, theirs.crs)


def test_pixels_are_the_median_of_the_scenes_and_nodata_elsewhere(
    service: Service, interactive: Session, tmp_path: Path
) -> None:
    wanted = order(service.settings, interactive, product(composite={"reducer": "median"}))
    found = fetch(interactive, wanted, tmp_path)
    stack = np.stack([scene.bands["B4"] for scene in service.scenes[:3]]).astype(float)
    median = np.ma.median(np.ma.masked_equal(stack, 0), axis=0).filled(np.nan)
    expected = np.where(np.isnan(median), -32768, np.floor(median + 0.5))
    with rasterio.open(tmp_path / found.tiles[0].name) as first:
        stored = first.read(1)
        assert first.nodata == -32768
    np.testing.assert_array_equal(stored[:ROWS, : expected.shape[1]], expected)
    assert (stored[ROWS:] == -32768).all()


def test_files_are_named_like_an_export_s_and_described(service: Service, interactive: Session, tmp_path: Path) -> None:
    wanted = order(service.settings, interactive)
    told: list[tuple[str, int, int]] = []
    found = fetch(interactive, wanted, tmp_path, progress=lambda *words: told.append(words))
    offsets = [f"{row:010d}-{column:010d}" for row in (0, 256, 512) for column in (0, 256, 512)]
    assert [tile.name for tile in found.tiles] == [f"tile-{offset}.tif" for offset in offsets]
    assert [tile.source for tile in found.tiles] == [f"earthengine:{wanted.digest}/{offset}" for offset in offsets]
    for tile in found.tiles:
        assert tile.size == (tmp_path / tile.name).stat().st_size
        assert tile.crc32c == crc32c_of(tmp_path / tile.name)
    assert {path.name for path in tmp_path.iterdir()} == {tile.name for tile in found.tiles}
    assert (found.requests, found.reused) == (9, 0)
    assert told == [("tiles", number, 9) for number in range(1, 10)]


def test_requests_go_to_the_interactive_address_under_the_product_s_tag_within_limits(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    assert interactive.url == recorder.url != service.settings.earth_engine_url
    made = product("tagged")
    fetch(interactive, order(service.settings, interactive, made), tmp_path)
    asked = recorder.pixels()
    assert {entry.body["workloadTag"] for entry in asked} == {"tagged"}
    assert len({entry.window for entry in asked}) == len(asked) == 9
    assert max(entry.window[0] * entry.window[1] * 2 * 2 for entry in asked) <= WINDOW_BYTES
    assert sum(entry.window[0] * entry.window[1] for entry in asked) == SIDE * SIDE


def test_a_second_call_asks_for_nothing_but_what_is_damaged_or_of_another_export(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    wanted = order(service.settings, interactive)
    first = fetch(interactive, wanted, tmp_path)
    recorder.asked.clear()
    again = fetch(interactive, wanted, tmp_path)
    assert (again.tiles, again.requests, again.reused) == (first.tiles, 0, 9)
    (tmp_path / first.tiles[3].name).write_bytes((tmp_path / first.tiles[3].name).read_bytes()[:500])
    (tmp_path / first.tiles[5].name).unlink()
    assert fetch(interactive, wanted, tmp_path).requests == 2
    assert fetch(interactive, replace(wanted, digest="0" * 40), tmp_path).requests == 9


def test_killed_half_way_only_what_was_under_way_is_asked_for_again(
    service: Service, recorder: Recorder, interactive: Session, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="slow", path=PIXELS, seconds=0.2, count=None)
    command = [sys.executable, "-m", fetching.__name__, service.sandbox.url, recorder.url, str(tmp_path / "tiles")]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        while len(list(tmp_path.glob("tiles/*.tif"))) < 4:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.5)  # requests of the dead end
    kept = {path.name for path in tmp_path.glob("tiles/*.tif")}
    asked = [entry.window for entry in recorder.pixels()]
    service.sandbox.control("faults", method="DELETE")
    wanted = order(service.settings, interactive)
    found = fetch(interactive, wanted, tmp_path / "tiles")
    again = {entry.window for entry in recorder.pixels()[len(asked) :]}
    assert found.reused == len(kept) >= 4
    assert len(again) == 9 - len(kept)
    assert len(set(asked) & again) <= 2  # two at once were under way
    assert len(set(asked) | again) == 9
    quiet = fetch(interactive, wanted, tmp_path / "quiet")
    assert found.tiles == quiet.tiles
