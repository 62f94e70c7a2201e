"""Dagster's history in a real Postgres, with the project's own dagster.postgres.yaml."""

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.heights import heights, submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import make_bucket, pipeline
from eo_pipeline_tests.processes import running_sandbox

pytestmark = pytest.mark.system

SETTINGS = Path(__file__).parents[2] / "dagster.postgres.yaml"
MONTHS = dg.StaticPartitionsDefinition(["2024-01", "2024-02", "2024-03"])


@dg.asset(partitions_def=MONTHS)
def mosaic(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"month": context.partition_key})


@pytest.fixture
def dagster_home(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dagster.yaml").write_text(SETTINGS.read_text())
    monkeypatch.setenv("EO_PIPELINE_POSTGRES_URL", postgres)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_partitions_are_recorded_in_postgres_and_read_back_by_another_instance(
    dagster_home: Path, postgres: str
) -> None:
    with dg.DagsterInstance.from_config(str(dagster_home)) as writer:
        for month in ("2024-01", "2024-03"):
            assert dg.materialize([mosaic], partition_key=month, instance=writer).success

    with dg.DagsterInstance.from_config(str(dagster_home)) as reader:
        assert reader.get_materialized_partitions(dg.AssetKey("mosaic")) == {"2024-01", "2024-03"}
        records = reader.fetch_materializations(dg.AssetKey("mosaic"), limit=10, ascending=True).records
        months = [
            record.asset_materialization.metadata["month"].value for record in records if record.asset_materialization
        ]
        assert months == ["2024-01", "2024-03"]

    engine = sa.create_engine(postgres)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select partition from event_logs where dagster_event_type = 'ASSET_MATERIALIZATION' order by id")
        )
        assert [row.partition for row in rows] == ["2024-01", "2024-03"]
    engine.dispose()
    assert not list(dagster_home.rglob("*.db")), "expected no SQLite file beside a Postgres instance"


def test_the_whole_chain_runs_on_postgres_and_exports_once(dagster_home: Path, tmp_path: Path) -> None:
    write_month(tmp_path, "2024-01", seed=1)
    catalog = write_catalog(tmp_path)
    with (
        running_sandbox(tmp_path / "sandbox", catalog=catalog, speed=100) as sandbox,
        dg.DagsterInstance.from_config(str(dagster_home)) as instance,
    ):
        make_bucket(sandbox.url)
        sandbox.arm(kind="fail", message="Internal error.")
        found = pipeline(
            heights("heights"), url=sandbox.url, root=tmp_path / "data", instance=instance, folder=tmp_path
        )
        for _ in range(2):
            assert found.run(["2024-01", "2024-02"]).failed == {}
        done = {stage.stage: (stage.done, stage.no_images) for stage in product_status(instance, found.chain).stages}
        assert done == dict.fromkeys(("submission", "export", "tiles", "mosaic", "zonal_stats", "cube"), (2, 1))
        assert [request[-3:] for request in submissions(sandbox).values()] == ["-g1", "-g2"]
    assert not list(dagster_home.glob("*/**/*.db")), "expected no SQLite file beside a Postgres instance"
