"""Cutting chips while the service refuses, breaks off or cannot: again, in halves, or told; never more than needed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eo_pipeline.core.chips.manifest import ChipState
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ChipsError
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import Service
from eo_pipeline_tests.steps.chips.cutting import HASTY, cut, many, order, product, work
from eo_pipeline_tests.steps.chips.test_cut_chips_again import CELLS, asked, sums

PIXELS = "image:computePixels$"
KINDS: list[dict[str, object]] = [
    {"kind": "status", "status": 429, "message": "Too many requests."},
    {"kind": "status", "status": 503, "message": "The service is currently unavailable."},
    {"kind": "reset"},
    {"kind": "truncated"},
]


def test_of_ten_requests_one_fails_and_every_chip_is_there(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    quiet = cut(interactive, many(12), order(), tmp_path / "quiet")
    recorder.asked.clear()
    for number in range(16):
        service.sandbox.arm(path=PIXELS, after=number * 9, **KINDS[number % len(KINDS)])
    found = cut(interactive, many(12), order(), tmp_path / "troubled")
    assert len(service.sandbox.events("fault")) >= 14
    assert sums(tmp_path / "troubled") == sums(tmp_path / "quiet")
    assert found.outcomes == quiet.outcomes
    assert len(recorder.pixels()) == found.requests <= 1.3 * 144


@pytest.mark.parametrize("message", ["User memory limit exceeded.", "Total request size (9 bytes) must be less."])
def test_a_chip_that_is_too_much_comes_in_halves(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, message: str
) -> None:
    wanted = order(product({"size": 200}, mask={"scl_exclude": [8]}))
    quiet = cut(interactive, work([(-90, -100)], size=200), wanted, tmp_path / "quiet")
    service.sandbox.arm(kind="status", path=PIXELS, status=400, message=message, count=2)
    recorder.asked.clear()
    found = cut(
        interactive, work([(-90, -100)], size=200), wanted, tmp_path / "halved", patience=replace(HASTY, at_once=1)
    )
    assert sorted(entry.window[:2] for entry in recorder.pixels()) == [
        (72, 128), (128, 128), (200, 72), (200, 128), (200, 200),
    ]  # fmt: skip
    assert sums(tmp_path / "halved") == sums(tmp_path / "quiet")
    assert found.outcomes == quiet.outcomes


@pytest.mark.parametrize(("size", "as_thumbnail"), [(8, False), (200, False), (200, True)])
def test_a_picture_that_is_too_much_comes_as_a_thumbnail_and_then_as_numbers(  # noqa: PLR0917 - pytest's names
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, size: int, as_thumbnail: bool
) -> None:
    look = {"bands": ["B4", "B8", "B4"], "min": 0, "max": 9000}
    wanted = order(product({"size": size, "format": "png", "visualize": look}))
    cut(interactive, work([(12, 14)], size=size), wanted, tmp_path / "quiet")
    before = len(recorder.pixels())
    for path in [PIXELS] if as_thumbnail else [PIXELS, "thumbnails/"]:
        service.sandbox.arm(kind="status", path=path, status=400, message="User memory limit exceeded.")
    found = cut(interactive, work([(12, 14)], size=size), wanted, tmp_path / "numbers")
    drawn, computed = (
        np.asarray(Image.open(tmp_path / road / "c12-14.png").convert("RGBA")) for road in ("quiet", "numbers")
    )
    opaque = drawn[..., 3] == 255
    assert opaque.any()
    assert not opaque.all() or size == 8
    np.testing.assert_array_equal(computed[..., 3], drawn[..., 3])
    np.testing.assert_array_equal(computed[opaque], drawn[opaque])
    numbers = 0 if as_thumbnail else 1 if size == 8 else 2
    assert len(recorder.pixels()) - before == 1 + numbers
    assert found.requests == 1 + (2 if as_thumbnail else 2 + numbers)
    assert found.states[ChipState.WRITTEN] == 1


@pytest.mark.parametrize("fault", ["truncated", "corrupted"])
def test_a_broken_picture_is_asked_again(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, fault: str
) -> None:
    wanted = order(product({"format": "png", "visualize": {"bands": ["B4"], "min": 0, "max": 9000}}))
    cut(interactive, work(CELLS), wanted, tmp_path / "quiet")
    service.sandbox.arm(kind=fault, path=PIXELS, at=0 if fault == "corrupted" else 30, count=2)
    found = cut(interactive, work(CELLS), wanted, tmp_path / "broken")
    assert found.requests == 4 + 2
    assert sums(tmp_path / "broken") == sums(tmp_path / "quiet")


def test_more_failures_than_tolerated_are_told_and_the_others_kept(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    message = "Image.select: Band pattern 'B5' did not match any bands."
    service.sandbox.arm(kind="status", path=PIXELS, status=400, message=message, after=6)
    service.sandbox.arm(kind="status", path=PIXELS, status=400, message="User memory limit exceeded.", after=6)
    patience = replace(HASTY, at_once=1)
    with pytest.raises(ChipsError) as caught:
        cut(interactive, many(3), order(product({"tolerance": 0.2})), tmp_path, patience=patience)
    first, *reasons, remedy = str(caught.value).splitlines()
    assert first == (
        f"expected 9 chips from {interactive.url}, got 2 that could not be cut (22.22%, tolerated are 20.00%):"
    )
    assert sorted(line.partition(":")[0] for line in reasons) == ["  1 (c16-0)", "  1 (c16-8)"]
    assert any("Band pattern 'B5' did not match any bands" in line for line in reasons)
    assert any("User memory limit exceeded" in line for line in reasons)
    assert remedy.startswith("the others are kept; run the partition again")
    recorder.asked.clear()
    assert cut(interactive, many(3), order(), tmp_path).kept == 7
    assert asked(recorder) == ["c16-0", "c16-8"]


def test_failures_within_the_tolerance_are_values(service: Service, interactive: Session, tmp_path: Path) -> None:
    service.sandbox.arm(kind="status", path=PIXELS, status=400, message="User memory limit exceeded.")
    found = cut(interactive, many(3), order(product({"tolerance": 0.2})), tmp_path)
    assert (found.states[ChipState.FAILED], len(found.outcomes)) == (1, 9)
    [failed] = [outcome for outcome in found.outcomes if outcome.found is None]
    assert "User memory limit exceeded" in failed.problem
    assert not (tmp_path / f"{failed.id}.tif").exists()


def test_what_was_not_asked_for_is_never_tolerated(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path
) -> None:
    message = "Caller does not have required permission to use project sandbox-project."
    service.sandbox.arm(kind="status", path=PIXELS, status=403, message=message, after=5, count=None)
    with pytest.raises(ChipsError, match=r"(?s)not asked for: .*does not have required permission") as caught:
        cut(interactive, many(6), order(product({"tolerance": 0.99})), tmp_path, patience=replace(HASTY, at_once=1))
    assert not caught.value.passes, "nobody starts again what a person must mend"
    assert len(recorder.pixels()) < 20
    assert len(sums(tmp_path)) == 5


def test_what_an_outage_left_out_passes(service: Service, interactive: Session, tmp_path: Path) -> None:
    service.sandbox.arm(kind="status", path=PIXELS, status=503, message="The service is away.", after=5, count=None)
    with pytest.raises(ChipsError, match="The service is away") as caught:
        cut(interactive, many(6), order(), tmp_path, patience=replace(HASTY, at_once=1, attempts=2, seconds=1))
    assert caught.value.passes
    service.sandbox.control("faults", method="DELETE")
    assert cut(interactive, many(6), order(), tmp_path).kept == 5
