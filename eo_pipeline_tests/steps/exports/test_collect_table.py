"""The one file of a table's export: whole, corrupt, gone."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import google_crc32c
import pytest

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import ExportGoneError, TableError
from eo_pipeline.steps.exports.collect_table import CollectedTable, collect_table
from eo_pipeline.storage.transfer import Patience
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.scenes import Service

COLUMNS = (Column("n", "int64", ""),)
NOW = datetime.now(UTC)
BYTES = b"n\n1\n2\n"


@pytest.fixture(autouse=True)
def as_before(service: Service) -> Iterator[None]:
    yield
    service.sandbox.control("faults", method="DELETE")


def collect(service: Service, prefix: str, folder: Path) -> CollectedTable:
    bucket = replace(service.bucket, patience=Patience(seconds=2, first_wait=0.02))
    return collect_table(bucket, prefix, columns=COLUMNS, folder=folder, now=NOW)


def test_a_table_is_fetched_with_its_checksum_and_others_are_left(service: Service, tmp_path: Path) -> None:
    service.bucket.write("a/table.csv", BYTES)
    service.bucket.write("a/table.csv.old", b"n\n3\n")
    service.bucket.write("a/table2.csv", b"n\n4\n")
    found = collect(service, "a/table", tmp_path)
    assert found.rows["n"].tolist() == [1, 2]
    assert (found.size, found.source) == (len(BYTES), f"gs://{BUCKET}/a/table.csv")
    checksum = google_crc32c.value(BYTES).to_bytes(4, "big")
    assert found.crc32c == base64.b64encode(checksum).decode()


def test_a_table_that_is_not_there_is_gone(service: Service, tmp_path: Path) -> None:
    with pytest.raises(ExportGoneError) as caught:
        collect(service, "nothing/table", tmp_path)
    assert str(caught.value) == (
        f"expected a table at gs://{BUCKET}/nothing/table.csv, found none of an export that succeeded: somebody "
        "deleted it; another export makes it anew: materialise the submission with resubmit: true"
    )


def test_a_table_that_never_comes_whole_is_told(service: Service, tmp_path: Path) -> None:
    service.bucket.write("b/table.csv", BYTES * 100)
    service.sandbox.arm(kind="corrupted", path="b/table.csv$", method="GET", count=None)
    with pytest.raises(TableError, match=r"expected a whole table at \S+/b/table.csv, got one that is corrupt: "):
        collect(service, "b/table", tmp_path)
