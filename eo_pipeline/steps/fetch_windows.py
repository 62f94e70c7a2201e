"""Ask for many windows at once, patiently: fewer at a time when there are too many, again later, or in halves.

Nothing is known here of images and files. What does not belong here: what a window is asked with, and where it goes.
"""

import heapq
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.requests.pace import Pace
from eo_pipeline.core.requests.pixel_requests import halves
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError
from eo_pipeline.errors import EoPipelineError, ServiceUnreachableError

Fetch = Callable[[Rectangle], NDArray[Any]]
"""Pixels (band, y, x) of a rectangle; called in several threads."""

_TOO_MUCH = frozenset({FailureClass.MEMORY, FailureClass.TIME_OUT, FailureClass.TOO_LARGE})
_PASSING = frozenset({FailureClass.RATE_LIMITED, FailureClass.TRANSIENT, FailureClass.UNREACHABLE})


@dataclass(frozen=True)
class Patience:
    """How much is asked at once, and for how long.

    Attributes:
        at_once: requests under way at most. A project may have 40; the client keeps 10 connections open.
        attempts: of one window that meets passing errors, "too many" not counted.
        seconds: without any answer after which everything is given up.
        first_wait: seconds before a window is asked for again, on average; doubled every time.
        longest_wait: seconds.
    """

    at_once: int = 10
    attempts: int = 8
    seconds: float = 600.0
    first_wait: float = 1.0
    longest_wait: float = 60.0


@dataclass(frozen=True)
class Fetched:
    """What became of one window: its pixels (band, y, x), or None and why not."""

    window: Rectangle
    pixels: NDArray[Any] | None
    problem: str = ""


@dataclass(frozen=True, order=True)
class _Piece:
    """A rectangle to ask for."""

    due: float
    window: int
    rectangle: Rectangle
    tries: int = 0
    faults: int = 0


@dataclass
class _Open:
    """A window of which pieces have come."""

    pixels: NDArray[Any]
    missing: int


