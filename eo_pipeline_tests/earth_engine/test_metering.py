"""Compute as Cloud Monitoring's real client reads it from a sandbox."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import ee
import pytest

from eo_pipeline.core.compute.usage import Metered, Unmetered, month_of
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.metering import meter
from eo_pipeline.earth_engine.session import connect
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A request costs two EECU-seconds; the clock stands still."""
    data = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data, settings={"eecu_seconds_per_request": 2.0}, speed=0) as found:
        session = connect(settings(found))
        for tag in ("", "ndvi", "ndvi"):
            session.compute(ee.Number(1), tag=tag)
        yield found


def settings(sandbox: SandboxProcess, **more: str) -> Settings:
    given = {"EO_EARTH_ENGINE_URL": sandbox.url, "EO_PROJECT": PROJECT, "EO_CREDENTIALS": "anonymous", **more}
    return Settings.from_mapping(given)


def this_month(sandbox: SandboxProcess) -> str:
    return month_of(datetime.fromisoformat(sandbox.control("clock")["now"]))


def test_a_month_s_compute_is_told_by_tag_and_type(sandbox: SandboxProcess) -> None:
    found = meter(settings(sandbox), this_month(sandbox))
    assert found == Metered({("", "online"): 2.0, ("ndvi", "online"): 4.0})
    assert meter(settings(sandbox), "2020-02") == Metered({})


def test_a_project_that_may_not_be_asked_about_is_unmetered(sandbox: SandboxProcess) -> None:
    sandbox.control("settings", {"denied_permissions": [f"{PROJECT}:monitoring.timeSeries.list"]})
    try:
        found = meter(settings(sandbox), this_month(sandbox))
    finally:
        sandbox.control("settings", {"denied_permissions": []})
    assert isinstance(found, Unmetered)
    assert found.reason.startswith("Cloud Monitoring answered 403: Permission 'monitoring.timeSeries.list' denied")


def test_nobody_at_the_address_is_unmetered(sandbox: SandboxProcess) -> None:
    nowhere = replace(settings(sandbox), monitoring_url="http://127.0.0.1:9")
    assert meter(nowhere, "2026-11") == Unmetered(
        "expected Cloud Monitoring at http://127.0.0.1:9, got ConnectionRefusedError"
    )


def test_a_connection_that_breaks_is_unmetered(sandbox: SandboxProcess) -> None:
    sandbox.arm(kind="reset", path="timeSeries", count=None)
    try:
        found = meter(settings(sandbox), "2026-11")
    finally:
        sandbox.control("faults", method="DELETE")
    assert isinstance(found, Unmetered)
    assert found.reason.startswith(f"expected Cloud Monitoring at {sandbox.url}, got ")


def test_without_a_project_or_credentials_it_is_unmetered(sandbox: SandboxProcess, tmp_path: Path) -> None:
    assert meter(settings(sandbox, EO_PROJECT=""), "2026-11") == Unmetered("EO_PROJECT is not set")
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"private_key": "secret"}))
    found = meter(settings(sandbox, EO_CREDENTIALS=str(key)), "2026-11")
    assert isinstance(found, Unmetered)
    assert "expected a service account's key in the file" in found.reason
    assert "secret" not in found.reason
