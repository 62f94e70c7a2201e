"""Points have the values of their pixels, however asked for; a bad group costs itself; nothing is asked twice."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.points.places import Points
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import SamplesError
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import COLUMNS, ROWS, Service
from eo_pipeline_tests.steps.exports.fetching import SIDE, changed
from eo_pipeline_tests.steps.points import pointing

RNG = np.random.default_rng(4)
PIXELS, NAMED = "image:computePixels", "table:computeFeatures"


def largest(service: Service, nodata: float) -> NDArray[np.float64]:
    """The composite (band, y, x) over the whole area by plain numpy; nodata where no scene has a value."""
    whole = np.full((2, SIDE, SIDE), nodata)
    for number, band in enumerate(("B4", "B8")):
        stack = np.stack([scene.bands[band].astype(float) for scene in service.scenes[:3]])
        whole[number, :ROWS, :COLUMNS] = np.where((stack > 0).any(axis=0), stack.max(axis=0), nodata)
    return whole


def everywhere(count: int, rows: int = ROWS, columns: int = COLUMNS) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return RNG.integers(0, rows, count), RNG.integers(0, columns, count)


def paths(recorder: Recorder) -> list[str]:
    return [asked.path.rpartition("/")[2] for asked in recorder.asked]


def test_a_dense_cell_comes_as_a_window_and_sparse_ones_by_name_with_the_same_values(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    rows, columns = everywhere(240)
    points, expected = pointing.points_at(rows, columns), largest(service, -32768)[:, rows, columns]
    dense = pointing.sample(interactive, pointing.order(service.settings, service.session, points), tmp_path / "a")
    assert paths(recorder) == [PIXELS]
    recorder.asked.clear()
    sparse = pointing.sample(
        interactive, pointing.order(service.settings, service.session, points, cell=1), tmp_path / "b"
    )
    assert set(paths(recorder)) == {NAMED}
    np.testing.assert_array_equal(dense.stored, expected)
    np.testing.assert_array_equal(sparse.stored, expected)
    assert (expected == -32768).any()
    assert (dense.requests, dense.reused) == (1, 0)
    assert not dense.failed.any()


def test_floats_without_a_value_are_nan_either_way(service: Service, interactive: Session, tmp_path: Path) -> None:
    rows, columns = everywhere(150, 40, 40)
    expected = largest(service, np.nan)[:, rows, columns]
    made = pointing.product(output={band: {"dtype": "float32"} for band in ("B4", "B8")})
    for cell in (256, 1):
        order = pointing.order(
            service.settings, service.session, pointing.points_at(rows, columns), made=made, cell=cell
        )
        found = pointing.sample(interactive, order, tmp_path / str(cell))
        np.testing.assert_array_equal(found.stored, expected.astype(np.float32))
    assert 0 < np.isnan(expected).sum() < expected.size


def test_one_band_by_name(service: Service, interactive: Session, tmp_path: Path) -> None:
    source = {"collection": "local/scenes", "bands": ["B8"]}
    made = pointing.product(source=source, output={"B8": {"dtype": "int16", "nodata": -1}})
    rows, columns = everywhere(20)
    order = pointing.order(service.settings, service.session, pointing.points_at(rows, columns), made=made)
    found = pointing.sample(interactive, order, tmp_path / "a")
    np.testing.assert_array_equal(found.stored, largest(service, -1)[1:, rows, columns])


def test_what_came_is_not_asked_for_again(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    order = pointing.order(service.settings, service.session, pointing.many(), cell=4)
    first = pointing.sample(interactive, order, tmp_path / "a")
    files = sorted((tmp_path / "a").glob(".*.json"))
    assert first.requests == len(recorder.asked) == len(files) > 3
    files[0].write_text(files[0].read_text().replace("1", "2"))
    files[1].unlink()
    again = pointing.sample(interactive, order, tmp_path / "a")
    assert (again.requests, again.reused) == (2, len(files) - 2)
    np.testing.assert_array_equal(again.stored, first.stored)


def test_a_group_that_fails_is_asked_for_in_halves(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    rows, columns = everywhere(64)
    service.sandbox.arm(kind="status", status=400, message="Something odd.", path=f"{NAMED}$", method="POST", count=2)
    order = pointing.order(service.settings, service.session, pointing.points_at(rows, columns))
    found = pointing.sample(interactive, order, tmp_path / "a")
    np.testing.assert_array_equal(found.stored, largest(service, -32768)[:, rows, columns])
    counts = sorted(len(features(asked.body)) for asked in recorder.asked)
    assert counts == [16, 16, 32, 32, 64]
    assert not found.failed.any()


def features(body: object) -> list[object]:
    """The list of places in a request's expression."""
    found: list[list[object]] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            for member in value.values():
                look(member)
        elif isinstance(value, list):
            if value and isinstance(value[0], list) and len(value[0]) == 3:
                found.append(value)
            for member in value:
                look(member)

    look(body)
    [places] = found
    return places


