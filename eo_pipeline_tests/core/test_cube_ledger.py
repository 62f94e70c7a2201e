"""Rows of the ledger as text, and time as numbers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.cubes.cube_ledger import (
    Provenance,
    Record,
    ShardRow,
    State,
    ledger_arrays,
    parse_record,
    state_of_shards,
)
from eo_pipeline.core.cubes.cube_time import decode_instant, encode_instant
from eo_pipeline.core.rectangles import Rectangle

PIXELS = st.integers(0, 10**7)


@given(
    st.text(),
    st.builds(Rectangle, PIXELS, PIXELS, PIXELS, PIXELS),
    st.sampled_from(State),
    st.text(),
    st.lists(st.builds(ShardRow, st.sampled_from(State), st.floats(0, 1), st.text()), max_size=3),
)
def test_record_round_trip(area: str, region: Rectangle, state: State, word: str, shards: list[ShardRow]) -> None:
    when, share = datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=UTC), sum(shard.valid_share for shard in shards) / 3
    record = Record(area, region, state, share, Provenance(word, word, word, word, word, when), tuple(shards))
    assert parse_record(record.as_text()) == record


def test_a_row_written_before_shards_had_rows_still_reads_and_is_written_the_same() -> None:
    text = (
        '{"area":"a","region":[0,64,64,120],"state":"written","valid_share":0.5,"product":"p","partition":"a|2023-01",'
        '"inputs_hash":"h","code_version":"0.1.0","run_id":"r","committed_at":"2024-01-02T03:04:05+00:00"}'
    )
    when = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    record = Record(
        "a", Rectangle(0, 64, 64, 120), State.WRITTEN, 0.5, Provenance("p", "a|2023-01", "h", "0.1.0", "r", when)
    )
    assert parse_record(text) == record
    assert record.as_text() == text


@pytest.mark.parametrize(
    ("states", "together"),
    [
        ([State.OCEAN, State.OCEAN], State.OCEAN),
        ([State.OCEAN, State.NO_IMAGES], State.NO_IMAGES),
        ([State.NO_IMAGES, State.EMPTY, State.OCEAN], State.EMPTY),
        ([State.EMPTY, State.WRITTEN], State.WRITTEN),
    ],
)
def test_an_area_is_what_the_best_of_its_shards_is(states: list[State], together: State) -> None:
    assert state_of_shards(states) is together


def test_states_have_the_numbers_the_array_explains() -> None:
    state, _ = ledger_arrays((2, 3))
    assert state.shape == (0, 2, 3)
    assert state.attributes["flag_values"] == [0, 1, 2, 3, 4, 5]
    assert state.attributes["flag_meanings"] == "not_done written no_images empty failed ocean"
    assert [each.code for each in State] == [1, 2, 3, 4, 5]


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
