"""Dagster's history in a real Postgres, with the project's own dagster.postgres.yaml."""

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

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
