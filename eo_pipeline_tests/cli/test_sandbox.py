"""The command line of the sandbox's process, and the process itself."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from eo_pipeline.cli.sandbox import sandbox_arguments

ROOT = Path(__file__).parents[2]


def test_only_what_was_given_is_passed_on() -> None:
    arguments = sandbox_arguments(port=8900, data=Path("somewhere"), catalog=None, settings=None, speed=1.0)
    assert arguments[:3] == [sys.executable, "-m", "eo_pipeline.sandbox"]
    assert arguments[3:] == ["--port", "8900", "--data", "somewhere", "--speed", "1.0"]


def test_catalogue_and_settings_are_passed_on() -> None:
    catalog, settings = Path("c.yaml"), Path("s.yaml")
    arguments = sandbox_arguments(port=0, data=Path("d"), catalog=catalog, settings=settings, speed=60.0)
    assert arguments[-4:] == ["--catalog", "c.yaml", "--settings", "s.yaml"]


def wait_until_open(port: int, seconds: float) -> None:
    """Returns once the port accepts connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.mark.skipif(find_spec("eo_pipeline.sandbox.__main__") is None, reason="the sandbox is not merged yet")
def test_the_command_passes_faults_on_and_a_signal_to_it_ends_the_sandbox(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    code = "from eo_pipeline.cli.main import main; main()"
    options = ["--port", str(port), "--data", str(tmp_path / "data"), "--fault", "reset path=never", "--fault", "slow"]
    with subprocess.Popen([sys.executable, "-c", code, "sandbox", *options], cwd=ROOT) as process:
        try:
            wait_until_open(port, seconds=60)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sandbox/faults") as answer:
                assert [fault["kind"] for fault in json.load(answer)["faults"]] == ["reset", "slow"]
        finally:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    with pytest.raises(ConnectionRefusedError):
        wait_until_open(port, seconds=0)
