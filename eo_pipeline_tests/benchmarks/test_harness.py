"""The frame of the benchmarks: listing, the JSON line, equality, failures, peers' environments."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.harness import BenchmarkError, Side, compare, measure
from benchmarks.peer_environments import peer_python

ROOT = Path(__file__).parents[2]
HERE = "eo_pipeline_tests.benchmarks.test_harness"


def sleep(*, seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def hold(*, megabytes: int) -> int:
    return len(b"x" * (megabytes * 1_000_000))


def write_new(*, path: str) -> str:
    """Ends in an error if the file is there."""
    with Path(path).open("x") as file:
        file.write("new")
    return path


def broken() -> None:
    msg = "expected input, got none"
    raise ValueError(msg)


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_list_has_one_line_a_benchmark_and_none_of_the_frame() -> None:
    lines = bench().stdout.splitlines()
    assert "self_test                The harness itself: a sum by its formula against the same sum by a loop." in lines
    names = {line.split()[0] for line in lines}
    assert not names & {"harness", "child", "peer_environments", "__init__", "__main__"}
    assert all(len(line) > 25 for line in lines), "each benchmark's docstring begins with what it measures"


def test_a_run_ends_with_one_json_line_a_comparison() -> None:
    done = bench("self_test")
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout.splitlines()[-1])
    assert list(line) == ["name", "ours_s", "peer", "peer_s", "ratio", "limit_s", "peak_mb", "equal"]
    assert line["equal"] is True
    assert line["ratio"] == pytest.approx(line["peer_s"] / line["ours_s"], rel=0.01)
    assert line["ratio"] > 10


def test_an_unknown_benchmark_is_named_with_those_there_are() -> None:
    done = bench("nope")
    assert done.returncode == 2
    assert "got 'nope'" in done.stderr
    assert "self_test" in done.stderr


def test_seconds_and_ratio_are_those_of_the_functions_alone() -> None:
    ours, peer = (Side(str(seconds), HERE, "sleep", {"seconds": seconds}) for seconds in (0.1, 0.3))
    result = compare("naps", ours=ours, peer=peer, equal=lambda mine, theirs: bool(mine == theirs), rounds=1)
    assert result.ours_s == pytest.approx(0.1, abs=0.05)
    assert result.ratio == pytest.approx(3, rel=0.3)
    assert result.equal is False
    assert result.limit_s is None


def test_what_a_side_makes_is_not_there_before(tmp_path: Path) -> None:
    path = tmp_path / "made"
    plain = Side("plain", HERE, "write_new", {"path": str(path)})
    measure(plain)
    with pytest.raises(BenchmarkError, match="FileExistsError"):
        measure(plain)
    assert measure(Side("new", HERE, "write_new", {"path": str(path)}, makes=(path,))).answer == str(path)


def test_peak_memory_is_that_of_the_measured_process() -> None:
    ballast = b"x" * 400_000_000  # held here, must not be counted there
    small, large = (measure(Side("hold", HERE, "hold", {"megabytes": size})).peak_mb for size in (1, 200))
    assert large - small == pytest.approx(200, abs=30)
    assert small < 300 < len(ballast) / 1e6


def test_a_failure_tells_what_the_function_said() -> None:
    with pytest.raises(
        BenchmarkError, match=r"broken ended with exit code 1: (?s:.*)ValueError: expected input, got none"
    ):
        measure(Side("broken", HERE, "broken"))


def test_a_peer_has_an_environment_of_its_own_made_once(tmp_path: Path) -> None:
    (tmp_path / "nothing.lock").write_text("# no package\n")
    python = peer_python("nothing", locks=tmp_path, cache=tmp_path / "cache")
    answer = subprocess.run([python, "-c", "import numpy"], capture_output=True, text=True, check=False)
    assert "No module named 'numpy'" in answer.stderr
    made = (python.parents[1] / "pyvenv.cfg").stat().st_mtime_ns
    assert peer_python("nothing", locks=tmp_path, cache=tmp_path / "cache") == python
    assert (python.parents[1] / "pyvenv.cfg").stat().st_mtime_ns == made

    (python.parents[1] / "lock.stamp").unlink()
    peer_python("nothing", locks=tmp_path, cache=tmp_path / "cache")
    assert (python.parents[1] / "pyvenv.cfg").stat().st_mtime_ns != made


def test_a_peer_without_a_lock_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        peer_python("absent", locks=tmp_path, cache=tmp_path)
