"""Values of an image at very many points: a request for each group of them, asked for until it comes.

Groups that came are kept in a folder, so that a run after a kill asks only for the others. What does not belong here:
which points there are (`load_points`), and where the table goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.points.groups import Group, Groups, group_points
from eo_pipeline.core.points.places import Points, pixels_of
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.earth_engine.interactive.client import InteractiveClient, Request
from eo_pipeline.earth_engine.point_requests import PointImage
from eo_pipeline.errors import SamplesError
from eo_pipeline.steps.asking.ask_all import Progress
from eo_pipeline.steps.asking.kept_batches import Handling, KeptBatches

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
    found = _Found.of(order)
    handling = Handling(lambda group: _PointsAsk(order.image, group), _plain, _numbers, found.take, found.lose)
    run = KeptBatches(client, folder, handling, patience, progress)
    run.all_of(found.groups)
    failed = np.zeros(len(order.points), np.bool_)
    failed[[place for places in found.lost.values() for place in places]] = True
    if run.stopped or failed.sum() > order.tolerance * len(failed):
        raise SamplesError(_told(found, failed, url=client.session.url), passes=run.passing > 0)
    ids = order.points.ids
    problems = {str(ids[place]): problem for problem, places in found.lost.items() for place in places}
    return SampledPoints(found.stored, failed, problems, run.requests, run.reused)


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
class _Found:
    """What came of the points of one order.

    Attributes:
        order: of points.
        groups: of them.
        stored: numbers (band, point), NaN where none came.
        lost: places of points that failed, by the reason.
    """

    order: PointOrder
    groups: Groups
    stored: NDArray[np.float64]
    lost: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, order: PointOrder) -> "_Found":
        """Nothing yet."""
        image = order.image
        pixels = pixels_of(order.points, image.geobox)
        pixel_bytes = sum(np.dtype(band.dtype).itemsize for band in image.bands)
        groups = group_points(
            pixels.rows, pixels.columns, cell=order.cell, origin=order.origin, pixel_bytes=pixel_bytes
        )
        return cls(order, groups, np.full((len(image.bands), len(order.points)), np.nan))

    def take(self, group: Group, numbers: NDArray[np.float64]) -> None:
        """Of one group."""
        self.stored[:, self._places(group)] = numbers

    def lose(self, group: Group, problem: str) -> None:
        """All points of one group."""
        self.lost.setdefault(problem, []).extend(self._places(group).tolist())

    def _places(self, group: Group) -> NDArray[np.int64]:
        """Positions of a group's points among the order's."""
        return self.groups.order[group.start : group.start + len(group)]


def _plain(numbers: NDArray[np.float64]) -> list[list[float | None]]:
    return [[None if value != value else value for value in band] for band in numbers.tolist()]  # noqa: PLR0124 - only NaN differs from itself


def _numbers(plain: Iterable[Iterable[Any]]) -> NDArray[np.float64]:
    return np.array([[np.nan if value is None else value for value in band] for band in plain], np.float64)


def _told(found: _Found, failed: NDArray[np.bool_], *, url: str) -> str:
    """How many failed, which and why, the most frequent reason first."""
    total, number = len(failed), int(failed.sum())
    by_size = sorted(found.lost.items(), key=lambda one: (-len(one[1]), one[0]))
    return "\n".join(
        [
            f"expected {total} points from {url}, got {number} that could not be asked for "
            f"({number / total:.2%}, tolerated are {found.order.tolerance:.2%}):",
            *(_line(found.order.points.ids[places], problem) for problem, places in by_size),
            "the others are kept; run the partition again to ask for these, or set points.tolerance",
        ]
    )


def _line(ids: NDArray[np.object_], problem: str) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"  {len(ids)} ({', '.join(ids[:_NAMED])}{more}): {problem}"
