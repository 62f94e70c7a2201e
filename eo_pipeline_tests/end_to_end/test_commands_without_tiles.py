"""Every command as a person types it, for a product that is a table and for one that stays in Earth Engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ee
import pytest
import yaml

from eo_pipeline.earth_engine.session import connect
from eo_pipeline_tests.end_to_end.command_line import UserProject, inside_project
from eo_pipeline_tests.end_to_end.heights import COLLECTION, heights, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, make_bucket, storage_client
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.scenes import settings_at

ONE = ("--partitions", "2024-01")
TABLE = {
    "recipe": "eo_pipeline_tests.end_to_end.table_recipes.quarters",
    "columns": {"name": {"dtype": "string"}, "mean": {"units": "m"}, "count": {"dtype": "int64"}},
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("commands")
    write_month(folder, "2024-01", seed=1)
    with running_sandbox(folder / "sandbox", catalog=write_catalog(folder), speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture
def user(sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UserProject]:
    with inside_project(tmp_path / "mine", sandbox.url, monkeypatch) as made:
        yield made


def declare(user: UserProject, **sections: Any) -> None:
    period = {"every": "month", "start": "2024-01", "end": "2024-02"}
    attributes = {"period": period, "area": heights("field_ndvi")["area"], **sections}
    document = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
    user.file.write_text(yaml.safe_dump(document, sort_keys=False))


def said(user: UserProject, *arguments: str) -> str:
    """What a command prints that succeeds."""
    done = user.invoke(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_table_is_previewed_planned_made_counted_and_deleted(user: UserProject, sandbox: SandboxProcess) -> None:
    declare(user, table=TABLE)
    shown = said(user, "preview", "field_ndvi")
    assert [line.split()[0] for line in shown.splitlines()] == ["name", "r0c0", "r0c1", "r1c0", "r1c1", "That"]
    assert "That is all: 4 rows." in shown
    said(user, "plan", "field_ndvi", *ONE)
    said(user, "run", "field_ndvi", *ONE)
    stored = user.folder / "data" / "field_ndvi" / "table" / "whole"
    assert sorted(path.name for path in stored.iterdir()) == ["2024-01.csv", "2024-01.parquet"]
    assert "field_ndvi is complete." in said(user, "status")
    said(user, "plan", "field_ndvi")
    said(user, "delete", "field_ndvi", *ONE, "--yes")
    assert not list(stored.glob("*"))
    assert list(storage_client(sandbox.url).bucket(BUCKET).list_blobs()) == []


def test_an_asset_is_previewed_planned_made_counted_and_deleted(user: UserProject, sandbox: SandboxProcess) -> None:
    declare(
        user,
        source={"collection": COLLECTION, "bands": ["height"]},
        output={"height": {}},
        export={"destination": "asset"},
    )
    assert "256 x 256 pixels of EPSG:32633 from 1 images" in said(user, "preview", "field_ndvi")
    said(user, "plan", "field_ndvi", *ONE)
    said(user, "run", "field_ndvi", *ONE)
    session = connect(settings_at(sandbox.url))

    def listed() -> list[Any]:
        parent = f"projects/{PROJECT}/assets/field_ndvi"
        return list(session.call(lambda: ee.data.listAssets({"parent": parent})).get("assets", []))

    assert len(listed()) == 1
    assert "field_ndvi is complete." in said(user, "status")
    said(user, "plan", "field_ndvi")
    said(user, "delete", "field_ndvi", *ONE, "--yes")
    assert listed() == []
