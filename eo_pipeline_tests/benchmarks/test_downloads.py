"""The sides of the benchmark of downloads ask for the same and tell the same; its lines notice what is wrong."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from benchmarks.aims import Aim
from benchmarks.canned_pixels import Service, Spoilt, canned_pixels, chip, counts_of
from benchmarks.canned_quota import Counts
from benchmarks.chip_asks import geobox_of, ours
from benchmarks.chip_clients import checksum, held, recipe, request_body, retried
from benchmarks.downloads import Line, Rate, Run, run_ours
from benchmarks.harness import Measurement, Side, measure

COUNT = 40


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with canned_pixels(Service(0.0)) as address:
        yield address


def run(checksums: dict[str, int], *, seconds: float = 1.0) -> Run:
    answer = {"seconds": seconds, "checksums": checksums, "memory_mb": [100.0, *[120.0] * 5, *[123.0] * 5]}
    return Run(Measurement(0.0, seconds, seconds, 90.0, 150.0, answer), Counts(len(checksums), 0, 0, 1))


def right(count: int) -> dict[str, int]:
    return {str(number): checksum(held(number)) for number in range(count)}


def test_what_is_held_is_the_chip_band_by_band() -> None:
    assert held(7).shape == (3, 256, 256)
    assert held(7)[1, 2, 5] == chip(7)[(2 * 256 + 5) * 3 + 1]


def test_both_sides_get_every_chip_as_the_server_holds_it(url: str, tmp_path: Path) -> None:
    found = []
    for name, side in (("mine", ours), ("theirs", lambda **wanted: recipe(**wanted, processes=2))):
        (tmp_path / name).mkdir()
        found.append(side(url=url, count=COUNT, folder=str(tmp_path / name))["checksums"])
        for number in range(COUNT):
            assert np.array_equal(np.load(tmp_path / name / f"{number}.npy"), held(number))
    assert found[0] == found[1] == {number: checksum(held(number)) for number in range(COUNT)}


def test_both_sides_ask_for_the_same_pixels() -> None:
    grid = request_body(1003)["grid"]
    transform, mine = grid["affineTransform"], geobox_of(1003)
    assert [transform[name] for name in ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")] == list(
        mine.affine[:6]
    )
    assert (grid["crsCode"], grid["dimensions"]) == (str(mine.crs), {"width": mine.shape[1], "height": mine.shape[0]})


def test_only_so_many_of_the_planned_are_fetched(url: str) -> None:
    found = ours(url=url, count=30, planned=100_000)
    assert len(found["checksums"]) == 30
    assert found["report"]["sent"] < 1000


def test_spoilt_answers_cost_no_chip() -> None:
    mine = run_ours(Service(0.0, spoilt=Spoilt(unavailable=0.1, truncated=0.1)), COUNT)
    assert mine.right(COUNT)
    assert mine.counts.requests == COUNT + mine.counts.spoilt


@pytest.mark.parametrize("load", [("one_loop", {"at_once": 4}), ("plain_load", {"at_once": 4, "processes": 2})])
def test_a_load_asks_as_often_as_it_says(url: str, load: tuple[str, dict[str, int]]) -> None:
    function, arguments = load
    before = counts_of(url).requests
    measure(Side(function, "benchmarks.chip_clients", function, {**arguments, "url": url, "count": 50}))
    assert counts_of(url).requests - before == 50


def test_the_recipe_waits_twice_as_long_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    @retried
    def never() -> None:
        raise requests.ConnectionError

    with pytest.raises(requests.ConnectionError):
        never()
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_a_missing_a_swapped_and_a_spoilt_chip_are_noticed() -> None:
    assert run(right(3)).right(3)
    assert not run(right(3)).right(4)
    assert not run(right(2) | {"2": checksum(held(1))}).right(3)
    assert not run(right(2) | {"2": 17}).right(3)


def test_rates_and_growth_are_those_of_the_run() -> None:
    mine, theirs = run(right(6), seconds=2), run(right(3), seconds=4)
    assert theirs.beside(mine) == Rate(chips=3, per_s=0.75, refused=0, ours=4.0)
    assert mine.grown_mb == 3.0


@pytest.mark.parametrize(
    ("aim", "met"),
    [
        (Aim("share", 0.9, least=0.9), True),
        (Aim("share", 0.89, least=0.9), False),
        (Aim("MB", 20.0, most=20), True),
        (Aim("MB", 20.1, most=20), False),
    ],
)
def test_an_aim_is_met_or_not(aim: Aim, met: bool) -> None:
    assert aim.met is met


def test_a_line_tells_its_aim_and_what_stands_beside_it() -> None:
    beside = {"recipe": Rate(10, 16.123456, 2, 2.0)}
    counts: dict[str, Any] = {"requests": 25, "refused": 1, "most_at_once": 9, "peak_mb": 99.0, "grown_mb": 0.5}
    line = Line("some chips", 20, 32.0, beside, **counts, aim=Aim("times the recipe", 2.0, least=10), equal=True)
    told = json.loads(line.to_json())
    assert told["beside"]["recipe"] == {"chips": 10, "per_s": 16.12, "refused": 2, "ours": 2.0}
    assert told["aim"] == {"what": "times the recipe", "reached": 2.0, "least": 10}
    assert (told["met"], told["equal"]) == (False, True)
