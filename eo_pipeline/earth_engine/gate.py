"""Who may use a client whose state is process-wide, and when.

What does not belong here: what the state is, and how it is switched (`session`).
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Gate[State]:
    """Lets calls in one state overlap; a call in another state waits until they have ended.

    Calls enter in the order in which they came, so that nobody waits for ever. A call must not enter again from within.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._running = 0
        self._state: State | None = None

    @contextmanager
    def within(self, state: State, switch: Callable[[], None]) -> Iterator[None]:
        """Hold the state for one call.

        Args:
            state: wanted.
            switch: brings it about, or finds that it is there; only called while no call runs. Its errors come through.
        """
        self._enter(state, switch)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, state: State, switch: Callable[[], None]) -> None:
        turn = object()
        with self._changed:
            self._queue.append(turn)
            try:
                self._changed.wait_for(lambda: self._queue[0] is turn and self._fits(state))
                if not self._running:
                    switch()
                    self._state = state
                self._running += 1
            finally:
                self._queue.remove(turn)
                self._changed.notify_all()

    def _fits(self, state: State) -> bool:
        return not self._running or self._state == state

    def _leave(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()
