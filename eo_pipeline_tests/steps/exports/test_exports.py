"""Planning and submitting exports against a sandbox: the same data are never exported twice, changed ones always."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from eo_pipeline.core import grids
from eo_pipeline.core.exports.export_plan import CloudStorage, ImageContent
from eo_pipeline.core.exports.reconcile import Act, Wish
from eo_pipeline.core.exports.submissions import Part, Submission, SubmissionState
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import operations
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.exports.desk import open_desk
from eo_pipeline.steps.exports.plan_export import Inputs, PlannedExport, check_source, plan_export, read_inputs
from eo_pipeline.steps.exports.submit_export import ExportFailedError, Outcome, submit_export
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.scenes import BOX, COLLECTION, COLUMNS, LEFT, ROWS, TOP, Service, scenes_product

RED = {"collection": COLLECTION, "bands": ["B4"]}


@pytest.fixture(autouse=True)
def as_before(service: Service) -> Iterator[None]:
    yield
    service.sandbox.control("faults", method="DELETE")


def area_of(product: Product) -> Area:
    [area] = grids.whole_area(product.area.lattice, BOX)
    return area


def period(key: str = "2024-01") -> Period:
    return scenes_product().period.rule.parse(key)


def plan(service: Service, name: str, key: str = "2024-01", **sections: object) -> PlannedExport:
    """A product of its own for each test, so that tests do not meet each other's exports."""
    sections = {"source": RED, "export": {"file_dimensions": 256}, **sections}
    product = scenes_product(name=name, **sections)
    area = area_of(product)
    [(_, inputs)] = read_inputs(service.session, product, [(area, period(key))])
    return plan_export(
        service.settings,
        product,
        area=area,
        period=period(key),
        inputs=inputs,
        destination=CloudStorage(BUCKET),
        native_resolution=10,
    )


def submit(
    service: Service, planned: PlannedExport, previous: Submission | None = None, *, resubmit: bool = False
) -> Outcome:
    desk = open_desk(service.session, lambda prefix: len(service.bucket.list(prefix)))
    return submit_export(desk, planned, previous, wish=Wish(resubmit=resubmit))


def finish(service: Service, operation: str) -> None:
    for _ in range(200):
        found = operations.get_operation(service.session, operation)
        if found is None or not found.state.active:
            return
        time.sleep(0.05)
    raise AssertionError(f"{operation} does not end")


def started(service: Service, planned: PlannedExport) -> int:
    """How many operations were ever started for the plan's digest."""
    listed = operations.list_operations(service.session)
    return sum(planned.task.digest in operation.description for operation in listed)


def generation(outcome: Outcome) -> int:
    """Of the only part."""
    [part] = outcome.submission.parts
    return part.generation


def test_a_plan_is_the_same_every_time(service: Service) -> None:
    output = {"B4": {"dtype": "int16", "nodata": -1}}  # an integer nodata: NaN equals nothing, itself included
    first, second = plan(service, "same", output=output), plan(service, "same", output=output)
    assert first.task == second.task
    assert plan(service, "same").task.digest == plan(service, "same").task.digest


def test_a_plan_says_what_where_and_how_large(service: Service) -> None:
    task = plan(service, "planned", output={"B4": {"dtype": "int16", "nodata": -1}}).task
    assert isinstance(task.content, ImageContent)
    assert task.content.geobox.shape == (ROWS, COLUMNS)
    assert tuple(task.content.geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)
    assert (task.content.nodata, task.content.file_dimensions, task.tile_count) == (-1.0, 256, 1)
    assert (task.destination, task.project) == (CloudStorage(BUCKET), "sandbox-project")


@pytest.mark.parametrize(
    "sections",
    [
        {"composite": {"reducer": "max"}},
        {"mask": {"scl_exclude": [3]}},
        {"output": {"B4": {"dtype": "int32", "nodata": -1}}},
        {"source": {**RED, "where": {"CLOUDY_PIXEL_PERCENTAGE": {"lt": 60}}}},
        {"export": {"file_dimensions": 512}},
    ],
)
def test_a_changed_product_is_another_export(service: Service, sections: dict[str, Any]) -> None:
    assert plan(service, "changing", **sections).task.digest != plan(service, "changing").task.digest


def test_descriptions_owners_and_priority_are_not(service: Service) -> None:
    more: dict[str, Any] = {"description": "words", "export": {"file_dimensions": 256, "priority": 1}}
    assert plan(service, "kept", **more).task.digest == plan(service, "kept").task.digest


