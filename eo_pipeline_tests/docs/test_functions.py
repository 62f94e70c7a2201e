"""No function of the sandbox without a test, no claim about a function that is none, no assumption about nothing.

The tables of all pages are compared here, since one of them tells which tests there are, and to find out takes long.
"""

from collections import Counter
from pathlib import Path

import pytest

from eo_pipeline.sandbox.graph.assumptions import ASSUMPTIONS, Assumption
from eo_pipeline.sandbox.graph.signatures import published_signatures, wheel_algorithms
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.docs.functions import (
    TIERS,
    UNVERIFIED,
    assumptions_of_the_sandbox,
    checks,
    claims,
    concerns,
    deviations,
    implemented,
    unverified_settings_of_the_sandbox,
)
from eo_pipeline_tests.docs.pages import PAGES, with_tables
from eo_pipeline_tests.docs.tables import TABLES
from eo_pipeline_tests.sandbox.function_marks import ORACLES


def test_every_function_has_a_test_that_names_it() -> None:
    missing = sorted(set(implemented()) - {claim.function for claim in claims()})
    assert missing == [], (
        "these functions of the sandbox have no test that names them: put @pytest.mark.functions(NAME, against=SOURCE) "
        "on a test below eo_pipeline_tests/sandbox that has them evaluated, then run `make docs`; "
        f"SOURCE is one of {', '.join(ORACLES)}"
    )


def test_every_function_that_a_test_names_is_implemented() -> None:
    known = implemented()
    unknown = sorted(f"{claim.function} in {claim.test}" for claim in claims() if claim.function not in known)
    assert unknown == [], "these markers name functions that the sandbox does not implement: correct or remove them"


def test_tiers_are_of_published_functions() -> None:
    assert set(TIERS) - set(published_signatures(wheel_algorithms())) == set()
    assert Counter(TIERS.values()) == {"1": 273, "2": 40}
    assert (TIERS["Image.add"], TIERS["Image.convolve"]) == ("1", "2")


def test_a_test_is_found_by_its_name() -> None:
    assert checks("Date.millis") == [
        "`algorithms/test_values.py::test_dates_are_those_of_python`",
        "`algorithms/test_values.py::test_reading_dates`",
    ]


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tables_of_a_page_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == with_tables(text, TABLES), "run `make docs` and review the difference"
