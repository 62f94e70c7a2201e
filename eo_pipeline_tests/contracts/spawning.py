"""What any engine does with batches: checks that take an engine and a folder.

Not here: which engines there are, and what only one of them does.
"""

import itertools
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from eo_pipeline.engines import Engine, Environment, Policy, Progress, in_batches, spawn
from eo_pipeline.engines.timeline import timeline_of
from eo_pipeline.errors import BatchCancelledError, BatchTimeoutError, CubeError, EngineError, WorkerLostError
from eo_pipeline_tests.engines import work

Check = Callable[[Engine, Path], None]
TRY_ALL = Policy(first_failure="try_all")
SECRET = "s3cr3t-t0ken"  # noqa: S105  # of nobody


def every_batch_is_answered_once(engine: Engine, _: Path) -> None:
    batches = in_batches(range(50), 7)
    seen: list[Progress] = []
    before = time.time()
    outcomes = sorted(spawn(work.squares, batches, engine=engine, progress=seen.append), key=lambda o: o.number)
    after = time.time()

    assert [outcome.batch for outcome in outcomes] == list(batches)
    assert sum(outcome.value() for outcome in outcomes) == 49 * 50 * 99 // 6
    assert all(len(outcome.attempts) == 1 for outcome in outcomes)
    for attempt in (outcome.attempts[0] for outcome in outcomes):
        assert attempt.ended == "done"
        assert attempt.worker
        assert before <= attempt.start <= attempt.end <= after
    assert all(earlier.done <= later.done for earlier, later in itertools.pairwise(seen))
    assert seen[-1] == Progress(total=7, running=0, done=7, failed=0, lost=0)
    assert 0 < timeline_of(outcomes).worker_seconds <= (after - before) * 7


def what_a_function_raises_is_its_batchs_outcome(engine: Engine, _: Path) -> None:
    outcomes = {o.batch: o for o in spawn(work.halves, (4, 0, 13, 2), engine=engine, policy=TRY_ALL)}
    assert [outcomes[number].value() for number in (4, 2)] == [0.25, 0.5]
    assert outcomes[0].result is None
    assert isinstance(outcomes[0].error, ZeroDivisionError)
    own = outcomes[13].error
    assert isinstance(own, CubeError)
    assert (str(own), own.said, own.passes) == ("expected luck, got 13; try 14", "the cube said no", True)
    assert "work.py" in own.__notes__[0]
    assert "raise CubeError" in own.__notes__[0]
    assert [o.attempts[0].ended for _, o in sorted(outcomes.items())] == ["failed", "done", "done", "failed"]
    with pytest.raises(ZeroDivisionError):
        outcomes[0].value()


def what_does_not_travel_is_said(engine: Engine, _: Path) -> None:
    with pytest.raises(EngineError, match="expected a function at the top of a module"):
        next(spawn(lambda number: number, (1,), engine=engine))
    (outcome,) = spawn(work.return_a_function, (1,), engine=engine)
    assert "local object" in str(outcome.error)
    (odd,) = spawn(work.raise_odd, (1,), engine=engine)
    assert isinstance(odd.error, EngineError)
    assert str(odd.error) == "OddError: 1 and 2"


def the_first_failure_stops_the_others(engine: Engine, _: Path) -> None:
    batches = (0.0, *[30.0] * 9)
    begun = time.monotonic()
    outcomes = list(spawn(work.nap_or_fail, batches, engine=engine))
    assert time.monotonic() - begun < 20
    assert sorted(outcome.number for outcome in outcomes) == list(range(10))
    assert outcomes[0].number == 0
    assert isinstance(outcomes[0].error, CubeError)
    assert {type(outcome.error) for outcome in outcomes[1:]} == {BatchCancelledError}
    assert str(outcomes[1].error).startswith("not done, since batch 0 had failed")
    assert all(attempt.ended == "given_up" for outcome in outcomes[1:] for attempt in outcome.attempts)


