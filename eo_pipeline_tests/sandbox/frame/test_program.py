"""The program itself: how it starts, says so and ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from eo_pipeline_tests.processes import end, first_line, running_sandbox, started


def test_it_says_where_it_listens_and_ends_cleanly(tmp_path: Path) -> None:
    with running_sandbox(tmp_path / "sandbox", forked=False) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert set(server.control("clock")) == {"now", "speed"}
        assert end(server.process) == 0
    assert "Traceback" not in (tmp_path / "sandbox" / "sandbox.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running_sandbox(tmp_path / "sandbox", forked=False) as server:
        server.process.send_signal(number)
        assert server.process.wait(15) == 0


def test_it_ends_when_its_starter_dies(tmp_path: Path) -> None:
    """A starter killed without a chance to clean up closes the pipe to the sandbox's standard input."""
    starter = (
        "import sys, time; from pathlib import Path; from eo_pipeline_tests.processes import running_sandbox\n"
        "with running_sandbox(Path(sys.argv[1]), forked=False) as server:\n"
        "    print(server.url, server.process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with started([sys.executable, "-c", starter, str(tmp_path / "sandbox")], log=tmp_path / "log") as process:
        url, pid = first_line(process, log=tmp_path / "log", timeout_seconds=60).split()
        process.kill()
        process.wait()
    subprocess.run(["timeout", "20", "tail", f"--pid={pid}", "-f", "/dev/null"], check=True)
    with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        requests.get(url, timeout=5)


def failed_start(tmp_path: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "eo_pipeline.sandbox", "--data", str(tmp_path / "data"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    return done.stderr


def test_wrong_files_are_reported_without_a_traceback(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("runing_at_once: 3\n")
    message = failed_start(tmp_path, "--settings", str(wrong))
    assert "expected names among" in message
    assert "Traceback" not in message
    assert "Traceback" not in failed_start(tmp_path, "--catalog", str(wrong))
    assert "absent.yaml" in failed_start(tmp_path, "--settings", str(tmp_path / "absent.yaml"))
    assert "time only moves forward" in failed_start(tmp_path, "--speed", "-1")


def test_faults_of_the_command_line_happen(tmp_path: Path) -> None:
    faults = ["status path=/v1/ status=503 count=2 message='Try later.'", "reset path=^/storage/ after=1"]
    with running_sandbox(tmp_path / "sandbox", faults=faults, forked=False) as server:
        armed = server.control("faults")["faults"]
        assert [(fault["kind"], fault["count"]) for fault in armed] == [("status", 2), ("reset", 1)]
        algorithms, buckets = f"{server.url}/v1/projects/sandbox-project/algorithms", f"{server.url}/storage/v1/b"
        assert [requests.get(algorithms, timeout=9).status_code for _ in range(3)] == [503, 503, 200]
        assert requests.get(buckets, params={"project": "p"}, timeout=9).status_code == 200
        with pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"):
            requests.get(buckets, params={"project": "p"}, timeout=9)


def test_a_wrong_fault_of_the_command_line_is_reported(tmp_path: Path) -> None:
    assert "expected kind among" in failed_start(tmp_path, "--fault", "explode")