@dataclass
class WindowFetch:
    """One run over some windows.

    Attributes:
        windows: disjoint.
        fetch: asks once.
        patience: bounds of the run.
        random: spreads requests that are sent again.
        requests: sent so far.
        unasked: windows that were not asked for, since an error would have met all of them.
    """

    windows: Sequence[Rectangle]
    fetch: Fetch
    patience: Patience = field(default_factory=Patience)
    random: Random = field(default_factory=Random)
    requests: int = 0
    unasked: int = 0

    def __post_init__(self) -> None:
        self._waiting = [_Piece(0.0, number, window) for number, window in enumerate(self.windows)]
        self._running: dict[Future[NDArray[Any]], tuple[_Piece, float]] = {}
        self._open: dict[int, _Open] = {}
        self._failed: set[int] = set()
        self._pace = Pace(self.patience.at_once, self.patience.at_once)

    def results(self) -> Generator[Fetched]:
        """Every window that was asked for, as soon as it is whole or given up; closing it waits for those under way."""
        self._answered = time.monotonic()
        with ThreadPoolExecutor(self.patience.at_once) as pool:
            while self._waiting or self._running:
                self._send(pool)
                for job in self._ended():
                    piece, sent = self._running.pop(job)
                    yield from self._settled(piece, sent, job)

    def _send(self, pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        while self._waiting and len(self._running) < self._pace.at_once and self._waiting[0].due <= now:
            piece = heapq.heappop(self._waiting)
            self._running[pool.submit(self.fetch, piece.rectangle)] = (piece, now)
            self.requests += 1

    def _ended(self) -> list[Future[NDArray[Any]]]:
        """Requests that have ended, after waiting until there is one or another is due."""
        pause = None
        if self._waiting and len(self._running) < self._pace.at_once:
            pause = max(0.0, self._waiting[0].due - time.monotonic())
        if not self._running:
            time.sleep(pause or 0.0)
            return []
        return list(wait(self._running, timeout=pause, return_when=FIRST_COMPLETED).done)

    def _settled(self, piece: _Piece, sent: float, job: Future[NDArray[Any]]) -> Iterator[Fetched]:
        error = job.exception()
        if error is None:
            self._pace, self._answered = self._pace.answered(), time.monotonic()
            yield from self._filled(piece, job.result())
        elif isinstance(error, EoPipelineError):
            yield from self._refused(piece, sent, error)
        else:
            raise error

    def _filled(self, piece: _Piece, pixels: NDArray[Any]) -> Iterator[Fetched]:
        window = self.windows[piece.window]
        if piece.rectangle == window:
            yield Fetched(window, pixels)
        elif piece.window not in self._failed:
            whole = self._open.setdefault(piece.window, _opened(window, pixels))
            place = piece.rectangle.shifted(rows=-window.row_start, columns=-window.column_start)
            whole.pixels[:, *place.slices] = pixels
            whole.missing -= place.pixels
            if not whole.missing:
                yield Fetched(window, self._open.pop(piece.window).pixels)

    def _refused(self, piece: _Piece, sent: float, error: EoPipelineError) -> Iterator[Fetched]:
        kind, now = cause_of(error), time.monotonic()
        if kind is FailureClass.RATE_LIMITED:
            self._pace = self._pace.refused(sent=sent, now=now)
        if kind not in _PASSING and not isinstance(error, ServiceUnreachableError):
            self._answered = now
        if now - self._answered > self.patience.seconds:
            yield from self._given_up(piece, f"{error} (no answer for {now - self._answered:.0f} s)")
            self._stop()
        elif kind in _PASSING:
            yield from self._later(piece, kind, error)
        elif kind in _TOO_MUCH:
            yield from self._halved(piece, error)
        else:
            yield from self._given_up(piece, str(error))
            self._stop()

    def _later(self, piece: _Piece, kind: FailureClass, error: EoPipelineError) -> Iterator[Fetched]:
        faults = piece.faults + (kind is not FailureClass.RATE_LIMITED)
        if faults >= self.patience.attempts:
            yield from self._given_up(piece, f"{error} ({faults} times)")
            return
        longest = min(self.patience.longest_wait, 2 * self.patience.first_wait * 2**piece.tries)
        due = time.monotonic() + self.random.uniform(0, longest)
        self._push(replace(piece, due=due, tries=piece.tries + 1, faults=faults))

    def _halved(self, piece: _Piece, error: EoPipelineError) -> Iterator[Fetched]:
        parts = halves(piece.rectangle)
        for part in parts:
            self._push(_Piece(0.0, piece.window, part))
        if not parts:
            yield from self._given_up(piece, f"{error} (even of {piece.rectangle.width} x {piece.rectangle.height} px)")

    def _push(self, piece: _Piece) -> None:
        if piece.window not in self._failed:
            heapq.heappush(self._waiting, piece)

    def _given_up(self, piece: _Piece, problem: str) -> Iterator[Fetched]:
        """The window is lost with its other pieces, and told once."""
        if piece.window not in self._failed:
            self._failed.add(piece.window)
            self._open.pop(piece.window, None)
            self._waiting = [other for other in self._waiting if other.window != piece.window]
            heapq.heapify(self._waiting)
            yield Fetched(self.windows[piece.window], None, problem)

    def _stop(self) -> None:
        """Ask for nothing more."""
        self.unasked += len({piece.window for piece in self._waiting})
        self._failed.update(piece.window for piece in self._waiting)
        self._waiting.clear()


def cause_of(error: EoPipelineError) -> FailureClass:
    """Why a request failed, read from what the service or the client said, without our advice."""
    if isinstance(error, BrokenReplyError):
        return FailureClass.TRANSIENT
    if isinstance(error, ServiceUnreachableError):
        return FailureClass.TIME_OUT if isinstance(error.__cause__, TimeoutError) else FailureClass.UNREACHABLE
    return classify(str(error.__cause__ or error)).kind


def _opened(window: Rectangle, pixels: NDArray[Any]) -> _Open:
    return _Open(np.empty((len(pixels), window.height, window.width), pixels.dtype), window.pixels)
