"""No function of the sandbox without a test, no claim about a function that is none, no assumption about nothing."""

import pytest

from eo_pipeline.sandbox.graph.assumptions import ASSUMPTIONS, Assumption
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.docs.functions import (
    UNVERIFIED,
    assumptions_of_the_sandbox,
    claims,
    concerns,
    deviations,
    implemented,
    unverified_settings_of_the_sandbox,
)


def test_every_function_has_a_test_that_names_it() -> None:
    missing = sorted(set(implemented()) - {claim.function for claim in claims()})
    assert missing == [], "name these in @pytest.mark.functions(..., against=...) on a test that checks them"


def test_every_function_that_a_test_names_is_implemented() -> None:
    assert sorted({claim.function for claim in claims()} - set(implemented())) == []


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda one: one.topic)
def test_an_assumption_is_about_functions_that_there_are(assumption: Assumption) -> None:
    known = implemented()
    for pattern in assumption.functions:
        narrowed = Assumption(assumption.topic, "", "chosen", "", (pattern,))
        assert [name for name in known if concerns(narrowed, name)], pattern


def test_deviations_are_assumptions_and_arguments_that_change_nothing() -> None:
    known = implemented()
    assert deviations(known["Number.divide"]) == ["division by zero"]
    assert deviations(known["Geometry.buffer"]) == ["buffers", "ignores `maxError`"]
    assert deviations(known["Number.add"]) == []


def test_everything_unverified_is_listed() -> None:
    listed = assumptions_of_the_sandbox()
    assert [one.topic for one in ASSUMPTIONS if f"| {one.topic} |" not in listed] == []
    settings = unverified_settings_of_the_sandbox()
    for name, entry in Settings().describe().items():
        assert (f"`{name}`" in settings) == (entry["source"] in UNVERIFIED), name
