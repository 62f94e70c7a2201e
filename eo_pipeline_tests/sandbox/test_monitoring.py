"""Compute used, as Cloud Monitoring's real client (google-api-python-client) lists it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ee
import pytest
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline_tests.processes import running_sandbox
from eo_pipeline_tests.sandbox.clients import PROJECT, Clients, anonymous, connect
from eo_pipeline_tests.sandbox.following import ended, export

METRIC = 'metric.type = "earthengine.googleapis.com/project/cpu/usage_time"'
COSTS = {"eecu_seconds_per_request": 2.0, "eecu_seconds_per_megapixel": 1000.0}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, raster_catalog: Path) -> Iterator[Clients]:
    """A sandbox in which two requests with a tag, one without, and an export of 350 EECU-seconds were made."""
    data = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(data, settings=COSTS, catalog=raster_catalog, speed=0) as server:
        clients = connect(server)
        ee.Number(1).getInfo()
        with ee.data.workloadTagContext("tagged"):
            ee.Number(1).getInfo()
            server.control("clock", {"tick": 3600})
            ee.Number(1).getInfo()
            assert ended(export("counted"))["metadata"]["state"] == "SUCCEEDED"
        yield clients
        ee.Reset()


def listed(clients: Clients, wanted: str = METRIC, **more: Any) -> list[Any]:
    """Series of the two hours before now by the sandbox's clock."""
    now = datetime.fromisoformat(clients.server.control("clock")["now"])
    interval = {
        "interval_startTime": (now - timedelta(hours=2)).isoformat(),
        "interval_endTime": (now + timedelta(minutes=1)).isoformat(),
    }
    options = {"api_endpoint": clients.server.url}
    service = build("monitoring", "v3", credentials=anonymous(), static_discovery=True, client_options=options)
    request = service.projects().timeSeries().list(name=f"projects/{PROJECT}", filter=wanted, **{**interval, **more})
    return list(request.execute().get("timeSeries", []))


def sums(series: list[Any]) -> dict[tuple[str, ...], float]:
    """EECU-seconds of each series by the values of its labels."""
    return {
        tuple(one["metric"]["labels"].values()): sum(point["value"]["doubleValue"] for point in one["points"])
        for one in series
    }


def test_usage_is_listed_by_type_and_tag(used: Clients) -> None:
    series = listed(used)
    assert sums(series) == {("online", ""): 2.0, ("online", "tagged"): 4.0, ("batch", "tagged"): pytest.approx(350.0)}
    assert {(one["metricKind"], one["valueType"]) for one in series} == {("DELTA", "DOUBLE")}
    [twice] = [one for one in series if tuple(one["metric"]["labels"].values()) == ("online", "tagged")]
    ends = [datetime.fromisoformat(point["interval"]["endTime"]) for point in twice["points"]]
    assert ends[0] - ends[1] == timedelta(hours=1)


def test_labels_are_asked_for(used: Clients) -> None:
    wanted = (
        f'{METRIC} AND metric.labels.compute_type = "batch" AND resource.type = "earthengine.googleapis.com/Project"'
    )
    assert sums(listed(used, wanted)) == {("batch", "tagged"): pytest.approx(350.0)}
    assert listed(used, f'{METRIC} AND metric.label.workload_tag = "other"') == []


def test_series_are_aligned_and_added_up(used: Clients) -> None:
    aligned = {"aggregation_alignmentPeriod": "7260s", "aggregation_perSeriesAligner": "ALIGN_SUM"}
    tags: dict[str, Any] = {
        "aggregation_crossSeriesReducer": "REDUCE_SUM",
        "aggregation_groupByFields": ["metric.labels.workload_tag"],
    }
    series = listed(used, **aligned, **tags)
    assert sums(series) == {("",): 2.0, ("tagged",): pytest.approx(354.0)}
    assert [len(one["points"]) for one in series] == [1, 1]
    [everything] = listed(used, **aligned, aggregation_crossSeriesReducer="REDUCE_SUM")
    [point] = everything["points"]
    assert point["value"]["doubleValue"] == pytest.approx(356.0)
    begin, end = (datetime.fromisoformat(point["interval"][name]) for name in ("startTime", "endTime"))
    assert end - begin == timedelta(seconds=7260)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wanted": ""}, "knows equality and AND"),
        ({"wanted": 'metric.type = "storage.googleapis.com/x"'}, "Cannot find metric"),
        ({"wanted": METRIC + ' AND metric.labels.colour = "red"'}, "no label 'colour'"),
        ({"interval_endTime": "yesterday"}, "expected an RFC 3339 time"),
        (
            {"aggregation_perSeriesAligner": "ALIGN_MEAN", "aggregation_alignmentPeriod": "60s"},
            "ALIGN_DELTA or ALIGN_SUM",
        ),
        ({"aggregation_perSeriesAligner": "ALIGN_SUM"}, "at least 60s"),
        ({"aggregation_crossSeriesReducer": "REDUCE_MEAN"}, "use REDUCE_SUM"),
    ],
)
def test_what_is_not_served_is_refused(used: Clients, change: dict[str, str], message: str) -> None:
    with pytest.raises(HttpError, match=message):
        listed(used, **change)


def test_a_missing_role_is_told(used: Clients) -> None:
    used.server.control("settings", {"denied_permissions": [f"{PROJECT}:monitoring.timeSeries.list"]})
    try:
        with pytest.raises(HttpError, match=r"Permission 'monitoring\.timeSeries\.list' denied") as caught:
            listed(used)
    finally:
        used.server.control("settings", {"denied_permissions": []})
    assert caught.value.status_code == 403
