"""Very many pieces: each comes once, whatever happens to its requests, and what cannot come is told."""

import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from random import Random

import pytest

from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.progress import Standing
from eo_pipeline.earth_engine.interactive.client import Request
from eo_pipeline.steps.asking.ask_all import Answer, Report, ask_all
from eo_pipeline_tests.steps.asking.canned import BROKEN, Canned, Numbers, Rule, Said, canned, client_of, ones

HASTY = Patience(first_wait=0.01, longest_wait=0.05, seconds=5)


@pytest.fixture(scope="module")
def running() -> Iterator[Canned]:
    with canned() as found:
        yield found


@pytest.fixture
def server(running: Canned) -> Canned:
    running.asked.clear()
    running.most = 0
    return running


def asked(
    server: Canned, rule: Rule, count: int, patience: Patience = HASTY
) -> tuple[list[Answer[int, list[int]]], Report]:
    server.rule = rule
    report = Report()
    return list(ask_all(client_of(server), ones(count), patience=patience, report=report)), report


def test_every_piece_comes_once_and_is_what_was_asked_for(server: Canned) -> None:
    answers, report = asked(server, lambda *_: Said(), 500)
    assert {answer.key: answer.value for answer in answers} == {number: [number] for number in range(500)}
    assert len(answers) == 500
    assert {(answer.problem, answer.requests) for answer in answers} == {("", 1)}
    assert report == Report(sent=500, answered=500)
    assert set(server.asked.values()) == {1}


def test_nothing_is_asked_for_nothing(server: Canned) -> None:
    answers, report = asked(server, lambda *_: Said(), 0)
    assert (answers, report) == ([], Report())


def test_with_a_tenth_of_the_requests_spoilt_everything_comes_for_few_more(server: Canned) -> None:
    """429, 503, broken connections and replies that are none, a fortieth of each."""
    random = Random(8)  # noqa: S311 - faults of a test
    spoilt = [Said(429, "Too many requests."), Said(503, "Unavailable."), Said(BROKEN), Said(message="{")]

    def rule(*_: object) -> Said:
        return random.choice(spoilt) if random.random() < 0.1 else Said()

    answers, report = asked(server, rule, 600)
    assert sorted(answer.value or [] for answer in answers) == [[number] for number in range(600)]
    assert report.sent == server.asked.total() <= 1.3 * 600
    assert sum(answer.requests for answer in answers) == report.sent
    assert report.refused > 0


def test_a_bad_piece_costs_itself_only(server: Canned) -> None:
    def rule(numbers: range, _: int) -> Said:
        return Said(400, "Image.load: Image asset 'x' not found.") if 7 in numbers else Said()

    answers, report = asked(server, rule, 50)
    [lost] = [answer for answer in answers if answer.value is None]
    assert (lost.key, lost.requests) == (7, 1)
    assert lost.problem.startswith("Earth Engine: Image.load: Image asset 'x' not found.")
    assert (report.answered, report.failed, report.unasked, report.stopped) == (49, 1, 0, "")


@pytest.mark.parametrize(
    "message", ["User memory limit exceeded.", "Computation timed out.", "Total request size (9 bytes) must be less."]
)
def test_what_is_too_much_comes_in_halves_joined_in_order(server: Canned, message: str) -> None:
    server.rule = lambda numbers, _: Said(400, message) if len(numbers) > 3 else Said()
    pieces = [("whole", Numbers(range(17))), ("small", Numbers(range(20, 22)))]
    answers = {answer.key: answer for answer in ask_all(client_of(server), pieces, patience=HASTY)}
    assert answers["whole"].value == list(range(17))
    assert answers["small"].value == [20, 21]
    assert answers["whole"].requests == server.asked.total() - 1 == 15


def test_what_is_too_much_even_in_its_smallest_part_is_lost_once(server: Canned) -> None:
    server.rule = lambda numbers, _: Said(400, "User memory limit exceeded.") if 5 in numbers else Said()
    report = Report()
    pieces = [(start, Numbers(range(start, start + 8))) for start in (0, 8)]
    answers = {answer.key: answer for answer in ask_all(client_of(server), pieces, patience=HASTY, report=report)}
    assert answers[0].problem.endswith("(even in its smallest part)")
    assert answers[8].value == list(range(8, 16))
    assert (report.answered, report.failed) == (1, 1)


