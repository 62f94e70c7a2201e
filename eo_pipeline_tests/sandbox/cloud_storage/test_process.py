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

SMALL_MEBIBYTES = 32
LARGE_MEBIBYTES = 384
PATIENT = 120.0
"""Seconds without a byte, on a machine that does much else."""


def peak_mebibytes(pid: int) -> float:
    """The most memory the process ever held, from the kernel."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found, "expected VmHWM in /proc/PID/status"
    return int(found[1]) / 1024


def zeros(mebibytes: int) -> Iterator[bytes]:
    for _ in range(mebibytes):
        yield bytes(MEBIBYTE)


def up_and_down(endpoint: str, mebibytes: int) -> None:
    """An object of zeros: up in one XML request, in one JSON request, resumably; down in one."""
    size = str(mebibytes * MEBIBYTE)
    for method, url in (
        ("PUT", f"{endpoint}/bucket/xml"),
        ("POST", f"{endpoint}/upload/storage/v1/b/bucket/o?uploadType=media&name=media"),
    ):
        length = {"Content-Length": size}
        sent = urllib3.request(method, url, body=zeros(mebibytes), headers=length, timeout=PATIENT, retries=False)
        assert sent.status == 200
    GoogleClient(Access(endpoint, "bucket", key=None, guard=None)).write_stream("resumable", zeros(mebibytes))
    with urllib3.PoolManager(timeout=PATIENT).request("GET", f"{endpoint}/bucket/xml", preload_content=False) as answer:
        assert sum(len(block) for block in answer.stream(MEBIBYTE)) == mebibytes * MEBIBYTE


def test_a_large_object_costs_no_memory(tmp_path: Path) -> None:
    """What a small object costs, a large one costs, too: blocks in transit, whose number the size does not change."""
    with process(tmp_path) as (endpoint, server):
        google_client(endpoint, None).create_bucket("bucket")
        up_and_down(endpoint, SMALL_MEBIBYTES)
        before = peak_mebibytes(server.pid)
        up_and_down(endpoint, LARGE_MEBIBYTES)
        assert peak_mebibytes(server.pid) - before < 16


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
