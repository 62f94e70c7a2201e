"""What a bucket tells of objects that are gone; rules and listings as Cloud Storage's JSON API documents them."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from eo_pipeline.storage.deletions import may_delete
from eo_pipeline.storage.objects import Bucket, open_bucket
from eo_pipeline_tests.scenes import settings_at

NOW = datetime(2026, 11, 21, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=31), NOW - timedelta(hours=1)


def rule(action: str = "Delete", **condition: object) -> dict[str, Any]:
    return {"action": {"type": action}, "condition": condition}


@pytest.mark.parametrize(
    ("given", "written", "may"),
    [
        (rule(age=30), OLD, True),
        (rule(age=30), NEW, False),
        (rule(age=30), None, True),
        (rule(age=31), NOW - timedelta(days=30, hours=13), True),
        (rule("SetStorageClass", age=30), OLD, False),
        (rule(age=30, matchesPrefix=["b/", "a/"]), OLD, True),
        (rule(age=30, matchesPrefix=["b/"]), OLD, False),
        (rule(age=30, matchesSuffix=[".tif"]), OLD, True),
        (rule(age=30, matchesSuffix=[".csv"]), OLD, False),
        (rule(createdBefore="2026-11-01"), OLD, True),
        (rule(createdBefore="2026-10-21"), OLD, True),
        (rule(createdBefore="2026-10-20"), OLD, False),
        (rule(age=30, isLive=False), OLD, False),
        (rule(daysSinceNoncurrentTime=3), OLD, False),
        (rule(numNewerVersions=3), OLD, False),
        (rule(daysSinceCustomTime=3), OLD, False),
    ],
)
def test_which_rules_delete_a_file_of_an_export(given: dict[str, Any], written: datetime | None, may: bool) -> None:
    assert may_delete(given, "a/tile.tif", written=written, now=NOW) is may


class Kept(BaseHTTPRequestHandler):
    """A bucket with soft deletion and versions, whose own resource the account may not read."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if not address.path.endswith("/o"):
            self.answer(403, {"error": {"code": 403, "message": "no storage.buckets.get access"}})
        elif query.get("softDeleted", "").lower() == "true":
            assert query["prefix"] == "a/tile-"
            gone = [{"name": f"a/tile-{n}", "softDeleteTime": f"2026-11-1{n}T08:30:00Z"} for n in (1, 2)]
            self.answer(200, {"items": [*gone, {"name": "a/tile-9", "softDeleteTime": "2026-01-01T00:00:00Z"}]})
        else:
            items = [{"name": "a/tile-2", "timeDeleted": "2026-11-12T08:30:00Z"}, {"name": "a/tile-1"}]
            self.answer(200, {"items": items})

    def answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with HTTPServer(("127.0.0.1", 0), Kept) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield open_bucket(settings_at(f"http://127.0.0.1:{server.server_port}"), "b")
        server.shutdown()
        thread.join()


def test_versions_that_are_kept_are_told_and_a_rule_that_is_not_shown_is_not(bucket: Bucket) -> None:
    assert bucket.evidence_of_deletion(["a/tile-1", "a/tile-2", "a/tile-3"], written=None, now=NOW) == (
        "2 of them are kept as soft-deleted, deleted 2026-11-11 08:30 to 2026-11-12 08:30 UTC",
        "1 of them are kept as noncurrent, deleted 2026-11-12 08:30 to 2026-11-12 08:30 UTC",
    )
