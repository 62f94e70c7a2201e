"""Fetching tiles while the service refuses, breaks off or stays away: again, fewer at once, in halves, or given up."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import TilesError
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import Service
from eo_pipeline_tests.steps.exports.fetching import HASTY, fetch, order

PIXELS = "image:computePixels$"


def test_windows_are_asked_for_in_parallel_but_no_more_than_allowed(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="slow", path=PIXELS, seconds=0.3, count=None)
    fetch(interactive, order(service.settings, interactive), tmp_path, patience=replace(HASTY, at_once=4))
    assert recorder.most_at_once() == 4


def test_a_storm_of_too_many_is_waited_out_with_fewer_at_once(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="status", path=PIXELS, status=429, message="Too many requests.", count=12)
    service.sandbox.arm(kind="slow", path=PIXELS, seconds=0.1, count=None)
    found = fetch(interactive, order(service.settings, interactive), tmp_path)
    assert found.requests == 21
    answered = [entry for entry in recorder.pixels() if entry.status == 200]
    assert len(answered) == 9
    assert max(sum(o.began <= e.began < o.ended for o in answered) for e in answered) < 9, "all nine were sent at first"


def test_a_broken_connection_or_reply_is_asked_again(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    wanted = order(service.settings, interactive)
    quiet = fetch(interactive, wanted, tmp_path / "quiet")
    faults: list[dict[str, Any]] = [
        {"kind": "reset"},
        {"kind": "truncated", "at": 100},
        {"kind": "truncated"},
        {"kind": "lost_reply"},
        {"kind": "corrupted", "at": 0},
        {"kind": "status", "status": 503, "message": "The service is currently unavailable."},
    ]
    for fault in faults:
        service.sandbox.arm(path=PIXELS, **fault)
    found = fetch(interactive, wanted, tmp_path / "broken")
    assert found.requests == 9 + len(faults)
    assert [tile.crc32c for tile in found.tiles] == [tile.crc32c for tile in quiet.tiles]


@pytest.mark.parametrize(
    "message", ["User memory limit exceeded.", "Computation timed out.", "Total request size (9 bytes) must be less."]
)
def test_a_window_that_is_too_much_comes_in_halves(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, message: str
) -> None:
    wanted = order(service.settings, interactive)
    quiet = fetch(interactive, wanted, tmp_path / "quiet")
    service.sandbox.arm(kind="status", path=PIXELS, status=400, message=message, count=3)
    recorder.asked.clear()
    found = fetch(interactive, wanted, tmp_path / "halved", patience=replace(HASTY, at_once=1))
    assert [entry.window[:2] for entry in recorder.pixels()][:3] == [(256, 256), (256, 128), (128, 128)]
    assert [tile.crc32c for tile in found.tiles] == [tile.crc32c for tile in quiet.tiles]


def test_a_window_that_is_too_much_at_any_size_is_named_and_the_others_are_kept(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="status", path=PIXELS, status=400, message="User memory limit exceeded.", count=5)
    wanted = order(service.settings, interactive)
    with pytest.raises(TilesError) as caught:
        fetch(interactive, wanted, tmp_path, patience=replace(HASTY, at_once=1))
    said = str(caught.value)
    assert said.startswith(f"expected 9 tiles from {recorder.url}, got 1 that could not be computed:\n")
    assert "  tile-0000000000-0000000000.tif: Earth Engine: User memory limit exceeded." in said
    assert "(even in its smallest part)" in said
    assert said.endswith("run the partition again to fetch these, or write route: batch")
    assert len(list(tmp_path.glob("*.tif"))) == 8
    assert fetch(interactive, wanted, tmp_path).requests == 1


def test_an_error_that_would_meet_every_window_stops_the_asking(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    refusal = "Permission 'earthengine.computations.create' denied."
    service.sandbox.arm(kind="status", path=PIXELS, status=403, message=refusal, count=None)
    with pytest.raises(TilesError) as caught:
        fetch(interactive, order(service.settings, interactive), tmp_path, patience=replace(HASTY, at_once=2))
    assert "got 2 that could not be computed" in str(caught.value)
    assert "\n7 more were not asked for\n" in str(caught.value)
    assert len(recorder.pixels()) == 2


def test_a_service_that_stays_away_is_given_up(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="status", path=PIXELS, status=429, message="Too many requests.", count=None)
    with pytest.raises(TilesError, match=r"Too many requests.*\(no answer for \d+ s\)"):
        fetch(interactive, order(service.settings, interactive), tmp_path, patience=replace(HASTY, seconds=0.6))


def test_a_window_that_fails_again_and_again_is_given_up(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    service.sandbox.arm(kind="status", path=PIXELS, status=500, message="An internal error has occurred.", count=4)
    wanted = order(service.settings, interactive)
    with pytest.raises(TilesError, match=r"An internal error has occurred.*\(4 times\)"):
        fetch(interactive, wanted, tmp_path, target_bytes=2**24, patience=replace(HASTY, attempts=4))


def test_a_window_without_answer_until_the_client_s_deadline_comes_in_halves(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    wanted = order(service.settings, interactive)
    quiet = fetch(interactive, wanted, tmp_path / "quiet")
    recorder.asked.clear()
    service.sandbox.arm(kind="slow", path=PIXELS, seconds=1.5, count=1)
    found = fetch(interactive, wanted, tmp_path / "halved", seconds=0.7, patience=replace(HASTY, at_once=1))
    assert {(256, 256), (256, 128)} <= {entry.window[:2] for entry in recorder.pixels()}
    assert [tile.crc32c for tile in found.tiles] == [tile.crc32c for tile in quiet.tiles]
