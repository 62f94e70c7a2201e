"""`eo-pipeline ui`: both services answer, and none of their processes outlives a signal or a failure."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.processes import free_port, unwound_by_signals
from eo_pipeline.cli.ui import as_exports

ROOT = Path(__file__).parents[2]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
MARK = "EO_TEST_MARK"
PROCESSES = Path("/proc")

pytestmark = pytest.mark.skipif(not PROCESSES.is_dir(), reason="needs /proc to see every process of the stack")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's own project."""
    make_project(tmp_path / "fields")
    return tmp_path / "fields"


def processes(mark: str) -> list[str]:
    """Command lines of all living processes that inherited a mark in their environment."""
    found = []
    for folder in PROCESSES.glob("[0-9]*"):
        try:
            marked = f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended meanwhile, or is another user's
        if marked and words:
            found.append(words)
    return found


@contextmanager
def started(project: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    code = "from eo_pipeline.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", MARK: str(project)}
    command = [sys.executable, "-c", code, "ui", "--ui-port", str(port)]
    process = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=90)


def printed_until(process: "subprocess.Popen[str]", last: str) -> str:
    """What it printed, up to a line that begins with `last`; it must not end before."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(last):
            return "".join(lines)
    raise AssertionError("".join(lines))


def address(text: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)} +(http://\S+)", text, flags=re.MULTILINE)
    assert found is not None, text
    return found[1]


def sourced(project: Path, *names: str) -> list[str]:
    """Variables as a shell has them that read the file of the environment."""
    script = ". .eo/environment; " + "; ".join(f'echo "${name}"' for name in names)
    done = subprocess.run(["sh", "-c", script], cwd=project, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def ends_within(mark: str, seconds: float) -> list[str]:
    """What is still alive after that long."""
    limit = time.monotonic() + seconds
    while (left := processes(mark)) and time.monotonic() < limit:
        time.sleep(0.2)
    return left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_answer_and_a_signal_ends_every_process(project: Path, number: signal.Signals) -> None:
    with started(project, free_port(0)) as process:
        text = printed_until(process, "Ctrl-C ends it.")
        ui, sandbox = address(text, "Dagster's UI"), address(text, "Earth Engine")
        assert DIRECT.open(f"{ui}/server_info", timeout=30).status == 200
        assert DIRECT.open(f"{sandbox}/$discovery/rest", timeout=30).status == 200
        assert f"{ui}/assets/field_ndvi/mosaic" in text
        assert sourced(project, "EO_EARTH_ENGINE_URL", "EO_STORAGE_URL") == [sandbox, sandbox]
        assert len(processes(str(project))) >= 4  # the command, the sandbox, webserver, daemon, code servers
        process.send_signal(number)
        assert process.wait(timeout=90) == 0
    assert ends_within(str(project), 5) == []


def test_a_signal_while_it_starts_ends_what_was_started(project: Path) -> None:
    with started(project, free_port(0)) as process:
        printed_until(process, "Starting")
        limit = time.monotonic() + 60
        while len(processes(str(project))) < 2:
            assert time.monotonic() < limit, "the sandbox was not started"
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 1
    assert ends_within(str(project), 5) == []


def test_a_process_that_ends_by_itself_is_told_and_the_others_end(project: Path) -> None:
    with started(project, free_port(0)) as process:
        printed_until(process, "Ctrl-C ends it.")
        (sandbox,) = [pid for pid in PROCESSES.glob("[0-9]*") if is_sandbox_of(pid, str(project))]
        os.kill(int(sandbox.name), signal.SIGKILL)
        assert process.stdout is not None
        assert "Error: expected the sandbox to run, but it ended; the end of" in process.stdout.read()
        assert process.wait(timeout=90) == 1
    assert ends_within(str(project), 5) == []


def is_sandbox_of(folder: Path, mark: str) -> bool:
    try:
        words = (folder / "cmdline").read_bytes()
    except OSError:
        return False
    return b"eo_pipeline.sandbox" in words and mark.encode() in words


def test_a_shell_reads_any_value_as_it_is() -> None:
    text = as_exports({"A": "two words", "B": "it's $HOME", "C": ""})
    done = subprocess.run(["sh", "-c", text + 'echo "$A|$B|$C"'], capture_output=True, text=True, check=True)
    assert done.stdout == "two words|it's $HOME|\n"


def end_twice() -> None:
    """Two signals: an impatient second one must not disturb the ending."""
    with unwound_by_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)


def test_signals_unwind_once_and_mean_afterwards_what_they_meant_before() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with pytest.raises(KeyboardInterrupt):
        end_twice()
    assert {number: signal.getsignal(number) for number in before} == before
