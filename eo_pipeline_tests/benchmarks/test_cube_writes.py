"""The benchmark of cubes runs small, and notices pixels that are not there."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.cube_writes import Size, comparisons
from benchmarks.cubes import peers
from benchmarks.cubes.ground import Ground, read_pixels, write_pixels
from eo_pipeline_tests.benchmarks.in_process import start_no_process

SMALL = Size(Ground(2, 100, 64, 32), 1, Ground(1, 64, 64, 32), Ground(1, 64, 32, 32), (1, 4), 2)


def test_it_runs_small_and_all_store_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_process(monkeypatch, "benchmarks.cube_writes")
    lines = list(comparisons(SMALL, lambda _: Path(sys.executable)))
    assert [line.peer for line in lines] == ["to_zarr", "to_zarr defaults", "", ""]
    assert all(line.equal for line in lines), [line.told for line in lines]
    for line in lines[:2]:
        told = json.loads(line.to_json())
        assert {"ratio", "times_limit", "must", "met"} <= told.keys()
        assert told["told"]["raw_mb"] == pytest.approx(0.04)
        assert told["told"]["theirs"]["stored_mb"] > 0.02
        assert told["told"]["codec_at_once_s"] > 0
    for line in lines[2:]:
        told = json.loads(line.to_json())["told"]
        assert told["ratios"]["1"] == {"seconds": 1, "cpu_s": 1, "bytes": 1, "commit_bytes": 1}
        assert set(told["ratios"]) == {"1", "4"}
        assert told["costs"]["4"]["bytes"] > told["costs"]["4"]["commit_bytes"] > 0
    assert [len(line.must) for line in lines[2:]] == [3, 0]


def test_pixels_that_were_not_stored_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_process(monkeypatch, "benchmarks.cube_writes")
    monkeypatch.setattr(peers, "_dataset", lambda pixels, made=peers._dataset: made(pixels) * 0)
    lines = list(comparisons(SMALL, lambda _: Path(sys.executable)))
    assert [line.equal for line in lines] == [False, False, True, True]


def test_pixels_have_a_corner_of_nothing(tmp_path: Path) -> None:
    bands = read_pixels(str(write_pixels(tmp_path / "pixels", SMALL.slot)))
    assert list(bands) == ["band0", "band1"]
    for band in bands.values():
        assert (band.shape, band.dtype.name) == ((100, 100), "uint16")
        assert (band[:6, :6] == 0).all()
        assert (band > 0).sum() == 100**2 - 6**2
