"""The settings of the Dagster instance: what Dagster makes of dagster.yaml, and that its copies agree."""

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import PoolGranularity

from eo_pipeline.cli.init import make_project

ROOT = Path(__file__).parents[2]


@dg.asset(pool="submission")
def submission() -> None: ...


def test_dagster_reads_the_settings_and_keeps_everything_in_dagster_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        concurrency = instance.get_concurrency_config()
        assert concurrency.run_queue_config is not None
        assert concurrency.run_queue_config.max_concurrent_runs == 4
        assert concurrency.run_queue_config.max_user_code_failure_retries == 60
        assert concurrency.pool_config.pool_granularity == PoolGranularity.RUN
        assert concurrency.pool_config.default_pool_limit == 2
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled
        assert dg.materialize([submission], instance=instance).success
    assert {path.name for path in tmp_path.rglob("*.db")} >= {"index.db", "runs.db", "schedules.db"}


def test_the_project_here_and_a_user_s_have_the_same_instance_settings(tmp_path: Path) -> None:
    make_project(tmp_path)
    assert (tmp_path / "dagster.yaml").read_text() == (ROOT / "dagster.yaml").read_text()


def test_the_postgres_settings_differ_in_storage_only() -> None:
    sqlite = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    postgres = yaml.safe_load((ROOT / "dagster.postgres.yaml").read_text())
    assert sqlite.pop("storage").keys() == {"sqlite"}
    assert postgres.pop("storage").keys() == {"postgres"}
    assert sqlite == postgres
