"""An engine as those who write partitions want it: a function, batches, and what came of all of them.

What does not belong here: what is written (`storage.cubes`), and engines.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eo_pipeline.engines import Engine, Environment, Outcome, Policy, Progress, spawn
from eo_pipeline.engines.timeline import Timeline, timeline_of
from eo_pipeline.errors import BatchCancelledError, EoPipelineError


class Spawned:
    """Runs batches by an engine; a `storage.cubes.Run` that remembers its timeline.

    Args:
        engine: of `engines.open_engine`.
        policy: losses, timeouts, first failure.
        environment: of the workers.
        progress: told whenever something changed.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        policy: Policy | None = None,
        environment: Environment | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._engine, self._policy = engine, policy
        self._environment, self._progress = environment, progress
        self._outcomes: list[Outcome[Any, Any]] = []

    @property
    def timeline(self) -> Timeline:
        """Of all batches so far; none of them holds a batch or a result any more."""
        return timeline_of(self._outcomes)

    def __call__[Batch, Result](
        self, function: Callable[[Batch], Result], batches: Sequence[Batch]
    ) -> Iterator[Result]:
        """The results, as they come.

        Raises:
            EoPipelineError: batches failed: the error of one, or one of its kind that tells all of them.
        """
        failures: list[Exception] = []
        asked = spawn(
            function, batches, engine=self._engine, policy=self._policy, environment=self._environment,
            progress=self._progress,
        )  # fmt: skip
        for outcome in asked:
            self._outcomes.append(Outcome(outcome.number, None, None, None, outcome.attempts))
            if outcome.error is None:
                yield outcome.value()
            elif not isinstance(outcome.error, BatchCancelledError):
                failures.append(outcome.error)
        _refuse(failures)


def _refuse(failures: Sequence[Exception]) -> None:
    if not failures:
        return
    first = failures[0]
    kinds = {type(error) for error in failures}
    if len(failures) == 1 or len(kinds) > 1 or not isinstance(first, EoPipelineError):
        for other in failures[1:]:
            first.add_note(f"and in another batch: {other}")
        raise first
    raise type(first)("\n".join(dict.fromkeys(str(error) for error in failures))) from first
