"""When a request that failed is sent again."""

import pytest

from eo_pipeline.core.requests.patience import Patience

PATIENCE = Patience(first_wait=1.0, longest_wait=60.0)


@pytest.mark.parametrize(("tries", "average"), [(0, 1), (1, 2), (2, 4), (4, 16), (5, 30), (1000, 30)])
def test_waits_double_up_to_the_longest(tries: int, average: float) -> None:
    assert PATIENCE.wait(tries, luck=0.5) == average


def test_waits_are_spread_from_nothing_to_twice_the_average() -> None:
    assert [PATIENCE.wait(2, luck=luck) for luck in (0, 0.25, 1)] == [0, 2, 8]
