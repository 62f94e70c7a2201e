"""Lines of the benchmarks of rasters: ratios, aims, what is left out; CPU time and memory of several processes."""

import json
import math
import subprocess
import sys
import time

import pytest

from benchmarks.aims import Aim, rounded
from benchmarks.harness import Measurement, Side, in_turn, measure
from benchmarks.lines import Cost, Line, faster
from benchmarks.process_tree import descendants

HERE = "eo_pipeline_tests.benchmarks.test_lines"


def work(*, seconds: float) -> None:
    """Keeps one core busy for so much of its time."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        math.sqrt(2.0)


def work_little(*, seconds: float) -> None:
    work(seconds=seconds / 100)


def start_child(*, megabytes: int) -> None:
    held = f"import time; held = b'x' * {megabytes * 1_000_000}; time.sleep(0.5)"
    subprocess.run([sys.executable, "-c", held], check=True)


def cost(seconds: float, cpu_s: float = 1.0) -> Cost:
    return Cost(0.5, seconds, cpu_s, 50.0, 100.0)


def test_a_cost_is_the_median_of_times_and_the_most_of_memory() -> None:
    taken = [(0.1, 3.0, 9.0, 40, 100), (0.3, 1.0, 7.0, 60, 90), (0.2, 2.0, 8.0, 50, 95)]
    rounds = [Measurement(*numbers, answer=None) for numbers in taken]
    assert Cost.of(rounds) == Cost(load_s=0.2, seconds=2.0, cpu_s=8.0, idle_mb=60, peak_mb=100)


def test_cpu_time_is_that_of_the_function() -> None:
    assert measure(Side("work", HERE, "work", {"seconds": 0.3})).cpu_s == pytest.approx(0.3, abs=0.1)


def test_what_prepares_is_not_in_the_times() -> None:
    side = Side("work", HERE, "work_little", {"seconds": 0.3}, prepare="work")
    measured = measure(side)
    assert measured.load_s > 0.3
    assert max(measured.seconds, measured.cpu_s) < 0.1


def test_memory_of_what_it_starts_is_counted() -> None:
    measured = measure(Side("child", HERE, "start_child", {"megabytes": 200}))
    assert measured.peak_mb > measured.idle_mb + 195


def test_descendants_are_children_and_theirs() -> None:
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE) as process:
        until = time.monotonic() + 10
        while not (found := descendants(process.pid)) and time.monotonic() < until:
            time.sleep(0.01)
        assert len(found) == 1
        process.communicate(b"\n")
    assert descendants(process.pid) == []


def test_sides_are_measured_in_turn(capsys: pytest.CaptureFixture[str]) -> None:
    sides = [Side(name, "benchmarks.self_test", "nothing", {"count": count}) for name, count in (("a", 1), ("b", 2))]
    first, second = in_turn("two", sides, 2)
    assert [measured.answer for measured in (*first, *second)] == [1, 1, 2, 2]
    assert capsys.readouterr().err == "two: round 1 of 2\ntwo: round 2 of 2\n"


def test_a_line_has_ratios_and_says_what_is_met() -> None:
    ours, theirs = cost(2.0, 4.0), cost(9.0, 6.0)
    must, aim = faster("the peer", ours, theirs, 2.5), faster("the peer", ours, theirs, 6)
    line = Line("some", ours, "the peer", theirs, cost(1.0), equal=True, must=(must,), aims=(aim,), told={"a": 1.23456})
    told = json.loads(line.to_json())
    assert (told["ratio"], told["cpu_ratio"], told["times_limit"]) == (4.5, 1.5, 2.0)
    assert told["must"] == [{"what": "times faster than the peer", "reached": 4.5, "least": 2.5, "met": True}]
    assert told["aims"] == [{"what": "times faster than the peer", "reached": 4.5, "least": 6, "met": False}]
    assert (told["met"], told["aims_met"], told["equal"]) == (True, False, True)
    assert told["told"] == {"a": 1.235}


def test_a_line_without_its_peer_says_why_and_has_no_ratio() -> None:
    line = Line("some", cost(2.0), "EEDL", None, None, equal=True, skipped="no libgdal")
    told = json.loads(line.to_json())
    assert told["skipped"] == "no libgdal"
    assert not {"theirs", "limit", "ratio", "cpu_ratio", "times_limit", "told"} & told.keys()


def test_what_is_no_number_meets_no_aim() -> None:
    assert not Aim("share", math.nan, least=0).met
    assert not Aim("share", math.nan, most=1).met


def test_fractions_are_rounded_however_deep() -> None:
    assert rounded({"a": [1.23456, (2.34567, 12345)]}) == {"a": [1.235, [2.346, 12345]]}
