"""Starting, listing, finding and cancelling tasks of a sandbox, whichever way it answers a repeated request."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import ee
import pytest

from eo_pipeline.core import grids
from eo_pipeline.core.exports.export_plan import CloudStorage, ExportTask, ImageContent
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.earth_engine import operations
from eo_pipeline.errors import ServiceError
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.scenes import BOX, COLLECTION, Service, scenes_product


@pytest.fixture(autouse=True)
def as_before(service: Service) -> Iterator[None]:
    yield
    service.sandbox.control("settings", {"duplicate_request": "first_operation", "pending_limit": 3000})
    service.sandbox.control("faults", method="DELETE")


def task(service: Service, name: str, **changes: object) -> ExportTask:
    [area] = grids.whole_area(scenes_product().area.lattice, BOX)
    plain = ExportTask(
        product=name,
        area_key="whole",
        period_key="2024-01",
        service=service.session.service,
        project="sandbox-project",
        expression=name,
        inputs="",
        content=ImageContent(area.geobox, ("B4",), 0.0, 256, 10**9),
        destination=CloudStorage(BUCKET),
        priority=7,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by name


def image() -> Any:
    return ee.ImageCollection(COLLECTION).select(["B4"]).max().toUint16()


def start(service: Service, planned: ExportTask, generation: int = 1) -> Operation:
    return operations.start_export(service.session, planned, image(), generation=generation)


def ended(service: Service, name: str) -> Operation:
    for _ in range(200):
        found = operations.get_operation(service.session, name)
        if found is None or not found.state.active:
            break
        time.sleep(0.05)
    assert found is not None
    return found


def test_an_export_is_started_under_its_request_id_and_ends_with_its_tiles(service: Service) -> None:
    planned = task(service, "plain")
    started = start(service, planned)
    assert started.state in (State.PENDING, State.RUNNING)
    assert started.request_id == planned.request_id(1)
    assert ended(service, started.name).state is State.SUCCEEDED
    assert [o.name for o in service.bucket.list(planned.prefix)] == [f"{planned.prefix}.tif"]


def test_a_request_carries_grid_files_priority_and_nodata(service: Service) -> None:
    planned = task(service, "request")
    body = operations.request_of(planned, image(), 1, ())
    assert body["description"] == planned.description(1)
    assert body["priority"] == {"value": 7}
    assert body["maxPixels"] == {"value": "1000000000"}
    options = body["fileExportOptions"]
    assert options["cloudStorageDestination"] == {"bucket": BUCKET, "filenamePrefix": planned.prefix}
    assert options["geoTiffOptions"]["tileDimensions"] == {"width": 256, "height": 256}
    assert options["geoTiffOptions"]["noData"] == {"floatValue": 0}


def test_nan_is_not_sent_as_a_nodata_value(service: Service) -> None:
    plain = task(service, "nan")
    assert isinstance(plain.content, ImageContent)
    body = operations.request_of(replace(plain, content=replace(plain.content, nodata=float("nan"))), image(), 1, ())
    assert "noData" not in body["fileExportOptions"].get("geoTiffOptions", {})


@pytest.mark.parametrize("answer", ["first_operation", "already_exists"])
def test_a_repeated_request_is_the_first_operation(service: Service, answer: str) -> None:
    service.sandbox.control("settings", {"duplicate_request": answer})
    planned = task(service, f"twice_{answer}")
    first = start(service, planned)
    again = start(service, planned)
    assert again.name == first.name
    same = [o for o in operations.list_operations(service.session) if o.request_id == planned.request_id(1)]
    assert len(same) == 1


@pytest.mark.parametrize("answer", ["first_operation", "already_exists"])
def test_a_lost_reply_does_not_start_a_second_export(service: Service, answer: str) -> None:
    service.sandbox.control("settings", {"duplicate_request": answer})
    planned = task(service, f"lost_{answer}")
    service.sandbox.arm(kind="lost_reply", path="image:export$")
    started = start(service, planned)
    same = [o.name for o in operations.list_operations(service.session) if o.request_id == planned.request_id(1)]
    assert same == [started.name]


def test_the_next_generation_is_another_operation(service: Service) -> None:
    planned = task(service, "generations")
    assert start(service, planned, 1).name != start(service, planned, 2).name


def test_a_request_that_was_made_but_is_not_listed_is_told(service: Service) -> None:
    message = "Operation with request ID already exists."
    service.sandbox.arm(kind="status", path="image:export$", status=409, message=message, reason="ALREADY_EXISTS")
    planned = task(service, "unlisted")
    with pytest.raises(ServiceError) as caught:
        start(service, planned)
    said = str(caught.value)
    assert f"Earth Engine says that the request {planned.request_id(1)} was made before, but lists no such task" in said
    assert "materialise the submission again with resubmit: true" in said


def test_a_full_queue_is_told_in_the_service_s_words(service: Service) -> None:
    service.sandbox.control("settings", {"pending_limit": 0})
    with pytest.raises(ServiceError, match=r"Too many tasks already in the queue \(0\).* Wait until tasks finish"):
        start(service, task(service, "full"))


def test_an_operation_nobody_knows_is_none(service: Service) -> None:
    assert operations.get_operation(service.session, "projects/sandbox-project/operations/" + "A" * 24) is None


def test_a_cancelled_operation_ends_as_cancelled(service: Service) -> None:
    planned = task(service, "cancelled")
    service.sandbox.arm(kind="hang", path="^cancelled")
    started = start(service, planned)
    operations.cancel_operation(service.session, started.name)
    assert ended(service, started.name).state is State.CANCELLED


def test_every_operation_is_listed_once(service: Service) -> None:
    names = {start(service, task(service, f"page{number}")).name for number in range(5)}
    listed = [o.name for o in operations.list_operations(service.session)]
    assert names <= set(listed)
    assert len(listed) == len(set(listed))
