"""Samples are spread over time and space, without doubles."""

from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.estimates.sampling import spread


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60))
def test_as_many_as_wanted_and_there_each_once(areas: int, periods: int, count: int) -> None:
    found = spread(range(areas), range(periods), count)
    assert len(found) == len(set(found)) == min(count, areas * periods)
    assert all(0 <= area < areas and 0 <= period < periods for area, period in found)
    assert found == spread(range(areas), range(periods), count)


def test_every_season_and_both_ends_of_the_areas() -> None:
    found = spread(range(100), range(12), 6)
    assert sorted(period for _, period in found) == [1, 3, 5, 7, 9, 11]
    assert min(area for area, _ in found) < 25
    assert max(area for area, _ in found) > 75


def test_one_is_taken_from_the_middle_of_the_time() -> None:
    assert [period for _, period in spread(range(10), range(12), 1)] == [6]