def test_inputs_are_counted_and_told_apart_in_the_order_asked(service: Service) -> None:
    product = scenes_product(source=RED)
    area = area_of(product)
    wanted = [(area, period(key)) for key in ("2024-02", "2024-01", "2024-03")]
    found = list(read_inputs(service.session, product, wanted))
    assert [pair for pair, _ in found] == wanted
    assert [inputs.count for _, inputs in found] == [1, 3, 0]
    assert len({inputs.fingerprint for _, inputs in found}) == 3


def test_more_partitions_than_one_request_asks_are_all_answered(service: Service) -> None:
    product = scenes_product(source=RED)
    wanted = [(area_of(product), period(f"{2000 + n // 12}-{n % 12 + 1:02d}")) for n in range(60)]
    assert [inputs.count for _, inputs in read_inputs(service.session, product, wanted)] == [0] * 60


def test_a_recipe_of_one_s_own_has_unknown_inputs(service: Service) -> None:
    product = scenes_product(source=None, recipe="a.b", output={"b": {}})
    [(_, inputs)] = read_inputs(service.session, product, [(area_of(product), period())])
    assert inputs == Inputs(None, "")
    assert check_source(service.session, product, area_of(product)) is None


def test_a_source_is_checked_before_anything_is_sent(service: Service) -> None:
    assert check_source(service.session, scenes_product(), area_of(scenes_product())) == pytest.approx(10)
    wrong = scenes_product(source={"collection": COLLECTION, "bands": ["B99"]})
    with pytest.raises(ProductError, match="expected only a band of the collection, got B99"):
        check_source(service.session, wrong, area_of(wrong))


def test_an_export_is_submitted_once(service: Service) -> None:
    planned = plan(service, "once")
    first = submit(service, planned)
    assert (first.acts, generation(first), first.submission.state) == ((Act.SUBMIT,), 1, SubmissionState.SUBMITTED)
    finish(service, first.submission.operations[0])
    again = submit(service, planned, first.submission)
    assert (again.acts, again.submission) == ((Act.REUSE,), first.submission)
    assert started(service, planned) == 1


def test_a_crash_between_sending_and_recording_starts_no_second_one(service: Service) -> None:
    planned = plan(service, "crashed")
    service.sandbox.arm(kind="hang", path="^crashed")
    first = submit(service, planned)
    again = submit(service, planned, previous=None)
    assert again.acts == (Act.REATTACH,)
    assert again.submission == first.submission
    assert started(service, planned) == 1
    operations.cancel_operation(service.session, first.submission.operations[0])


def test_a_desk_from_before_the_crash_starts_no_second_one(service: Service) -> None:
    """Two runs that listed operations at the same time: the request id makes the second request the first's."""
    planned = plan(service, "raced")
    before = open_desk(service.session, lambda prefix: len(service.bucket.list(prefix)))
    first, second = (submit_export(before, planned, None) for _ in range(2))
    assert first.submission.operations == second.submission.operations
    assert started(service, planned) == 1


def test_changed_inputs_are_another_export_and_the_old_one_is_cancelled(service: Service) -> None:
    planned = plan(service, "late_image")
    service.sandbox.arm(kind="hang", path="^late_image")
    old = submit(service, planned)
    task = replace(planned.task, inputs="other images")
    changed = replace(planned, task=task, inputs=Inputs(4, "other images"))
    new = submit(service, changed, old.submission)
    assert new.submission.digest != old.submission.digest
    assert new.submission.inputs == "other images"
    finish(service, old.submission.operations[0])
    cancelled = operations.get_operation(service.session, old.submission.operations[0])
    assert cancelled is not None
    assert cancelled.state.value == "CANCELLED"
    operations.cancel_operation(service.session, new.submission.operations[0])


def test_the_old_one_is_found_and_cancelled_without_a_record_too(service: Service) -> None:
    planned = plan(service, "unrecorded")
    service.sandbox.arm(kind="hang", path="^unrecorded")
    old = submit(service, planned)
    changed = replace(planned, task=replace(planned.task, inputs="other"), inputs=Inputs(4, "other"))
    submit(service, changed, previous=None)
    finish(service, old.submission.operations[0])
    cancelled = operations.get_operation(service.session, old.submission.operations[0])
    assert cancelled is not None
    assert cancelled.state.value == "CANCELLED"


