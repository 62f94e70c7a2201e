import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.ranges import rectangles

AREAS = [f"a{number}" for number in range(6)]
PERIODS = [f"2024-{number:02d}" for number in range(1, 8)]
keys = st.builds(PartitionKey, st.sampled_from(AREAS), st.sampled_from(PERIODS))


def cross(areas: list[str], periods: list[str]) -> list[PartitionKey]:
    return [PartitionKey(area, period) for period in periods for area in areas]


def consecutive(chosen: set[str], among: list[str]) -> bool:
    places = sorted(among.index(name) for name in chosen)
    return places == list(range(places[0], places[0] + len(places)))


@given(st.lists(keys, unique=True), st.integers(1, 20))
def test_rectangles_cover_exactly_what_is_wanted_each_full_and_without_gaps(
    wanted: list[PartitionKey], size: int
) -> None:
    parts = list(rectangles(wanted, areas=AREAS, periods=PERIODS, size=size))
    made = [key for part in parts for key in part]
    assert sorted(made, key=lambda key: key.text) == sorted(wanted, key=lambda key: key.text)
    for part in parts:
        areas, periods = {key.area for key in part}, {key.period for key in part}
        assert len(part) == len(areas) * len(periods) <= size
        assert consecutive(areas, AREAS)
        assert consecutive(periods, PERIODS)
        assert (part[0].area, part[0].period) == (min(areas), min(periods))
        assert (part[-1].area, part[-1].period) == (max(areas), max(periods))


def test_a_whole_product_is_one_range() -> None:
    everything = cross(AREAS, PERIODS)
    assert list(rectangles(reversed(everything), areas=AREAS, periods=PERIODS)) == [everything]


def test_one_missing_partition_costs_two_ranges_more() -> None:
    wanted = [key for key in cross(AREAS, PERIODS) if key != PartitionKey("a2", "2024-03")]
    parts = list(rectangles(wanted, areas=AREAS, periods=PERIODS))
    assert [len(part) for part in parts] == [2 * 6, 2, 3, 4 * 6]


def test_nothing_wanted_is_no_range() -> None:
    assert list(rectangles([], areas=AREAS, periods=PERIODS)) == []


def test_an_area_that_does_not_exist_is_no_silent_gap() -> None:
    with pytest.raises(KeyError, match="elsewhere"):
        list(rectangles([PartitionKey("elsewhere", "2024-01")], areas=AREAS, periods=PERIODS))
