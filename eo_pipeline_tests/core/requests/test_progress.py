"""How far it is, in numbers and for a person."""

import pytest

from eo_pipeline.core.requests.progress import Standing, Standings


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    standings = Standings(1000, now=0)
    for second in range(1, 101):  # 1/s for 60 s, then 5/s
        found = standings.after(min(second, 60) + 5 * max(0, second - 60), 0, now=second)
    assert found.per_second == pytest.approx(5, rel=0.1)
    assert found.seconds_left == pytest.approx((1000 - 260) / 5, rel=0.1)


def test_failed_pieces_are_done_too() -> None:
    found = Standings(10, now=5).after(3, 2, now=7)
    assert (found.done, found.failed, found.per_second, found.seconds_left) == (5, 2, 2.5, 2.0)


def test_nothing_is_said_of_what_nobody_knows() -> None:
    assert Standings(10, now=5).after(0, 0, now=5).seconds_left is None
    assert Standing(5, 0, None, 2.0).seconds_left is None


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        (Standing(1200, 3, 4000, 98.2), "1,200 of 4,000, 3 failed, 98.2/s, 29 s left"),
        (Standing(0, 0, 4000, 0.0), "0 of 4,000"),
        (Standing(10, 0, 1000, 10.0), "10 of 1,000, 10.0/s, 1 min 39 s left"),
        (Standing(10, 0, 100_000, 5.0), "10 of 100,000, 5.0/s, 5 h 33 min left"),
        (Standing(7, 0, None, 2.0), "7, 2.0/s"),
        (Standing(4000, 0, 4000, 98.2), "4,000 of 4,000, 98.2/s"),
    ],
)
def test_a_person_reads_it_on_one_line(standing: Standing, text: str) -> None:
    assert str(standing) == text
