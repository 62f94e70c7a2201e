"""A product whose month is spent sends nothing, says why, and goes on when its budget is raised."""

from eo_pipeline_tests.end_to_end.heights import submissions
from eo_pipeline_tests.end_to_end.place import PARTITION, Place


def test_nothing_is_sent_before_the_budget_is_raised(place: Place) -> None:
    spent = place.pipeline(budget={"eecu_hours_a_month": 0})
    assert spent.materialise("submission", PARTITION).success
    found = spent.metadata("submission", PARTITION)
    assert found["eo/state"] == "held"
    assert "the product heights used 0.000 of 0 EECU-hours of " in found["reason"]
    assert " at 00:00 UTC, or when the budget is raised" in found["reason"]
    assert submissions(place.sandbox) == {}
    raised = place.pipeline(budget={"eecu_hours_a_month": 1})
    assert raised.materialise("submission", PARTITION).success
    assert raised.metadata("submission", PARTITION)["eo/state"] == "submitted"
    assert len(submissions(place.sandbox)) == 1
