"""How many requests may be under way: down at once, up slowly."""

from eo_pipeline.core.requests.pace import Pace


def after(pace: Pace, answers: int) -> Pace:
    for _ in range(answers):
        pace = pace.answered()
    return pace


def test_it_never_exceeds_the_most() -> None:
    assert after(Pace(4, 4), 1000).at_once == 4


def test_a_refusal_halves_at_once_and_one_is_always_left() -> None:
    pace = Pace(10, 10)
    found = []
    for now in range(5):
        pace = pace.refused(sent=now, now=now + 0.5)
        found.append(pace.at_once)
    assert found == [5, 2, 1, 1, 1]


def test_refusals_of_requests_sent_before_the_halving_do_not_halve_again() -> None:
    pace = Pace(10, 10)
    for _ in range(10):  # all were sent together
        pace = pace.refused(sent=1.0, now=2.0)
    assert pace.at_once == 5
    assert pace.refused(sent=2.5, now=3.0).at_once == 2


def test_it_rises_by_one_after_as_many_clean_answers_as_are_under_way() -> None:
    pace = Pace(10, 10).refused(sent=0.0, now=1.0)
    assert [after(pace, answers).at_once for answers in (4, 5, 10, 11)] == [5, 6, 6, 7]
    assert after(pace, 5 + 6 + 7 + 8 + 9).at_once == 10


def test_a_refusal_begins_the_counting_anew() -> None:
    pace = after(Pace(4, 8), 3).refused(sent=0.0, now=1.0)
    assert (pace.at_once, pace.clean) == (2, 0)
    assert after(pace, 1).refused(sent=0.5, now=2.0).clean == 0
