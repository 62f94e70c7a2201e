"""Lifecycle rules set by Google's client delete objects as the store's clock passes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest

from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client
from eo_pipeline_tests.sandbox.cloud_storage.server import running


class Days:
    """A clock that a test moves, by days."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 10, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def bucket(days: Days, tmp_path: Path) -> Iterator[Any]:
    with running(tmp_path, clock=days) as server:
        yield google_client(server.endpoint, None).create_bucket("exports")


def put(bucket: Any, *names: str) -> None:
    for name in names:
        bucket.blob(name).upload_from_string(name.encode())


def names(bucket: Any) -> list[str]:
    return [blob.name for blob in bucket.list_blobs()]


def test_objects_of_an_age_are_deleted(bucket: Any, days: Days, tmp_path: Path) -> None:
    bucket.add_lifecycle_delete_rule(age=3)
    bucket.patch()
    put(bucket, "old")
    days.pass_by(2)
    put(bucket, "new")
    days.pass_by(0.99)
    assert names(bucket) == ["new", "old"]
    days.pass_by(0.01)
    assert not bucket.blob("old").exists()
    assert bucket.blob("new").download_as_bytes() == b"new"
    assert names(bucket) == ["new"]


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ({"age": 0, "matches_prefix": ["tmp/"]}, ["keep/b.tif"]),
        ({"age": 0, "matches_suffix": [".tif"]}, ["tmp/a.json"]),
        ({"age": 0, "matches_prefix": ["tmp/"], "matches_suffix": [".tif"]}, ["keep/b.tif", "tmp/a.json"]),
        ({"created_before": datetime(2026, 1, 11, tzinfo=UTC).date()}, []),
        ({"created_before": datetime(2026, 1, 10, tzinfo=UTC).date()}, ["keep/b.tif", "tmp/a.json"]),
    ],
)
def test_conditions_hold_together(bucket: Any, condition: dict[str, Any], left: list[str]) -> None:
    put(bucket, "tmp/a.json", "keep/b.tif")
    bucket.add_lifecycle_delete_rule(**condition)
    bucket.patch()
    assert names(bucket) == left


def test_a_bucket_whose_objects_expired_is_empty(bucket: Any, days: Days) -> None:
    put(bucket, "a")
    bucket.add_lifecycle_delete_rule(age=1)
    bucket.patch()
    days.pass_by(1)
    bucket.delete()
    assert not bucket.exists()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda bucket: bucket.add_lifecycle_set_storage_class_rule("NEARLINE", age=1), "expected action Delete"),
        (lambda bucket: bucket.add_lifecycle_delete_rule(number_of_newer_versions=1), "numNewerVersions"),
    ],
)
def test_rules_that_would_not_be_carried_out_are_refused(
    bucket: Any, rule: Callable[[Any], None], message: str
) -> None:
    rule(bucket)
    with pytest.raises(BadRequest, match=message):
        bucket.patch()