def test_a_request_that_takes_too_long_is_asked_for_in_halves(server: Canned) -> None:
    server.rule = lambda numbers, _: Said(seconds=5.0 if len(numbers) > 1 else 0)
    [answer] = ask_all(client_of(server, seconds=0.3), [("both", Numbers(range(2)))], patience=HASTY)
    assert (answer.value, answer.requests) == ([0, 1], 3)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Permission 'earthengine.computations.create' denied on resource 'projects/x'."),
        (403, "Project x is not registered to use Earth Engine."),
        (403, "Google Earth Engine API has not been used in project x before or it is disabled."),
        (401, "Request had invalid authentication credentials."),
        (429, "Daily EECU quota exceeded: the daily limit of 100 EECU-seconds."),
    ],
)
def test_what_would_meet_every_piece_stops_the_asking(server: Canned, status: int, message: str) -> None:
    server.rule = lambda *_: Said(status, message)
    report = Report()
    answers = list(ask_all(client_of(server, most=2), ones(5000), patience=HASTY, report=report))
    assert 1 <= len(answers) <= 2
    assert all(message[:30] in answer.problem for answer in answers)
    assert message[:30] in report.stopped
    assert report.unasked == 5000 - len(answers)
    assert server.asked.total() <= 2


def test_pieces_that_all_fail_alike_stop_the_asking_unless_one_came(server: Canned) -> None:
    answers, report = asked(server, lambda *_: Said(400, "Image.select: no band named 'B77'."), 2000)
    assert 10 <= len(answers) <= 60
    assert len(answers) + report.unasked == 2000
    assert "B77" in report.stopped
    answers, report = asked(server, lambda numbers, _: Said() if 0 in numbers else Said(400, "Bad.", 0.05), 100)
    assert (len(answers), report.unasked, report.stopped) == (100, 0, "")


def test_pieces_that_fail_for_different_reasons_do_not_stop_the_asking(server: Canned) -> None:
    _, report = asked(server, lambda numbers, _: Said(400, f"Number {numbers.start} is bad."), 30)
    assert (report.failed, report.unasked, report.stopped) == (30, 0, "")


def test_a_piece_that_fails_again_and_again_is_given_up(server: Canned) -> None:
    answers, _ = asked(server, lambda numbers, _: Said(500, "Internal error.") if 3 in numbers else Said(), 10)
    [lost] = [answer for answer in answers if answer.value is None]
    assert (lost.key, lost.requests) == (3, HASTY.attempts)
    assert lost.problem.endswith(f"({HASTY.attempts} times)")


def test_too_many_is_no_attempt(server: Canned) -> None:
    answers, report = asked(server, lambda _, before: Said(429, "Too many requests.") if before < 12 else Said(), 1)
    assert (answers[0].value, answers[0].requests, report.refused) == ([0], 13, 12)


def test_a_429_without_words_is_too_many(server: Canned) -> None:
    answers, report = asked(server, lambda _, before: Said(429) if not before else Said(), 3)
    assert ({answer.problem for answer in answers}, report.refused) == ({""}, 3)


def test_a_service_that_stays_away_is_given_up(server: Canned) -> None:
    patience = Patience(first_wait=0.01, longest_wait=0.05, seconds=0.3, attempts=1000)
    answers, report = asked(server, lambda *_: Said(503, "The service is currently unavailable."), 3000, patience)
    assert "(no answer for 0 s)" in answers[0].problem
    assert report.answered == 0
    assert report.failed + report.unasked == 3000
    assert report.stopped


def test_where_nobody_listens_every_piece_says_so() -> None:
    nobody = Canned(url="http://127.0.0.1:9")
    answers = list(ask_all(client_of(nobody), ones(2), patience=Patience(first_wait=0.01, attempts=2)))
    assert len(answers) == 2
    assert "expected Earth Engine at http://127.0.0.1:9, got no connection" in answers[0].problem