def test_other_partitions_are_not_cancelled(service: Service) -> None:
    service.sandbox.arm(kind="hang", path="^neighbours")
    january, february = plan(service, "neighbours"), plan(service, "neighbours", "2024-02")
    kept = submit(service, february)
    submit(service, january)
    found = operations.get_operation(service.session, kept.submission.operations[0])
    assert found is not None
    assert found.state.active
    operations.cancel_operation(service.session, kept.submission.operations[0])


def test_objects_of_the_digest_are_found_without_an_operation(service: Service) -> None:
    planned = plan(service, "objects")
    service.bucket.write(f"{planned.task.prefix}.tif", b"a whole tile")
    found = submit(service, planned)
    assert (found.acts, found.submission.state, found.submission.operations) == (
        (Act.REUSE_OBJECTS,),
        SubmissionState.FOUND,
        (),
    )
    assert started(service, planned) == 0


def test_too_few_objects_are_no_export(service: Service) -> None:
    area = {"box": [LEFT, TOP - 5120, LEFT + 5120, TOP], "crs": "EPSG:32633", "resolution": 10, "origin": [LEFT, TOP]}
    product = scenes_product(name="partial", source=RED, area=area, export={"file_dimensions": 256})
    [whole] = grids.whole_area(product.area.lattice, area["box"])  # type: ignore[arg-type]  # written above
    inputs = Inputs(3, "x")
    planned = plan_export(
        service.settings,
        product,
        area=whole,
        period=period(),
        inputs=inputs,
        destination=CloudStorage(BUCKET),
        native_resolution=10,
    )
    assert planned.task.tile_count == 4
    service.bucket.write(f"{planned.task.prefix}-0000000000-0000000000.tif", b"one of four")
    assert submit(service, planned).acts == (Act.SUBMIT,)


def test_a_partition_without_images_sends_nothing(service: Service) -> None:
    planned = plan(service, "empty", "2024-07")
    found = submit(service, planned)
    assert (found.acts, found.submission.state, found.submission.operations) == ((), SubmissionState.NO_IMAGES, ())
    assert found.reason == "no image is left after the filters"
    assert started(service, planned) == 0


def test_a_person_may_ask_for_the_same_export_again(service: Service) -> None:
    planned = plan(service, "again")
    first = submit(service, planned)
    finish(service, first.submission.operations[0])
    second = submit(service, planned, first.submission, resubmit=True)
    assert (second.acts, generation(second)) == ((Act.SUBMIT,), 2)
    assert second.submission.operations != first.submission.operations
    finish(service, second.submission.operations[0])


def test_a_passing_failure_is_followed_by_the_next_generation(service: Service) -> None:
    planned = plan(service, "passing")
    service.sandbox.arm(kind="fail", path="^passing", message="Quota exceeded for this minute.")
    first = submit(service, planned)
    finish(service, first.submission.operations[0])
    second = submit(service, planned, first.submission)
    assert (second.acts, generation(second)) == ((Act.SUBMIT,), 2)
    assert "Quota exceeded for this minute" in second.reason
    finish(service, second.submission.operations[0])


def test_a_lasting_failure_is_told_with_what_to_change(service: Service) -> None:
    planned = plan(service, "lasting")
    service.sandbox.arm(
        kind="fail", path="^lasting", message="Exported bands must have compatible data types; found Float32 and Byte."
    )
    first = submit(service, planned)
    finish(service, first.submission.operations[0])
    with pytest.raises(ExportFailedError) as caught:
        submit(service, planned, first.submission)
    assert "must have compatible data types" in str(caught.value)
    assert "cast them in the recipe" in str(caught.value)
    assert started(service, planned) == 1


def test_a_task_that_the_service_forgot_is_sent_again(service: Service) -> None:
    planned = plan(service, "forgotten")
    service.sandbox.arm(kind="vanish", path="^forgotten")
    first = submit(service, planned)
    finish(service, first.submission.operations[0])
    second = submit(service, planned, first.submission)
    assert (second.acts, generation(second)) == ((Act.SUBMIT,), 2)
    finish(service, second.submission.operations[0])


def test_a_record_of_another_service_does_not_count(service: Service) -> None:
    planned = plan(service, "elsewhere")
    part = Part(planned.task.digest, 5, "projects/q/operations/X", "")
    foreign = Submission(planned.task.digest, SubmissionState.SUBMITTED, "http://there q", "", (part,))
    assert generation(submit(service, planned, foreign)) == 1
