"""Work on many things in a few threads, until one fails. What does not belong here: what the work is."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event, Lock


def in_threads[Item](work: Callable[[Item], object], items: Iterable[Item], *, threads: int, name: str = "") -> None:
    """Call `work` on every item, `threads` at once, in about their order.

    Each thread takes the next item when it is done with one, so that no more than `threads` are under way or held.
    The first error stops the rest, after the items under way, and is raised as it is. Threads are called by `name`, if
    it is given, and a number.
    """
    waiting, lock, stopped = iter(items), Lock(), Event()

    def keep_working() -> None:
        try:
            while not stopped.is_set():
                with lock:
                    item = next(waiting, stopped)
                if isinstance(item, Event):
                    return
                work(item)
        finally:
            stopped.set()

    with ThreadPoolExecutor(threads, name) as pool:
        try:
            for done in as_completed([pool.submit(keep_working) for _ in range(threads)]):
                done.result()
        finally:
            stopped.set()
