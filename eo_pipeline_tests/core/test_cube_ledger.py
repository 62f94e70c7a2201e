"""Rows of the ledger as text, and time as numbers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.cubes.cube_ledger import Provenance, Record, State, ledger_arrays, parse_record
from eo_pipeline.core.cubes.cube_time import decode_instant, encode_instant
from eo_pipeline.core.rectangles import Rectangle

PIXELS = st.integers(0, 10**7)


@given(
    st.text(), st.builds(Rectangle, PIXELS, PIXELS, PIXELS, PIXELS), st.sampled_from(State), st.floats(0, 1), st.text()
)
def test_record_round_trip(area: str, region: Rectangle, state: State, share: float, word: str) -> None:
    when = datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=UTC)
    record = Record(area, region, state, share, Provenance(word, word, word, word, word, when))
    assert parse_record(record.as_text()) == record


def test_states_have_the_numbers_the_array_explains() -> None:
    state, _ = ledger_arrays((2, 3))
    assert state.shape == (0, 2, 3)
    assert state.attributes["flag_values"] == [0, 1, 2, 3, 4]
    assert state.attributes["flag_meanings"] == "not_done written no_images empty failed"
    assert [each.code for each in State] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("instant", "unit", "number"),
    [
        (datetime(1970, 1, 2, tzinfo=UTC), "days", 1),
        (datetime(2024, 1, 1, tzinfo=UTC), "days", 19_723),
        (datetime(1969, 12, 31, tzinfo=UTC), "days", -1),
        (datetime(1970, 1, 2, 5, tzinfo=UTC), "hours", 29),
    ],
)
def test_time_is_whole_units_since_1970(instant: datetime, unit: str, number: int) -> None:
    assert encode_instant(instant, unit) == number
    assert decode_instant(number, unit) == instant
