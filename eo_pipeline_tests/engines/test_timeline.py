"""Numbers and pictures of timelines; expected sums are made by hand."""

import io

import pytest
from PIL import Image

from eo_pipeline.core.pictures import MAX_BYTES
from eo_pipeline.engines import Attempt, Outcome
from eo_pipeline.engines.timeline import Bar, Timeline, timeline_of
from eo_pipeline.engines.timeline_picture import COLOURS, timeline_png, told

OUTCOMES = (
    Outcome(1, "b", 2, None, (Attempt("h:1", 1003.0, 1004.5, "lost"), Attempt("h:3", 1006.0, 1009.0, "done"))),
    Outcome(0, "a", 1, None, (Attempt("h:2", 1001.0, 1003.0, "done"),)),
    Outcome[str, int](2, "c", None, ValueError("no"), (Attempt("", 1004.0, 1009.5, "given_up"),)),
    Outcome[str, int](3, "d", None, ValueError("no"), ()),
)


def test_seconds_are_counted_from_the_first_start() -> None:
    timeline = timeline_of(OUTCOMES)
    assert timeline.start == 1001.0
    assert timeline.bars == (
        Bar(0, 1, "h:2", 0.0, 2.0, "done"),
        Bar(1, 1, "h:1", 2.0, 3.5, "lost"),
        Bar(2, 1, "", 3.0, 8.5, "given_up"),
        Bar(1, 2, "h:3", 5.0, 8.0, "done"),
    )
    assert timeline.seconds == 8.5
    assert timeline.worker_seconds == 2.0 + 1.5 + 3.0
    assert timeline.workers == ("h:2", "h:1", "h:3")
    assert timeline.retries == 1
    assert told(timeline) == "3 batches in 8.5 s on 3 workers, 6.5 worker-seconds, 1 tried again"

    assert told(timeline_of(OUTCOMES[1:2])) == "1 batch in 2.0 s on 1 worker, 2.0 worker-seconds"


def colours_in(png: bytes) -> set[tuple[int, int, int]]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    found = image.getcolors(maxcolors=2**24)
    often = [colour for count, colour in found or () if count > 20 and isinstance(colour, tuple)]
    return {(colour[0], colour[1], colour[2]) for colour in often}


def is_near(found: set[tuple[int, int, int]], wanted: str) -> bool:
    rgb = tuple(bytes.fromhex(wanted[1:]))
    return any(max(abs(a - b) for a, b in zip(colour, rgb, strict=True)) <= 8 for colour in found)


def test_a_picture_shows_how_each_attempt_ended() -> None:
    colours = colours_in(timeline_png(timeline_of(OUTCOMES), title="2024-05 r1c2"))
    shown = {how for how, colour in COLOURS.items() if is_near(colours, colour)}
    assert shown == {"done", "lost", "given_up"}


@pytest.mark.parametrize("workers", [1, 400])
def test_a_picture_of_many_attempts_is_small(workers: int) -> None:
    bars = tuple(Bar(n, 1, f"host:{n % workers}", n / 7, n / 7 + 9, "done") for n in range(2000))
    png = timeline_png(Timeline(0.0, bars), title="a backfill")
    assert len(png) <= MAX_BYTES
    assert min(Image.open(io.BytesIO(png)).size) > 80


def test_nothing_has_a_picture_too() -> None:
    assert timeline_png(timeline_of(()), title="nothing").startswith(b"\x89PNG")