def a_killed_worker_costs_its_batch_one_retry(engine: Engine, folder: Path) -> None:
    tasks = [("", 0), (str(folder / "met"), 1), ("", 2)]
    seen: list[Progress] = []
    outcomes = sorted(spawn(work.die_at_first, tasks, engine=engine, progress=seen.append), key=lambda o: o.number)
    assert [outcome.value() for outcome in outcomes] == [0, 1, 2]
    assert [[a.ended for a in outcome.attempts] for outcome in outcomes] == [["done"], ["lost", "done"], ["done"]]
    lost, done = outcomes[1].attempts
    assert lost.start <= lost.end
    assert lost.start <= done.start
    assert seen[-1].lost == 1
    assert timeline_of(outcomes).retries == 1


def a_batch_that_kills_its_workers_fails(engine: Engine, _: Path) -> None:
    policy = Policy(retries=1, first_failure="try_all")
    outcomes = {o.batch: o for o in spawn(work.die_each_time, (1, -1, 2), engine=engine, policy=policy)}
    assert [outcomes[number].value() for number in (1, 2)] == [1, 2]
    error = outcomes[-1].error
    assert isinstance(error, WorkerLostError)
    assert str(error).startswith("batch 1: expected a worker that lasts, lost 2 (the last: ")
    assert [attempt.ended for attempt in outcomes[-1].attempts] == ["lost", "lost"]


def a_batch_that_takes_too_long_is_ended(engine: Engine, _: Path) -> None:
    policy = Policy(timeout=1, first_failure="try_all")
    begun = time.monotonic()
    outcomes = {o.batch: o for o in spawn(work.nap, (0.1, 60.0, 0.2), engine=engine, policy=policy)}
    assert time.monotonic() - begun < 20
    assert [outcomes[seconds].value() for seconds in (0.1, 0.2)] == [0.1, 0.2]
    error = outcomes[60.0].error
    assert isinstance(error, BatchTimeoutError)
    assert str(error).startswith("batch 1: expected it to take 1 s at most, got no answer in that time")
    assert [attempt.ended for attempt in outcomes[60.0].attempts] == ["timed_out"]


def the_environment_holds_in_workers_and_secrets_stay_there(engine: Engine, _: Path) -> None:
    environment = Environment({work.COLOUR: "blue", "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}, {work.TOKEN: SECRET})
    names = (work.COLOUR, "GDAL_DISABLE_READDIR_ON_OPEN", work.TOKEN)
    (seen,) = spawn(work.environment_here, (names,), engine=engine, environment=environment)
    assert seen.value() == ("blue", "EMPTY_DIR", SECRET) * 2
    assert work.TOKEN not in os.environ
    (unset,) = spawn(work.environment_here, (names,), engine=engine)
    assert unset.value() == (None,) * 6

    (told,) = spawn(work.blurt, (1,), engine=engine, environment=environment)
    assert str(told.error) == "PermissionError: token *** was refused"
    assert SECRET not in repr(told) + repr(environment) + "".join(told.error.__notes__ if told.error else ())


def whoever_stops_reading_leaves_nothing_behind(engine: Engine, _: Path) -> None:
    begun = time.monotonic()
    with closing(spawn(work.nap, (0.0, *[30.0] * 5), engine=engine)) as outcomes:
        assert next(outcomes).value() == 0.0
    assert time.monotonic() - begun < 20
    assert [outcome.value() for outcome in spawn(work.squares, ((1, 2),), engine=engine)] == [5]


def nothing_to_do_is_done(engine: Engine, _: Path) -> None:
    assert list(spawn(work.squares, (), engine=engine)) == []


CHECKS: tuple[Check, ...] = (
    every_batch_is_answered_once,
    what_a_function_raises_is_its_batchs_outcome,
    what_does_not_travel_is_said,
    the_first_failure_stops_the_others,
    a_killed_worker_costs_its_batch_one_retry,
    a_batch_that_kills_its_workers_fails,
    a_batch_that_takes_too_long_is_ended,
    the_environment_holds_in_workers_and_secrets_stay_there,
    whoever_stops_reading_leaves_nothing_behind,
    nothing_to_do_is_done,
)
