"""Plans as JSON and back, in words, and held against what came."""

import json

import pytest

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.outcome import compare
from eo_pipeline.core.estimates.plan import Basis, Plan, Wanted
from eo_pipeline.errors import PlanFileError
from eo_pipeline_tests.core.estimates.records import record, work

PLAN = Plan(
    product="fields",
    made="2026-11-21T10:00:00.000Z",
    wanted=Wanted(partitions=5, there=1, under_way=1, no_images=1),
    basis=Basis(12, ("fields",), own=True, concurrency=3, concurrency_from="observed"),
    exports=("a|1", "a|2"),
    tiles=2,
    pixels=200,
    raw_bytes=400,
    eecu_seconds=Interval(15, 20, 30),
    bytes=Interval(150, 200, 300),
    disk=None,
    seconds=Interval(100, 110, 120),
    each_eecu_seconds=(Interval(4, 5, 8), Interval(10, 15, 20)),
    advice=("smaller",),
)


def test_a_saved_plan_comes_back() -> None:
    assert Plan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_a_plan_of_another_version_is_refused() -> None:
    with pytest.raises(PlanFileError, match=r"expected a plan of version 1, got version 7; .* delete it, or read it"):
        Plan.from_json({**PLAN.to_json(), "version": 7})


def test_what_is_left_to_export() -> None:
    assert PLAN.wanted.exports == 2


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (PLAN.basis, "From 12 finished exports of this product."),
        (
            Basis(3, ("fields",), own=True, concurrency=1, concurrency_from="observed"),
            "From 3 finished exports of this product; fewer than 10, so the intervals are wide.",
        ),
        (
            Basis(30, ("woods",), own=False, concurrency=1, concurrency_from="observed"),
            "From 30 finished exports of woods, which has the same source; another product may cost otherwise, so the "
            "intervals reach twice as far.",
        ),
        (
            Basis(0, (), own=False, concurrency=2, concurrency_from="assumed"),
            "No export of this product, or of another one with its source, has finished yet.",
        ),
    ],
)
def test_what_a_plan_rests_on_in_words(basis: Basis, words: str) -> None:
    assert basis.sentence == words


def test_half_of_a_plan_is_held_against_its_own_half() -> None:
    done = record(work(), eecu=6.0, run=50.0, queue=10.0, ended=1000.0, size=90)
    found = compare(PLAN, {"a|1": done, "other|1": done})
    assert found.finished == 1
    assert found.eecu_seconds.predicted == Interval(15 / 4, 5, 30 / 4)
    assert found.eecu_seconds.error == pytest.approx(5 / 6 - 1)
    assert found.eecu_seconds.inside is True
    assert found.bytes.predicted == Interval(75, 100, 150)
    assert found.inside == 1
    assert (found.seconds.predicted, found.seconds.actual) == (None, 60.0)


def test_a_finished_plan_is_held_against_its_totals() -> None:
    records = {
        "a|1": record(work(), eecu=6.0, run=50.0, queue=10.0, ended=1000.0, size=90),
        "a|2": record(work(), eecu=26.0, run=50.0, queue=10.0, ended=1055.0, size=90),
    }
    found = compare(PLAN, records)
    assert (found.eecu_seconds.predicted, found.eecu_seconds.actual) == (PLAN.eecu_seconds, 32.0)
    assert found.eecu_seconds.inside is False
    assert found.inside == 1
    assert (found.seconds.predicted, found.seconds.actual, found.seconds.inside) == (PLAN.seconds, 115.0, True)
    assert found.to_json()["eecu_seconds"] == {
        "predicted": [15, 20, 30],
        "actual": 32.0,
        "error": 20 / 32 - 1,
        "inside": False,
    }


def test_before_anything_finished_the_whole_prediction_is_shown() -> None:
    found = compare(PLAN, {})
    assert (found.finished, found.eecu_seconds.predicted, found.eecu_seconds.error) == (0, PLAN.eecu_seconds, None)
    assert found.seconds.predicted == PLAN.seconds
