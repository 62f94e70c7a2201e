"""Values of an image at very many points: a request for each group of them, asked for until it comes.

Groups that came are kept in a folder, so that a run after a kill asks only for the others. What does not belong here:
which points there are (`load_points`), and where the table goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.points.groups import Group, group_points
from eo_pipeline.core.points.places import Points, pixels_of
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.interactive.client import InteractiveClient, Request
from eo_pipeline.earth_engine.point_requests import PointImage
from eo_pipeline.errors import SamplesError
from eo_pipeline.steps.asking.ask_all import Progress, Report, ask_all
from eo_pipeline.storage.kept_answers import keep, kept

_NAMED = 10
"""Points that are named of those that failed for one reason."""


@dataclass(frozen=True)
class PointOrder:
    """What is asked for.

    Attributes:
        image: what the points are read from.
        points: of one area and all inside its GeoBox, in the image's CRS.
        cell: pixels a side of the cells that points are grouped by.
        origin: (row, column) of the area's first pixel, counted southwards and eastwards from a corner of some cell.
        tolerance: share of the points that may fail.
    """

    image: PointImage
    points: Points
    cell: int
    origin: tuple[int, int]
    tolerance: float


@dataclass(frozen=True)
class SampledPoints:
    """What came; arrays in the order of the points.

    Attributes:
        stored: numbers (band, n) as the bands hold them, NaN where a band of floats has none.
        failed: (n,) True for points that could not be asked for.
        problems: why, by the points' ids.
        requests: sent now, those that were refused included.
        reused: groups that an earlier run's answers spared.
    """

    stored: NDArray[np.float64]
    failed: NDArray[np.bool_]
    problems: Mapping[str, str]
    requests: int
    reused: int


def sample_points(
    client: InteractiveClient,
    order: PointOrder,
    *,
    folder: Path,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> SampledPoints:
    """Read an image at every point.

    Memory: a few numbers a point and band, and the groups that are under way.

    Args:
        client: for interactive requests.
        order: what.
        folder: local, there already; gets a file a group. Only what the same order left may be in it.
        patience: with requests that fail.
        progress: told while groups come.

    Raises:
        SamplesError: more points failed than `points.tolerance` allows, or some were not asked for: how many, which
            and why; the others are kept.
        DiskFullError: no room in the folder.
    """
    run = _Run(client, order, folder, patience, progress)
    run.all_groups()
    failed = np.zeros(len(order.points), np.bool_)
    failed[[place for places in run.lost.values() for place in places]] = True
    _check(run, failed)
    ids = order.points.ids
    problems = {str(ids[place]): problem for problem, places in run.lost.items() for place in places}
    return SampledPoints(run.stored, failed, problems, run.requests, run.reused)


@dataclass(frozen=True, slots=True)
class _PointsAsk:
    """One group, or a part of one."""

    image: PointImage
    group: Group

    def request(self) -> Request:
        return self.image.request(self.group)

    def read(self, reply: bytes) -> NDArray[np.float64]:
        return self.image.read(self.group, reply)

    def halves(self) -> "Sequence[_PointsAsk]":
        return tuple(_PointsAsk(self.image, half) for half in self.group.halves())

    def join(self, parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.concatenate(parts, axis=1)


@dataclass
class _Run:
    """One call."""

    client: InteractiveClient
    order: PointOrder
    folder: Path
    patience: Patience | None
    progress: Progress | None
    lost: dict[str, list[int]] = field(default_factory=dict)
    """Places of points that failed, by the reason."""
    requests: int = 0
    reused: int = 0
    stopped: str = ""
    passing: int = 0

    def __post_init__(self) -> None:
        order, image = self.order, self.order.image
        pixels = pixels_of(order.points, image.geobox)
        pixel_bytes = sum(np.dtype(band.dtype).itemsize for band in image.bands)
        self.groups = group_points(
            pixels.rows, pixels.columns, cell=order.cell, origin=order.origin, pixel_bytes=pixel_bytes
        )
        self.stored = np.full((len(image.bands), len(order.points)), np.nan)

    def all_groups(self) -> None:
        """Ask for groups; what fails for another reason than its size is asked for in halves until it is isolated."""
        missing = [group for group in self.groups if not self._is_kept(group)]
        while missing and not self.stopped:
            missing = self._asked(missing)
        for group in missing:
            self._lose(group, self.stopped)

    def _asked(self, missing: Sequence[Group]) -> list[Group]:
        """Ask once for each; gives the halves of those that failed, or what was not asked for."""
        report, again, open_groups = Report(), list[Group](), dict.fromkeys(missing)
        asks = ((group, _PointsAsk(self.order.image, group)) for group in missing)
        answers = ask_all(
            self.client, asks, patience=self.patience, total=len(missing), progress=self.progress, report=report
        )
        with closing(answers) as found:
            for answer in found:
                del open_groups[answer.key]
                if answer.value is not None:
                    keep(self.folder, answer.key.key, _plain(answer.value))
                    self._take(answer.key, answer.value)
                elif (halves := answer.key.halves()) and not report.stopped:
                    again += [half for half in halves if not self._is_kept(half)]
                else:
                    self._lose(answer.key, answer.problem)
        self.requests += report.sent
        self.stopped = report.stopped
        self.passing = report.passing
        return [*again, *open_groups]

    def _is_kept(self, group: Group) -> bool:
        answer = kept(self.folder, group.key)
        if answer is None:
            return False
        self._take(group, _numbers(answer))
        self.reused += 1
        return True

    def _take(self, group: Group, numbers: NDArray[np.float64]) -> None:
        self.stored[:, self._places(group)] = numbers

    def _lose(self, group: Group, problem: str) -> None:
        self.lost.setdefault(problem, []).extend(self._places(group).tolist())

    def _places(self, group: Group) -> NDArray[np.int64]:
        """Positions of a group's points among the order's."""
        return self.groups.order[group.start : group.start + len(group)]


def _plain(numbers: NDArray[np.float64]) -> list[list[float | None]]:
    return [[None if value != value else value for value in band] for band in numbers.tolist()]  # noqa: PLR0124 - only NaN differs from itself


def _numbers(plain: Iterable[Iterable[Any]]) -> NDArray[np.float64]:
    return np.array([[np.nan if value is None else value for value in band] for band in plain], np.float64)


def _check(run: _Run, failed: NDArray[np.bool_]) -> None:
    """Refuse more failures than the product tolerates."""
    total, number = len(failed), int(failed.sum())
    if not run.stopped and number <= run.order.tolerance * total:
        return
    by_size = sorted(run.lost.items(), key=lambda one: (-len(one[1]), one[0]))
    raise SamplesError(
        "\n".join(
            [
                f"expected {total} points from {run.client.session.url}, got {number} that could not be asked for "
                f"({number / total:.2%}, tolerated are {run.order.tolerance:.2%}):",
                *(_line(run.order.points.ids[places], problem) for problem, places in by_size),
                "the others are kept; run the partition again to ask for these, or set points.tolerance",
            ]
        ),
        passes=run.passing > 0,
    )


def _line(ids: NDArray[np.object_], problem: str) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"  {len(ids)} ({', '.join(ids[:_NAMED])}{more}): {problem}"
