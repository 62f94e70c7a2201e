"""The policy, event by event, with clocks made by hand."""

import pickle

import pytest

from eo_pipeline.engines.board import Board, Settled
from eo_pipeline.engines.calls import Answer
from eo_pipeline.engines.crew import Answered, Expired, Lost, Started
from eo_pipeline.engines.outcomes import Attempt
from eo_pipeline.engines.policy import Policy
from eo_pipeline.errors import BatchCancelledError, BatchTimeoutError, WorkerLostError


def board_with(count: int, policy: Policy) -> Board:
    """A board whose batches are all sent, at 100 s."""
    board = Board(count, policy)
    assert [board.next_to_send(100.0) for _ in range(count)] == list(range(count))
    assert board.next_to_send(100.0) is None
    return board


def answer(*, failed: bool = False, start: float = 100.5, end: float = 101.0) -> Answer:
    return Answer("host:1", start, end, failed, pickle.dumps(None))


def kinds(settled: tuple[Settled, ...]) -> list[tuple[int, type]]:
    return [(one.number, type(one.answer)) for one in settled]


def test_an_answer_settles_once() -> None:
    board = board_with(2, Policy())
    assert board.take(Started(1, "host:1", 100.5), at=101, now=1) == ()
    (settled,) = board.take(Answered(1, answer()), at=101, now=1)
    assert settled == Settled(1, answer(), (Attempt("host:1", 100.5, 101.0, "done"),))
    assert board.take(Answered(1, answer()), at=101, now=1) == ()
    assert (board.running, board.done, board.finished) == (1, 1, False)


def test_a_lost_batch_is_the_next_to_be_sent_until_retries_end() -> None:
    board = board_with(1, Policy(retries=1))
    board.take(Started(0, "host:1", 100.5), at=101, now=1)
    assert board.take(Lost(0, "killed by SIGKILL"), at=102, now=2) == ()
    assert board.next_to_send(103.0) == 0
    (settled,) = board.take(Lost(0, "killed by SIGTERM"), at=104, now=4)
    assert isinstance(settled.answer, WorkerLostError)
    assert "lost 2 (the last: unknown, killed by SIGTERM)" in str(settled.answer)
    assert settled.attempts == (Attempt("host:1", 100.5, 102, "lost"), Attempt("", 103.0, 104, "lost"))
    assert (board.lost, board.failed, board.finished) == (2, 1, True)


def test_an_engine_that_gave_up_is_not_asked_again() -> None:
    board = board_with(1, Policy(retries=9))
    assert kinds(board.take(Lost(0, "worker died 4 times", final=True), at=101, now=1)) == [(0, WorkerLostError)]


def test_a_second_start_is_a_loss_that_the_engine_has_mended() -> None:
    board = board_with(1, Policy(retries=1))
    board.take(Started(0, "host:1", 100.5), at=101, now=1)
    assert board.take(Started(0, "host:2", 103.0), at=104, now=4) == ()
    assert (board.lost, board.running, board.next_to_send(105)) == (1, 1, None)
    (settled,) = board.take(Started(0, "host:3", 106.0), at=106, now=6)
    assert isinstance(settled.answer, WorkerLostError)
    assert settled.abandoned
    assert [a.worker for a in settled.attempts] == ["host:1", "host:2"]


def test_time_runs_from_the_start_of_the_work() -> None:
    board = board_with(2, Policy(timeout=10))
    assert board.seconds_left(now=50) is None
    board.take(Started(1, "host:1", 100.5), at=101, now=60)
    assert board.seconds_left(now=63) == 7
    assert board.overdue(at=110, now=70) == ()
    assert kinds(board.overdue(at=111, now=70.1)) == [(1, BatchTimeoutError), (0, BatchCancelledError)]
    assert board.seconds_left(now=71) is None


def test_what_the_engine_ended_itself_is_not_abandoned() -> None:
    board = board_with(1, Policy(timeout=10))
    (settled,) = board.take(Expired(0), at=111, now=11)
    assert isinstance(settled.answer, BatchTimeoutError)
    assert not settled.abandoned


@pytest.mark.parametrize("event", [Answered(1, answer(failed=True)), Lost(1, "gone", final=True), Expired(1)])
def test_the_first_failure_gives_up_what_is_sent_and_what_waits(event: Answered | Lost | Expired) -> None:
    board = Board(4, Policy())
    for _ in range(3):
        board.next_to_send(100.0)
    settled = board.take(event, at=105, now=5)
    assert [(one.number, one.abandoned, len(one.attempts)) for one in settled] == [
        (1, False, 1),
        (0, True, 1),
        (2, True, 1),
        (3, False, 0),
    ]
    assert all(isinstance(one.answer, BatchCancelledError) for one in settled[1:])
    assert board.finished


def test_all_are_tried_if_the_policy_says_so() -> None:
    board = board_with(2, Policy(first_failure="try_all"))
    assert [one.number for one in board.take(Answered(0, answer(failed=True)), at=101, now=1)] == [0]
    assert (board.running, board.failed) == (1, 1)


def test_a_policy_of_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 retries or more, got -1"):
        Policy(retries=-1)
    with pytest.raises(ValueError, match="expected a timeout above 0 s or None, got 0"):
        Policy(timeout=0)
