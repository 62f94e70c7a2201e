"""`eo-pipeline cancel` and `eo-pipeline delete` as a person types them."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from eo_pipeline.cli.project import find_project
from eo_pipeline_tests.end_to_end.command_line import UserProject, inside_project
from eo_pipeline_tests.end_to_end.heights import heights, last_states, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

PARTITION = "whole|2024-01"
ONE = ("--partitions", "2024-01")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    write_month(tmp_path, "2024-01", seed=1)
    with running_sandbox(tmp_path / "sandbox", catalog=write_catalog(tmp_path), speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture
def user(sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UserProject]:
    """A project of a user's own whose product is the heights."""
    attributes = {name: value for name, value in heights("field_ndvi").items() if name not in ("name", "zones", "cube")}
    document = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
    with inside_project(tmp_path / "mine", sandbox.url, monkeypatch) as made:
        made.file.write_text(yaml.safe_dump(document))
        yield made


def submit(user: UserProject) -> None:
    """Materialise the submission of one partition, as the UI does."""
    job = find_project(user.folder).definitions().resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.get() as instance:
        key = dg.AssetKey(["field_ndvi", "submission"])
        assert job.execute_in_process(instance=instance, asset_selection=[key], partition_key=PARTITION).success


def test_a_partition_is_cancelled_made_deleted_and_each_is_asked_first(
    user: UserProject, sandbox: SandboxProcess
) -> None:
    sandbox.control("settings", {"pending_seconds": 1e6})
    submit(user)
    asked = user.invoke("cancel", "field_ndvi", *ONE)
    assert asked.exit_code == 1
    assert "field_ndvi: 1 of 1 partitions, 1 operations on Earth Engine:" in asked.output
    assert "Cancel them? [y/N]" in asked.output
    assert list(last_states(sandbox).values()) == ["PENDING"]

    done = user.invoke("cancel", "field_ndvi", *ONE, "--yes")
    assert done.exit_code == 0, done.output
    assert f"{PARTITION}: 1 operation cancelled" in done.output
    assert "Submit them again with: eo-pipeline run field_ndvi --partitions 2024-01" in done.output
    assert list(last_states(sandbox).values()) == ["CANCELLED"]
    assert "nothing to cancel" in user.invoke("cancel", "field_ndvi").output
    assert "withdrawn" in user.invoke("status").output

    sandbox.control("settings", {"pending_seconds": 0.0})
    made = user.invoke("run", "field_ndvi", *ONE)
    assert made.exit_code == 0, made.output
    mosaic = user.folder / "data" / "field_ndvi" / "mosaic" / "whole" / "2024-01.tif"
    assert mosaic.exists()

    refused = user.invoke("delete", "field_ndvi", *ONE)
    assert refused.exit_code == 1
    assert "Delete all of it? This cannot be undone. [y/N]" in refused.output
    assert mosaic.exists()
    gone = user.invoke("delete", "field_ndvi", *ONE, "--yes")
    assert gone.exit_code == 0, gone.output
    assert gone.output.endswith("field_ndvi: 1 partitions are deleted.\n")
    assert not mosaic.exists()
    again = user.invoke("delete", "field_ndvi", *ONE, "--yes")
    assert (again.exit_code, again.output) == (
        0, "field_ndvi: no store holds anything of 1 partitions; nothing to delete.\n",
    )  # fmt: skip


def test_a_period_that_there_is_not_is_refused(user: UserProject) -> None:
    done = user.invoke("delete", "field_ndvi", "--partitions", "2031-01")
    assert done.exit_code == 1
    assert "--partitions: expected periods of the product (2024-01 to 2024-03), got '2031-01'" in done.output
