"""A server in a process of its own: memory that does not grow with objects, and what survives killing it."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import urllib3

from eo_pipeline_tests.contracts.cloud_storage import MEBIBYTE
from eo_pipeline_tests.contracts.object_client import Access
from eo_pipeline_tests.sandbox.cloud_storage.adapters.google_client import GoogleClient
from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client
from eo_pipeline_tests.sandbox.cloud_storage.server import process

SIZE_MEBIBYTES = 384


def peak_mebibytes(pid: int) -> float:
    """The most memory the process ever held, from the kernel."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found, "expected VmHWM in /proc/PID/status"
    return int(found[1]) / 1024


def zeros() -> Iterator[bytes]:
    for _ in range(SIZE_MEBIBYTES):
        yield bytes(MEBIBYTE)


def test_a_large_object_costs_no_memory(tmp_path: Path) -> None:
    with process(tmp_path) as (endpoint, server):
        google_client(endpoint, None).create_bucket("bucket")
        before = peak_mebibytes(server.pid)
        size = str(SIZE_MEBIBYTES * MEBIBYTE)
        for method, url in (
            ("PUT", f"{endpoint}/bucket/xml"),
            ("POST", f"{endpoint}/upload/storage/v1/b/bucket/o?uploadType=media&name=media"),
        ):
            sent = urllib3.request(method, url, body=zeros(), headers={"Content-Length": size}, timeout=120)
            assert sent.status == 200
        GoogleClient(Access(endpoint, "bucket", key=None, guard=None)).write_stream("resumable", zeros())
        with urllib3.PoolManager().request("GET", f"{endpoint}/bucket/xml", preload_content=False) as answer:
            received = sum(len(block) for block in answer.stream(MEBIBYTE))
        assert received == SIZE_MEBIBYTES * MEBIBYTE
        assert peak_mebibytes(server.pid) - before < 64


def test_objects_survive_a_killed_process(tmp_path: Path) -> None:
    data = {f"x/{number}": np.random.default_rng(number).bytes(1000) for number in range(50)}
    with process(tmp_path) as (endpoint, server):
        google_client(endpoint, None).create_bucket("bucket")
        client = GoogleClient(Access(endpoint, "bucket", key=None, guard=None))
        for name, content in data.items():
            client.write(name, content)
        server.kill()
        server.wait()
    with process(tmp_path) as (endpoint, _):
        client = GoogleClient(Access(endpoint, "bucket", key=None, guard=None))
        assert {name: client.read(name) for name in client.names("")} == data
