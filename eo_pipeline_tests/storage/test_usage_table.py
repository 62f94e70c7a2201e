"""The table of compute on a local root and in a bucket."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from eo_pipeline.core.compute.usage import COLUMNS
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.places import Place, open_place
from eo_pipeline.storage.tables import write_table
from eo_pipeline.storage.usage_table import UsageTable, read_usage, usage_frame, write_usage
from eo_pipeline_tests.core.test_usage import row
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

TABLE = UsageTable(
    (row("a"), row("run:1:submission", route="interactive", eecu_seconds=None, requests=3, service="http://here p")),
    {"log ndvi/export made": 7},
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("usage"), buckets=["results"]) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return open_place(Settings(root=str(tmp_path)))


def test_without_a_table_there_is_an_empty_one(place: Place) -> None:
    assert read_usage(place) == UsageTable()


@pytest.mark.parametrize("table", [TABLE, UsageTable()])
def test_what_is_written_is_read_again(place: Place, table: UsageTable) -> None:
    write_usage(place, table)
    assert read_usage(place) == table


def test_in_a_bucket_too(sandbox: SandboxProcess, tmp_path: Path) -> None:
    root = f"gs://results/{tmp_path.name}"
    place = open_place(Settings(project=PROJECT, storage_url=sandbox.url, credentials="anonymous", root=root))
    assert read_usage(place) == UsageTable()
    for table in (UsageTable(), TABLE):
        write_usage(place, table)
        assert read_usage(place) == table
    assert place.names(place.path("usage")) == {"eecu.csv", "eecu.parquet"}


def test_others_read_it_as_parquet_and_csv(place: Place, tmp_path: Path) -> None:
    write_usage(place, TABLE)
    assert sorted(file.name for file in (tmp_path / "usage").iterdir()) == ["eecu.csv", "eecu.parquet"]
    for table in (pd.read_csv(tmp_path / "usage/eecu.csv"), pd.read_parquet(tmp_path / "usage/eecu.parquet")):
        assert list(table["requests"]) == [0, 3]
        assert table["eecu_seconds"].sum() == 100.0
        assert table["eecu_seconds"].isna().tolist() == [False, True]
        assert table["ended"][0] == "2026-11-05T00:00:00Z"
    metadata = pq.read_schema(tmp_path / "usage/eecu.parquet").metadata
    assert metadata[b"eo_pipeline.usage_version"] == b"1"


@pytest.mark.parametrize(("tags", "version"), [({}, "none"), ({"eo_pipeline.usage_version": "2"}, "2")])
def test_a_table_of_another_version_is_left_alone(
    place: Place, tmp_path: Path, tags: dict[str, str], version: str
) -> None:
    write_table(usage_frame(TABLE.rows), tmp_path / "usage" / "eecu.parquet", columns=COLUMNS, tags=tags)
    with pytest.raises(StorageError, match=f"a table of compute of version 1 at .*got version {version}; update eo_pi"):
        read_usage(place)
