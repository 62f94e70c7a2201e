"""The benchmark of composites runs small, and notices composites that differ."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.composite import Size, comparisons
from benchmarks.composites import peers
from benchmarks.composites.archive import Archive
from benchmarks.composites.limits import copying
from benchmarks.composites.scenes import NODATA, Scenes, read_scenes, write_scenes
from eo_pipeline_tests.benchmarks.in_process import start_no_process

SCENES = Scenes(count=6, bands=2, pixels=130, masked=0.4)
SMALL = Size(SCENES, rounds=1, archive=Archive(5, 600, 120))
KERNEL, CHUNK = slice(0, 2), slice(2, 3)


def test_it_runs_small_and_both_peers_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_process(monkeypatch, "benchmarks.composite")
    lines = list(comparisons(SMALL, lambda _: Path(sys.executable)))
    assert [line.peer for line in lines] == ["bottleneck", "xarray", "odc.stac + xarray"]
    (chunk,) = lines[CHUNK]
    assert chunk.equal, chunk.told
    assert (chunk.told["pixels"], len(chunk.must)) == (3 * 120**2, 2)
    assert 0 < chunk.told["loading_s"] < chunk.ours.seconds
    for line in lines[KERNEL]:
        assert line.equal, line.told
        told = json.loads(line.to_json())
        assert told["told"]["pixels"] == 2 * 130**2
        assert told["told"]["input_mb"] == pytest.approx((2 * 2 + 1) * 6 * 130**2 / 1e6, rel=1e-3)
        assert {"ratio", "times_limit", "must", "met"} <= told.keys()


def test_a_composite_that_differs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_process(monkeypatch, "benchmarks.composite")
    monkeypatch.setattr(peers, "_whole", lambda medians: np.nan_to_num(medians).astype(np.uint16))
    lines = list(comparisons(SMALL, lambda _: Path(sys.executable)))
    assert [line.equal for line in lines] == [False, False, False]
    assert all(line.told["different_pixels"] > 1000 for line in lines)


def test_scenes_are_masked_in_blocks_as_often_as_is_said(tmp_path: Path) -> None:
    bands, usable = read_scenes(str(write_scenes(tmp_path / "scenes", Scenes(10, 3, 400, 0.4))))
    assert [band.dtype.name for band in bands] == ["uint16"] * 3
    assert {band.shape for band in bands} == {usable.shape} == {(10, 400, 400)}
    assert usable.mean() == pytest.approx(0.6, abs=0.03)
    assert all((band > NODATA).all() for band in bands)
    blocks = usable.reshape(10, 20, 20, 20, 20)
    assert (blocks.all(axis=(2, 4)) | ~blocks.any(axis=(2, 4))).all()


def test_peers_and_limit_see_the_same_input(tmp_path: Path) -> None:
    folder = write_scenes(tmp_path / "scenes", SCENES)
    bands, usable = read_scenes(str(folder))
    path = tmp_path / "answer.npy"
    wanted = np.stack([np.ma.median(np.ma.masked_array(b.astype(float), ~usable), axis=0).filled(0) for b in bands])
    for peer in (peers.bottleneck, peers.xarray):
        peer(scenes=str(folder), answer=str(path))
        np.testing.assert_array_equal(np.load(path), np.floor(wanted + 0.5))
    copying(scenes=str(folder), answer=str(path))
    np.testing.assert_array_equal(np.load(path), np.stack([b[0] * usable[0] for b in bands]))
