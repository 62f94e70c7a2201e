"""A Dask cluster, by its scheduler's address or by a client that somebody else handed out (Coiled, Dask Gateway).

Workers need the same packages as this process; with one thread each, a batch can be ended without another's. What does
not belong here: starting a cluster.
"""

from __future__ import annotations

import os
import queue
import signal
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from eo_pipeline.engines.calls import Answer, Call, perform, worker_name
from eo_pipeline.engines.crew import Answered, Crew, Event, Lost, Started
from eo_pipeline.errors import ServiceUnreachableError

if TYPE_CHECKING:
    from distributed import Client, Future, Nanny


@dataclass(frozen=True)
class Dask:
    """A cluster that exists.

    Attributes:
        address: of its scheduler, such as `tcp://10.0.0.1:8786`; not looked at if there is a client.
        client: connected to it; left open.
        restart: workers whose batch hangs or is given up are killed, and started again by their nannies; False leaves
            them busy until the batch ends, for clusters on which others' work lies, too.
    """

    address: str = ""
    client: Client | None = None
    restart: bool = True

    @contextmanager
    def crew(self, count: int, timeout: float | None) -> Iterator[Crew]:  # noqa: ARG002  # the scheduler has a queue
        """See `crew.Engine`."""
        client: Any = self.client or _connected(self.address)
        try:
            crew = _Crew(client, restart=self.restart)
            try:
                yield crew
            finally:
                crew.close()
        finally:
            if self.client is None:
                client.close()


def perform_for(topic: str, number: int, call: Call) -> Answer:
    """Say that a worker begins with a batch, then work at it."""
    from distributed import get_worker  # noqa: PLC0415  # an extra: the floor loads without it

    get_worker().log_event(topic, {"number": number, "worker": worker_name(), "at": time.time()})
    return perform(call)


def kill_worker(dask_worker: Nanny) -> None:
    """Runs in a nanny: end its worker at once; it starts another one.

    Asked to restart it, a nanny first waits for the batch, and is left without a worker if that takes too long.
    """
    if dask_worker.pid:
        os.kill(dask_worker.pid, signal.SIGKILL)


class _Crew:
    def __init__(self, client: Any, *, restart: bool) -> None:
        self._client, self._restart = client, restart
        self._topic = f"eo-pipeline-{uuid.uuid4().hex}"
        self._futures: dict[int, Any] = {}
        self._news: queue.SimpleQueue[Event | int] = queue.SimpleQueue()
        client.subscribe_topic(self._topic, self._heard)

    def room(self) -> int:
        return 1

    def send(self, number: int, call: Call) -> None:
        key = f"{self._topic}-{number}"
        future = self._client.submit(perform_for, self._topic, number, call, key=key, pure=False)
        self._futures[number] = future
        future.add_done_callback(partial(self._done, number))

    def wait(self, seconds: float | None) -> Sequence[Event]:
        try:
            news = [self._news.get(timeout=seconds)]
        except queue.Empty:
            return []
        while not self._news.empty():
            news.append(self._news.get())
        events = (self._finished(one) if isinstance(one, int) else one for one in news)
        return [event for event in events if event is not None]

    def end(self, numbers: Sequence[int]) -> None:
        numbers = [number for number in numbers if number in self._futures]  # others have answered just now
        workers = self._busy_with({self._futures[number].key for number in numbers}) if self._restart else []
        self._client.cancel([self._futures.pop(number) for number in numbers], force=True)
        if workers:
            self._client.run(kill_worker, workers=workers, nanny=True, on_error="ignore")

    def close(self) -> None:
        if self._client.status == "running":
            if self._futures:
                self.end(list(self._futures))
            self._client.unsubscribe_topic(self._topic)

    def _heard(self, event: tuple[float, Any]) -> None:
        _, told = event
        self._news.put(Started(told["number"], told["worker"], told["at"]))

    def _done(self, number: int, _: Future[Answer]) -> None:
        self._news.put(number)

    def _finished(self, number: int) -> Event | None:
        """What became of a future; None if it was cancelled here."""
        future = self._futures.pop(number, None)
        if future is None:
            return None
        if future.status == "finished":
            return Answered(number, future.result())
        said = future.exception() if future.status == "error" else f"the scheduler lost it ({future.status})"
        return Lost(number, str(said), final=True)

    def _busy_with(self, keys: set[Any]) -> list[str]:
        """Addresses of the workers that have some of these tasks, and that somebody starts again."""
        workers, tasks = self._client.scheduler_info()["workers"], self._client.processing()
        return [address for address, worker in workers.items() if worker.get("nanny") and keys & set(tasks[address])]


def _connected(address: str) -> Client:
    from distributed import Client  # noqa: PLC0415  # an extra: the floor loads without it

    try:
        return Client(address, set_as_default=False)  # type: ignore[no-untyped-call]  # it has no annotations
    except OSError as error:
        raise ServiceUnreachableError(
            f"{address}: expected a Dask scheduler there, got no connection ({error}); start it or correct the address"
        ) from error
