"""The command line of the sandbox's process, and the process itself."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from eo_pipeline.cli.sandbox import sandbox_arguments
from eo_pipeline_tests.end_to_end.pipeline import storage_client
from eo_pipeline_tests.processes import running_sandbox

ROOT = Path(__file__).parents[2]


def test_only_what_was_given_is_passed_on() -> None:
    arguments = sandbox_arguments(port=8900, data=Path("somewhere"), speed=1.0)
    assert arguments[:3] == [sys.executable, "-m", "eo_pipeline.sandbox"]
    assert arguments[3:] == ["--port", "8900", "--data", "somewhere", "--speed", "1.0"]


def test_catalogue_settings_and_buckets_are_passed_on() -> None:
    catalog, settings = Path("c.yaml"), Path("s.yaml")
    arguments = sandbox_arguments(
        port=0, data=Path("d"), catalog=catalog, settings=settings, speed=60.0, buckets=["one", "two"]
    )
    wanted = ["--catalog", "c.yaml", "--settings", "s.yaml", "--bucket", "one", "--bucket", "two"]
    assert arguments[-len(wanted) :] == wanted


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
def test_the_command_makes_buckets_passes_faults_on_and_ends_by_a_signal(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    code = "from eo_pipeline.cli.main import main; main()"
    options = ["--port", str(port), "--data", str(tmp_path / "data"), "--bucket", "one-bucket", "--bucket", "another"]
    options += ["--fault", "reset path=never", "--fault", "fail path=never"]
    with subprocess.Popen([sys.executable, "-c", code, "sandbox", *options], cwd=ROOT) as process:
        try:
            wait_until_open(port, seconds=60)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sandbox/faults") as answer:
                assert [fault["kind"] for fault in json.load(answer)["faults"]] == ["reset", "fail"]
            with closing(storage_client(f"http://127.0.0.1:{port}")) as client:
                assert [bucket.name for bucket in client.list_buckets()] == ["another", "one-bucket"]
        finally:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    with pytest.raises(ConnectionRefusedError):
        wait_until_open(port, seconds=0)


def test_a_bucket_that_is_there_is_kept(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, buckets=["first"]) as sandbox, closing(storage_client(sandbox.url)) as client:
        client.bucket("first").blob("kept").upload_from_string(b"1")
    with (
        running_sandbox(tmp_path, buckets=["first", "second", "first"]) as sandbox,
        closing(storage_client(sandbox.url)) as client,
    ):
        assert [bucket.name for bucket in client.list_buckets()] == ["first", "second"]
        assert client.bucket("first").blob("kept").download_as_bytes() == b"1"


def test_a_name_that_is_no_bucket_s_is_refused(tmp_path: Path) -> None:
    arguments = sandbox_arguments(port=0, data=tmp_path, speed=1, buckets=["No Bucket"])
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "python -m eo_pipeline.sandbox: error: Invalid bucket name: 'No Bucket'. Expected 3 to 63 characters of a-z, "
        "0-9, '-', '_' and '.'."
    )
