"""Chips that are there are kept if they are whole and the ones that are wanted; a killed run goes on where it ended."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.core.chips.samples import WorkList
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import LEFT, TOP, Service
from eo_pipeline_tests.steps.chips.cutting import HASTY, SIZE, cut, many, order, product, work

PIXELS = "image:computePixels$"
CELLS = [(0, 0), (0, 8), (8, 0), (8, 8)]


def asked(recorder: Recorder) -> list[str]:
    """Names of the chips that pixels were asked for."""
    corners = [entry.window[2:] for entry in recorder.pixels()]
    return sorted(f"c{round((TOP - top) / 10)}-{round((left - LEFT) / 10)}" for left, top in corners)


def sums(folder: Path) -> dict[str, str]:
    return {path.name: crc32c_of(path) for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("file_format", ["geotiff", "npy"])
def test_nothing_is_asked_twice(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, file_format: str
) -> None:
    wanted = order(product({"format": file_format}, mask={"scl_exclude": [8]}))
    first = cut(interactive, work(CELLS), wanted, tmp_path)
    recorder.asked.clear()
    again = cut(interactive, work(CELLS), wanted, tmp_path)
    assert (again.outcomes, again.requests, again.kept) == (first.outcomes, 0, 4)
    assert recorder.asked == []


def test_what_is_truncated_foreign_or_unfinished_is_asked_again(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    wanted = order(product({"format": "npy"}))
    first = cut(interactive, work(CELLS), wanted, tmp_path)
    before = sums(tmp_path)
    whole = (tmp_path / "c0-0.npy").read_bytes()
    (tmp_path / "c0-0.npy").write_bytes(whole[:-10])
    np.save(tmp_path / "c0-8.npy", np.zeros((2, SIZE, SIZE), "i2"))
    (tmp_path / "c8-0.npy").unlink()
    (tmp_path / "c8-0.npy.part").write_bytes(whole[:50])
    recorder.asked.clear()
    again = cut(interactive, work(CELLS), wanted, tmp_path)
    assert asked(recorder) == ["c0-0", "c0-8", "c8-0"]
    assert (again.kept, again.requests) == (1, 3)
    assert again.outcomes == first.outcomes
    assert sums(tmp_path) == before


def test_a_line_of_the_log_that_a_kill_cut_off_costs_its_chip_only(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    wanted = order()
    cut(interactive, work(CELLS[:2]), wanted, tmp_path)
    log = tmp_path / ".chips.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + lines[1][:-9])
    lost = json.loads(lines[1])["file"].removesuffix(".tif")
    recorder.asked.clear()
    cut(interactive, work(CELLS[:2]), wanted, tmp_path)
    assert asked(recorder) == [lost]
    recorder.asked.clear()
    assert cut(interactive, work(CELLS[:2]), wanted, tmp_path).kept == 2
    assert recorder.asked == []


def test_chips_of_other_images_or_at_other_places_are_not_kept(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    cut(interactive, work(CELLS), order(), tmp_path)
    assert cut(interactive, work(CELLS), order(digest="1" * 40), tmp_path).kept == 0
    table = work(CELLS).table
    moved = WorkList(table.assign(left=table["left"] + [0.0, 10.0, 0.0, 0.0]))
    recorder.asked.clear()
    assert cut(interactive, moved, order(digest="1" * 40), tmp_path).kept == 3
    assert asked(recorder) == ["c0-9"]


def test_a_look_that_changed_is_asked_for(service: Service, interactive: Session, tmp_path: Path) -> None:
    look = {"bands": ["B4"], "min": 0, "max": 9000}
    cut(interactive, work(CELLS), order(product({"format": "png", "visualize": look})), tmp_path)
    other = product({"format": "png", "visualize": {**look, "max": 8000}})
    assert cut(interactive, work(CELLS), order(other), tmp_path).kept == 0


def test_more_chips_than_before_cost_only_themselves(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    cut(interactive, work(CELLS[:3]), order(), tmp_path)
    recorder.asked.clear()
    found = cut(interactive, work(CELLS), order(), tmp_path)
    assert asked(recorder) == ["c8-8"]
    assert [outcome.id for outcome in found.outcomes] == ["c0-0", "c0-8", "c8-0", "c8-8"]


def test_any_id_names_a_file(service: Service, interactive: Session, tmp_path: Path) -> None:
    ids = ["a/b", "..", "ä" * 100, "ä" * 99 + "b", "Plot 7"]
    table = work([(0, column) for column in range(len(ids))]).table.assign(id=ids)
    found = cut(interactive, WorkList(table), order(), tmp_path)
    assert [outcome.id for outcome in found.outcomes] == ids
    paths = [outcome.found.path for outcome in found.outcomes if outcome.found is not None]
    assert len(set(paths)) == len(ids)
    assert set(paths) == set(sums(tmp_path))
    assert cut(interactive, WorkList(table), order(), tmp_path).kept == len(ids)


def test_no_chips_need_no_service(service: Service, tmp_path: Path) -> None:
    nowhere = Session("http://127.0.0.1:9", "", "sandbox-project", "anonymous")
    assert cut(nowhere, work([]), order(), tmp_path).outcomes == ()


def test_a_killed_run_goes_on_where_it_ended(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="slow", path=PIXELS, seconds=0.05, count=None)
    command = [sys.executable, "-m", "eo_pipeline_tests.steps.chips.cutting", recorder.url, str(tmp_path / "killed")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, env=environment) as process:
        deadline = time.monotonic() + 60
        while len(recorder.pixels_so_far()) < 15 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.3)  # what was under way is answered
    service.sandbox.control("faults", method="DELETE")
    before = asked(recorder)
    assert 15 <= len(before) < 40
    left = sums(tmp_path / "killed")
    recorder.asked.clear()
    found = cut(interactive, many(7), order(), tmp_path / "killed", patience=replace(HASTY, at_once=4))
    again = asked(recorder)
    assert len(again) == len(set(again)) == 49 - found.kept
    assert found.kept >= len(before) - 4 - 8  # four were under way, a few more were answered but not yet written
    assert len(set(again) & set(before)) == len(before) - found.kept
    cut(interactive, many(7), order(), tmp_path / "whole")
    there = sums(tmp_path / "killed")
    assert there == sums(tmp_path / "whole")
    assert {name: there[name] for name in left if name in there} == {n: c for n, c in left.items() if n in there}
