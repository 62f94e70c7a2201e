"""What only local processes promise: that nothing of them is left, whatever ends the work."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import active_children
from pathlib import Path

import pytest

from eo_pipeline.engines import Policy, spawn
from eo_pipeline.engines.processes import Processes
from eo_pipeline.errors import EngineError, WorkerLostError
from eo_pipeline_tests.engines import work

ROOT = Path(__file__).parents[2]


def alive(pid: int) -> bool:
    """True if a process is there and is not just waiting to be buried."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def soon(condition: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def pids(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir()]


@contextmanager
def napping(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program whose three workers sleep, as a terminal would start it."""
    command = [sys.executable, "-m", "eo_pipeline_tests.engines.napping", str(folder)]
    program = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True)
    try:
        assert soon(lambda: len(pids(folder)) == 3)
        yield program
    finally:
        program.kill()
        program.communicate()
        for pid in filter(alive, pids(folder)):
            os.kill(pid, signal.SIGKILL)


def test_ctrl_c_ends_all_and_workers_say_nothing(tmp_path: Path) -> None:
    with napping(tmp_path) as program:
        os.killpg(program.pid, signal.SIGINT)
        _, errors = program.communicate(timeout=20)
        assert program.returncode == -signal.SIGINT
        assert errors.count("Traceback") == 1
        assert "KeyboardInterrupt" in errors
        assert not any(map(alive, pids(tmp_path)))


def test_workers_end_when_their_program_is_killed(tmp_path: Path) -> None:
    with napping(tmp_path) as program:
        os.kill(program.pid, signal.SIGKILL)
        assert soon(lambda: not any(map(alive, pids(tmp_path))))


def test_a_script_without_a_guard_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from eo_pipeline.engines import spawn\n"
        "from eo_pipeline.engines.processes import Processes\n"
        "from eo_pipeline_tests.engines.work import squares\n"
        "print([outcome.value() for outcome in spawn(squares, [(1, 2)], engine=Processes(1))])\n"
    )
    told = subprocess.run(
        [sys.executable, script],
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert told.returncode == 1
    assert "needs `if __name__ == '__main__':` around the call" in told.stderr, told.stderr


def test_no_process_is_left_and_none_is_a_zombie(tmp_path: Path) -> None:
    list(spawn(work.nap_and_tell, [(str(tmp_path), 0.1)] * 6, engine=Processes(3)))
    assert len(pids(tmp_path)) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids(tmp_path))
    assert active_children() == []


def test_a_worker_that_dies_idle_costs_nothing(tmp_path: Path) -> None:
    tasks = [(str(tmp_path), 0.0), (str(tmp_path), 1.5), (str(tmp_path), 0.0)]
    with closing(spawn(work.nap_and_tell, tasks, engine=Processes(1))) as outcomes:
        first = next(outcomes)
        os.kill(first.value(), signal.SIGKILL)
        assert soon(lambda: not alive(first.value()))
        second, third = outcomes
    assert [len(outcome.attempts) for outcome in (first, second, third)] == [1, 1, 1]
    assert first.value() != second.value() == third.value()


def test_a_worker_that_dies_before_it_takes_its_batch_costs_nothing(tmp_path: Path) -> None:
    with closing(spawn(work.nap_and_tell, [(str(tmp_path), 0.0)] * 3, engine=Processes(1))) as outcomes:
        first = next(outcomes)
        os.kill(first.value(), signal.SIGSTOP)  # what it is sent now lies in its pipe
        threading.Timer(0.5, os.kill, (first.value(), signal.SIGKILL)).start()
        second, third = outcomes
    assert [len(outcome.attempts) for outcome in (first, second, third)] == [1, 1, 1]
    assert first.value() != second.value() == third.value()


@pytest.mark.parametrize("leave", [work.leave_each_time, work.exit_each_time])
def test_a_function_that_leaves_loses_its_worker(leave: Callable[[int], int]) -> None:
    (outcome,) = spawn(leave, [3], engine=Processes(1), policy=Policy(retries=0))
    assert isinstance(outcome.error, WorkerLostError)
    assert "it ended with exit code 3" in str(outcome.error)


def test_no_more_workers_than_batches_or_than_asked_for(tmp_path: Path) -> None:
    list(spawn(work.nap_and_tell, [(str(tmp_path), 0.2)] * 2, engine=Processes(8)))
    assert len(pids(tmp_path)) == 2


def test_a_big_batch_and_a_big_result_travel() -> None:
    (outcome,) = spawn(sorted, [list(range(500_000))], engine=Processes(1))
    assert outcome.value() == list(range(500_000))


def test_a_worker_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.spawn._python_exe", b"/bin/false")
    with pytest.raises(EngineError, match="expected a worker process to start, it ended with exit code 1"):
        next(spawn(work.squares, [(1,)], engine=Processes(1)))
