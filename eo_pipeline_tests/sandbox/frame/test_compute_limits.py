"""Limits of compute by day and month: what the real client is told, what slows, and what a restart keeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ee
import pytest
import requests

from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.compute_ledger import ComputeLedger
from eo_pipeline.sandbox.frame.compute_limits import day_start, month_start
from eo_pipeline_tests.processes import end
from eo_pipeline_tests.sandbox.clients import IMAGE, PROJECT, Clients, initialize
from eo_pipeline_tests.sandbox.following import ended, export, state

Start = Callable[..., Clients]
DAILY = "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time'"


def a_day(clients: Clients) -> None:
    clients.server.control("clock", {"tick": 86400})


def test_requests_above_the_daily_limit_fail_until_the_next_day(start_clients: Start) -> None:
    clients = start_clients(speed=0, settings={"eecu_seconds_per_request": 1.0, "daily_eecu_seconds": 3.0})
    for _ in range(3):
        assert ee.Number(1).getInfo() == 1
    for refused in (ee.Number(1).getInfo, lambda: export("late"), lambda: ee.Image(1).getThumbURL({"region": POINT})):
        with pytest.raises(ee.EEException, match=DAILY):
            refused()
    assert ee.data.listOperations() == []
    a_day(clients)
    assert ee.Number(1).getInfo() == 1


POINT = [[10, 50], [10, 51], [11, 51]]


def test_the_refusal_has_the_status_of_the_setting(start_clients: Start) -> None:
    clients = start_clients(settings={"daily_eecu_seconds": 0.001})
    assert ee.Number(1).getInfo() == 1
    url = f"{clients.server.url}/v1/projects/{PROJECT}/value:compute"
    body: Any = {"expression": {"values": {"0": {"constantValue": 1}}, "result": "0"}}
    answer = requests.post(url, json=body, timeout=9)
    assert (answer.status_code, answer.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    clients.server.control("settings", {"eecu_exceeded_code": 403})
    assert requests.post(url, json=body, timeout=9).status_code == 403


def test_pixels_and_exports_cost_by_their_size(start_clients: Start) -> None:
    """700 x 500 pixels of one band at 1000 EECU-seconds a megapixel are 350; 100 x 100 are 10."""
    costs = {"eecu_seconds_per_megapixel": 1000.0, "eecu_seconds_per_request": 0.0}
    clients = start_clients(speed=0, settings=costs)
    assert ended(export("dear"))["metadata"]["batchEecuUsageSeconds"] == pytest.approx(350)
    grid = {"dimensions": {"width": 100, "height": 100}, "crsCode": "EPSG:32633"}
    affine = {"scaleX": 10, "shearX": 0, "translateX": 500000, "shearY": 0, "scaleY": -10, "translateY": 5300000}
    pixels = {"fileFormat": "NPY", "grid": {**grid, "affineTransform": affine}}
    ee.data.computePixels({"expression": ee.Image(IMAGE), **pixels})
    clients.server.control("settings", {"daily_eecu_seconds": 360.5})
    assert ee.Number(1).getInfo() == 1
    clients.server.control("settings", {"daily_eecu_seconds": 359.5})
    with pytest.raises(ee.EEException, match=DAILY):
        ee.Number(1).getInfo()


def test_waiting_tasks_fail_above_the_limit(start_clients: Start) -> None:
    clients = start_clients(speed=0, settings={"pending_seconds": 60})
    task = export("unlucky")
    assert ee.Number(1).getInfo() == 1
    clients.server.control("settings", {"daily_eecu_seconds": 0.001})
    clients.server.control("clock", {"tick": 60})
    done = ended(task)
    assert (done["metadata"]["state"], done["error"]["code"]) == ("FAILED", 8)
    assert DAILY in done["error"]["message"]


def test_or_wait_where_the_setting_says_so(start_clients: Start) -> None:
    clients = start_clients(speed=0, settings={"pending_seconds": 60, "tasks_over_limit": "wait"})
    task = export("patient")
    assert ee.Number(1).getInfo() == 1
    clients.server.control("settings", {"daily_eecu_seconds": 0.001})
    clients.server.control("clock", {"tick": 60})
    assert state(task) == "PENDING"
    a_day(clients)
    assert ended(task)["metadata"]["state"] == "SUCCEEDED"


def test_above_the_monthly_limit_a_project_is_slowed_not_stopped(start_clients: Start) -> None:
    month = {"eecu_seconds_per_request": 3600.0, "monthly_eecu_hours": 1.0, "running_seconds": 60}
    clients = start_clients(speed=0, settings=month)
    assert ee.Number(1).getInfo() == 1
    assert ee.Number(1).getInfo() == 1
    first, second = export("first"), export("second")
    clients.server.control("clock", {"tick": 0})
    assert [state(task) for task in (first, second)] == ["RUNNING", "PENDING"]
    clients.server.control("settings", {"monthly_eecu_exceeded": "The month is over."})
    with pytest.raises(ee.EEException, match=r"The month is over\."):
        ee.Number(1).getInfo()
    clients.server.control("clock", {"tick": 32 * 86400})
    assert ee.Number(1).getInfo() == 1


def test_what_was_used_survives_a_restart(start_clients: Start) -> None:
    limit = {"eecu_seconds_per_request": 1.0, "daily_eecu_seconds": 1.0}
    clients = start_clients(settings=limit)
    assert ee.Number(1).getInfo() == 1
    end(clients.server.process)
    again = start_clients(settings=limit)
    initialize(again.server)
    with pytest.raises(ee.EEException, match=DAILY):
        ee.Number(1).getInfo()


def test_days_and_months_begin_at_their_hour() -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(f"{text}:00+00:00")

    assert day_start(at("2026-03-01 08:00"), 8) == at("2026-03-01 08:00")
    assert day_start(at("2026-03-01 07:59"), 8) == at("2026-02-28 08:00")
    assert month_start(at("2026-03-01 07:59"), 8) == at("2026-02-01 08:00")
    assert month_start(at("2026-03-31 23:00"), 0) == at("2026-03-01 00:00")


def test_usage_is_kept_by_minute_type_and_tag(tmp_path: Path) -> None:
    clock = Clock(speed=0, start=datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC))
    ledger = ComputeLedger(tmp_path / "new" / "compute.sqlite", clock.now)
    ledger.add("p", "online", "a", 1.5)
    ledger.add("p", "online", "a", 2.0)
    ledger.add("p", "batch", "a", 10.0)
    ledger.add("other", "online", "a", 99.0)
    later = clock.tick(60)
    ledger.add("p", "online", "", 4.0)
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    found = ledger.usages("p", noon, later + timedelta(minutes=1))
    assert sorted((usage.minute, usage.compute_type, usage.workload_tag, usage.eecu_seconds) for usage in found) == [
        (noon, "batch", "a", 10.0),
        (noon, "online", "a", 3.5),
        (noon + timedelta(minutes=1), "online", "", 4.0),
    ]
    assert ledger.used("p", noon) == 17.5
    assert ledger.used("p", later) == 4.0
    assert ledger.usages("p", noon, noon) == []