def test_what_is_lost_is_tolerated_or_told(service: Service, interactive: Session, tmp_path: Path) -> None:
    rows, columns = everywhere(3)
    points = pointing.points_at(rows, columns)
    order = pointing.order(service.settings, service.session, points)

    def fail(count: int) -> None:
        service.sandbox.arm(
            kind="status", status=400, message="Something odd.", path=f"{NAMED}$", method="POST", count=count
        )

    fail(3)
    with pytest.raises(SamplesError) as refused:
        pointing.sample(interactive, order, tmp_path / "a")
    said = str(refused.value).splitlines()
    assert said[0] == (
        f"expected 3 points from {interactive.url}, got 1 that could not be asked for (33.33%, tolerated are 0.00%):"
    )
    assert "Something odd." in said[1]
    assert said[1].startswith("  1 (p")
    assert said[-1] == ("the others are kept; run the partition again to ask for these, or set points.tolerance")
    fail(3)
    found = pointing.sample(interactive, replace(order, tolerance=0.34), tmp_path / "b")
    assert found.failed.sum() == 1
    assert [points.ids[place] for place in np.flatnonzero(found.failed)] == list(found.problems)
    np.testing.assert_array_equal(
        found.stored[:, ~found.failed], largest(service, -32768)[:, rows, columns][:, ~found.failed]
    )


def test_an_image_that_is_too_much_at_once_is_cut(service: Service, interactive: Session, tmp_path: Path) -> None:
    rows, columns = everywhere(6000, SIDE, SIDE)
    order = pointing.order(service.settings, service.session, pointing.points_at(rows, columns), cell=SIDE)
    with changed(service, interactive_memory_bytes=2_500_000):
        found = pointing.sample(interactive, order, tmp_path / "a")
    np.testing.assert_array_equal(found.stored, largest(service, -32768)[:, rows, columns])
    assert found.requests > 2


def test_no_points_are_no_requests(service: Service, interactive: Session, tmp_path: Path) -> None:
    nothing = Points(np.zeros(0, object), np.zeros(0), np.zeros(0))
    found = pointing.sample(interactive, pointing.order(service.settings, service.session, nothing), tmp_path / "a")
    assert (found.stored.shape, found.requests) == ((2, 0), 0)


def test_killed_half_way_only_what_was_under_way_is_asked_for_again(
    service: Service, recorder: Recorder, interactive: Session, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="slow", path=f"({NAMED}|{PIXELS})$", seconds=0.2, count=None)
    folder = tmp_path / "points"
    command = [sys.executable, "-m", pointing.__name__, service.sandbox.url, recorder.url, str(folder)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        while len(list(folder.glob(".*.json"))) < 2:
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.5)  # requests of the dead end
    kept, asked = len(list(folder.glob(".*.json"))), len(recorder.asked)
    service.sandbox.control("faults", method="DELETE")
    order = pointing.order(service.settings, service.session, pointing.many(), cell=4)
    found = pointing.sample(interactive, order, folder)
    quiet = pointing.sample(interactive, order, tmp_path / "quiet")
    assert found.reused == kept >= 2
    assert found.requests == quiet.requests - kept > 0
    assert asked - kept <= 4  # two at once were under way, others had come and were not kept yet
    np.testing.assert_array_equal(found.stored, quiet.stored)