def test_no_more_are_under_way_than_the_caller_or_the_deployment_allows(server: Canned) -> None:
    asked(server, lambda *_: Said(seconds=0.02), 60, Patience(at_once=4))
    assert server.most == 4
    server.most = 0
    list(ask_all(client_of(server, most=3), ones(30)))
    assert server.most <= 3


def test_a_slow_consumer_slows_the_asking(server: Canned) -> None:
    server.rule = lambda *_: Said()
    with closing(ask_all(client_of(server, most=10), ones(100_000))) as answers:
        next(answers)
        time.sleep(0.5)
        assert server.asked.total() <= 25
        assert sum(1 for _, answer in zip(range(200), answers, strict=False) if not answer.problem) == 200
    assert server.asked.total() <= 225


def test_memory_does_not_grow_with_the_number_of_pieces(server: Canned) -> None:
    server.rule = lambda *_: Said()
    with closing(ask_all(client_of(server, most=20), ones(10**12))) as answers:
        for _ in range(300):
            next(answers)
        tracemalloc.start()
        sizes = []
        for _ in range(20):
            for _ in range(100):
                next(answers)
                server.asked.clear()
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert min(sizes[-5:]) < max(sizes[:5]) + 100_000, "1,500 answers later"


def test_closing_in_the_middle_leaves_no_thread_and_no_connection(server: Canned) -> None:
    server.rule = lambda *_: Said(seconds=0.05)
    before = threading.active_count()
    with closing(ask_all(client_of(server), ones(10_000))) as answers:
        for _ in range(50):
            next(answers)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    deadline = time.monotonic() + 5
    while (server.connections or server.under_way) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (server.connections, server.under_way) == (0, 0)
    total = server.asked.total()  # with what was on its way to the server
    time.sleep(0.3)
    assert server.asked.total() == total < 1000


def test_an_error_of_the_caller_s_own_comes_through(server: Canned) -> None:
    server.rule = lambda *_: Said()

    def pieces() -> Iterator[tuple[int, Numbers]]:
        yield from ones(3)
        raise KeyError("a mistake in a list of work")

    with pytest.raises(KeyError, match="a mistake in a list of work"):
        list(ask_all(client_of(server), pieces()))

    class Mistaken(Numbers):
        def read(self, reply: bytes) -> list[int]:
            raise ZeroDivisionError(f"a mistake in reading {reply!r}")

    with pytest.raises(ZeroDivisionError, match="a mistake in reading"):
        list(ask_all(client_of(server), [(0, Mistaken(range(1)))]))


def test_what_was_learned_is_there_for_the_next_call(server: Canned) -> None:
    server.rule = lambda *_: Said(seconds=0.1)
    client = client_of(server, at_once=5)
    list(ask_all(client, ones(100)))
    grown = client.pace.at_once.value
    assert grown > 5
    list(ask_all(client, ones(2)))
    assert client.pace.at_once.value == grown
    assert client.pace.under_way == 0


def test_progress_is_told_while_it_lasts_and_at_the_end(server: Canned) -> None:
    server.rule = lambda numbers, _: Said(400, "Bad.") if 3 in numbers else Said(seconds=0.1)
    told: list[Standing] = []
    list(ask_all(client_of(server, most=2), ones(30), total=30, progress=told.append))
    assert 2 <= len(told) <= 6
    assert (told[-1].done, told[-1].failed, told[-1].total) == (30, 1, 30)
    assert 0 < told[0].done < 30
    assert 5 <= told[0].per_second <= 25
    assert told[0].seconds_left == pytest.approx((30 - told[0].done) / told[0].per_second)


def test_one_request_that_follows_from_another_is_counted_with_it(server: Canned) -> None:
    class TwoSteps(Numbers):
        def request(self) -> Request:
            first = Numbers(range(100, 101)).request()
            return Request(first.path, first.body, first.tag, then=lambda _: super(TwoSteps, self).request())

    server.rule = lambda *_: Said()
    client = client_of(server)
    [answer] = ask_all(client, [("key", TwoSteps(range(2)))])
    assert (answer.value, answer.requests) == ([0, 1], 2)
    assert client.session.sent == {"numbers": 2}
