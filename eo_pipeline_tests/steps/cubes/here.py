"""An engine without workers: calls are pickled, performed and answered in this process, one after the other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from eo_pipeline.engines.calls import Call, perform
from eo_pipeline.engines.crew import Answered, Crew, Event


class Here:
    """See `engines.crew.Engine`."""

    @contextmanager
    def crew(self, count: int, timeout: float | None) -> Iterator[Crew]:  # noqa: ARG002  # there is nothing to wait for
        yield _Crew()


class _Crew:
    def __init__(self) -> None:
        self._calls: list[tuple[int, Call]] = []

    def room(self) -> int:
        return 1 - len(self._calls)

    def send(self, number: int, call: Call) -> None:
        self._calls.append((number, call))

    def wait(self, seconds: float | None) -> Sequence[Event]:  # noqa: ARG002  # there is nothing to wait for
        number, call = self._calls.pop()
        return [Answered(number, perform(call))]

    def end(self, numbers: Sequence[int]) -> None:
        self._calls = [one for one in self._calls if one[0] not in numbers]
