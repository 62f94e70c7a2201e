"""Rounds of questions: bounded, resumed, repeated in time; a source that does not answer costs its product only."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from eo_pipeline.errors import EoPipelineError, ServiceUnreachableError, SourceError
from eo_pipeline.orchestration.late.rounds import Look, Place, Question, look

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = ["b|2024-01", "a|2024-02", "a|2024-01", "b|2024-02"]
IN_TURN = ["a|2024-01", "b|2024-01", "a|2024-02", "b|2024-02"]


class Archive:
    """Tells fingerprints, and remembers what it was asked."""

    def __init__(self, **changed: str) -> None:
        self.changed = changed
        self.asked: list[str] = []
        self.breaks_at = ""
        self.error: EoPipelineError = ServiceUnreachableError("the archive is away")

    def question(self, product: str = "p") -> Question:
        return Question(product, dict.fromkeys(KEYS, "same"), self.ask)

    def ask(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        for key in keys:
            if key == self.breaks_at:
                raise self.error
            self.asked.append(key)
            yield key, self.changed.get(key.replace("|", "_").replace("-", "_"), "same")


def looked(questions: Sequence[Question], place: Place, *, seconds: float = 100, now: datetime = NOW) -> Look:
    """A clock that is a second later each time that it is looked at."""
    ticks = count()
    return look(questions, place, now=now, clock=lambda: float(next(ticks)), seconds=seconds)


def test_partitions_are_asked_about_in_turn_and_those_that_differ_are_late() -> None:
    archive = Archive(b_2024_01="other")
    found = looked([archive.question()], Place())
    assert archive.asked == IN_TURN
    assert [(late.product, late.partition, late.fingerprint) for late in found.late] == [("p", "b|2024-01", "other")]
    assert (found.asked, found.left, found.problems) == (4, 0, {})
    assert found.sentence == "4 partitions asked about, 1 have other inputs now, 0 to come"


def test_a_tick_ends_in_time_and_the_next_goes_on() -> None:
    archive = Archive()
    first = looked([archive.question()], Place(), seconds=3)
    assert 0 < len(archive.asked) < len(IN_TURN)
    assert first.left == len(IN_TURN) - len(archive.asked)
    looked([archive.question()], Place.parse(first.place.text))
    assert archive.asked == IN_TURN


def test_a_round_begins_again_only_when_it_is_time() -> None:
    archive = Archive()
    done = looked([archive.question()], Place()).place
    looked([archive.question()], done, now=NOW + timedelta(hours=5))
    assert archive.asked == IN_TURN
    looked([archive.question()], done, now=NOW + timedelta(hours=6))
    assert archive.asked == IN_TURN * 2


def test_a_source_that_does_not_answer_is_told_and_asked_at_the_next_tick_where_it_stopped() -> None:
    away, there = Archive(), Archive()
    away.breaks_at = "a|2024-02"
    found = looked([away.question("away"), there.question("there")], Place())
    assert found.problems == {"away": "the archive is away"}
    assert "away: the archive is away" in found.sentence
    assert (away.asked, there.asked) == (IN_TURN[:2], IN_TURN)
    away.breaks_at = ""
    assert looked([away.question("away"), there.question("there")], found.place).problems == {}
    assert (away.asked, there.asked) == (IN_TURN, IN_TURN)


def test_a_partition_that_cannot_be_asked_about_is_told_and_the_others_are_asked() -> None:
    archive = Archive(b_2024_02="other")
    archive.breaks_at, archive.error = "a|2024-02", SourceError("an item is no item")
    found = looked([archive.question()], Place())
    assert found.problems == {"p": "a|2024-02: an item is no item"}
    assert archive.asked == [key for key in IN_TURN if key != "a|2024-02"]
    assert [late.partition for late in found.late] == ["b|2024-02"]
    assert (found.asked, found.left) == (3, 0)
    assert looked([archive.question()], found.place).asked == 0


def test_a_cursor_keeps_where_asking_stopped() -> None:
    place = Place(NOW, {"p": "a|2024-01"})
    assert Place.parse(place.text) == place
    assert Place.parse(Place().text) == Place()
    assert Place.parse(None) == Place.parse("") == Place()
