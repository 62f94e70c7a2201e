"""Images of Earth Engine that changed after their export: the sensor asks for exactly the partitions they are in."""

from contextlib import ExitStack
from pathlib import Path

import dagster as dg

from eo_pipeline.orchestration.late.sensors import OF_EXPORTS, build_late_sensors
from eo_pipeline_tests.end_to_end.heights import heights, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, pipeline, resources
from eo_pipeline_tests.processes import end, running_sandbox

MONTHS = ("2024-01", "2024-02")


def test_a_changed_image_is_asked_for_again_by_a_sensor_that_is_off_at_first(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    for seed, month in enumerate(MONTHS):
        write_month(tmp_path, month, seed=seed)
    catalog = write_catalog(tmp_path)
    period = {"every": "month", "start": "2024-01", "end": "2024-03", "recheck_for": "520w"}
    declaration = heights("heights", period=period, zones=None, cube=None)
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(tmp_path / "sandbox", catalog=catalog, speed=100))
        make_bucket(sandbox.url)
        found = pipeline(declaration, url=sandbox.url, root=tmp_path / "data", instance=instance, folder=tmp_path)
        assert found.run(MONTHS).failed == {}
        assert tick(found, sandbox.url).run_requests == []
        write_month(tmp_path, MONTHS[1], seed=9)
        end(sandbox.process)
        port = int(sandbox.url.rpartition(":")[2])
        stack.enter_context(running_sandbox(tmp_path / "sandbox", catalog=catalog, speed=100, port=port))
        asked = tick(found, sandbox.url).run_requests or []
        assert [(request.job_name, request.partition_key) for request in asked] == [
            ("heights_late", f"whole|{MONTHS[1]}")
        ]


def tick(found: Pipeline, url: str) -> dg.SensorResult:
    """One tick, from the beginning of a round."""
    [sensor] = build_late_sensors([found.chain])
    assert (sensor.name, sensor.default_status) == (OF_EXPORTS, dg.DefaultSensorStatus.STOPPED)
    with dg.build_sensor_context(instance=found.instance, resources=resources(url, found.root), cursor=None) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result
