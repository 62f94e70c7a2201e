"""An event loop in a thread beside a plain iterator. What does not belong here: what is done on it."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any


def in_background[T](work: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]) -> Generator[T]:
    """Run work on an event loop of its own and yield what it emits, as it comes; then raise what it raised.

    If the iterator is closed early, the work is cancelled.

    Args:
        work: called with `emit`.
    """
    arrived: SimpleQueue[tuple[T] | None] = SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(work(lambda value: arrived.put((value,))))

    def run() -> None:
        try:
            loop.run_until_complete(task)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            arrived.put(None)

    try:
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(run)
            try:
                while (value := arrived.get()) is not None:
                    yield value[0]
            finally:
                loop.call_soon_threadsafe(task.cancel)
        job.result()
    finally:
        loop.close()


async def together(work: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    """Run the same work several times at once; the first error cancels the others and is raised when they ended."""
    tasks = [asyncio.create_task(work()) for _ in range(count)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
