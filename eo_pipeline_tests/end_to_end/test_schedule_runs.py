"""What a product's schedule asks for, run: periods that became available, areas as ranges."""

from datetime import UTC, datetime

import dagster as dg

from eo_pipeline_tests.end_to_end.heights import (
    CRS,
    RESOLUTION,
    submissions,
)
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, resources
from eo_pipeline_tests.end_to_end.place import MONTH, Place


def test_a_schedule_submits_what_became_available_in_one_run(place: Place) -> None:
    found = place.pipeline(
        area={"cover": "zones.geojson", "crs": CRS, "resolution": RESOLUTION, "origin": [0, 0], "tile": 32},
        period={"every": "month", "start": "2024-01", "end": "2024-04", "available_after": "10d", "recheck_for": "60d"},
        cube=None,
    )
    assert len(found.chain.areas) > 4
    requests_ = run_requests(place, found, datetime(2024, 2, 11, 4, 30, tzinfo=UTC))
    assert [request.run_key for request in requests_] == ["heights:2024-01:0:2024-02-11"]
    assert run_requests(place, found, datetime(2024, 2, 10, 4, 30, tzinfo=UTC)) == []
    [request] = requests_
    job = found.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=place.instance, asset_selection=[found.chain.key("submission")], tags=request.tags
    )
    assert result.success
    made = place.instance.get_materialized_partitions(found.chain.key("submission"))
    assert made == {f"{area}|{MONTH}" for area in found.chain.areas}
    assert len(submissions(place.sandbox)) == len(found.chain.areas)
    again = run_requests(place, found, datetime(2024, 3, 1, 4, 30, tzinfo=UTC))
    assert [request.run_key for request in again] == ["heights:2024-01:0:2024-03-01"]


def run_requests(place: Place, found: Pipeline, now: datetime) -> list[dg.RunRequest]:
    """What the product's schedule asks for at an instant."""
    schedule = found.definitions.resolve_schedule_def("heights_submit_available")
    with dg.build_schedule_context(
        instance=place.instance,
        scheduled_execution_time=now,
        resources={"earth_engine": resources(place.sandbox.url, place.folder)["earth_engine"]},
        repository_def=found.definitions.get_repository_def(),
    ) as context:
        return list(schedule.evaluate_tick(context).run_requests or [])
