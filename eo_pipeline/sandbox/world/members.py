"""What every collection of the world can do, and those of regular images of the globe. Not here: what they show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.fields import milliseconds
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.world.seasons import EPOCH

GLOBE = shapely.box(-180, -90, 180, 90)


class Member(Protocol):
    """A collection."""

    @property
    def id(self) -> str: ...  # noqa: D102 - its Earth Engine id
    @property
    def endless(self) -> bool: ...  # noqa: D102 - True unless it has a last image

    def images(self, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See Catalog.images."""
        ...

    def newest(self, start_ms: int | None, end_ms: int, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        ...

    def image(self, index: str) -> ImageRecord | None:
        """The record of a system:index, or None."""
        ...

    def area(self, values: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area."""
        ...


@dataclass(frozen=True)
class Rhythm:
    """When the images of a series begin.

    Attributes:
        floor: the last beginning at or before a time.
        after: the next beginning after a beginning.
        name: strftime format of system:index.
    """

    floor: Callable[[dt.datetime], dt.datetime]
    after: Callable[[dt.datetime], dt.datetime]
    name: str


def _midnight(time: dt.datetime) -> dt.datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(month: dt.datetime) -> dt.datetime:
    return (month + dt.timedelta(days=31)).replace(day=1)


def daily(name: str) -> Rhythm:
    """An image a day."""
    return Rhythm(_midnight, lambda day: day + dt.timedelta(days=1), name)


def monthly(name: str) -> Rhythm:
    """An image a calendar month."""
    return Rhythm(lambda time: _midnight(time).replace(day=1), _next_month, name)


def every_days(days: int, name: str) -> Rhythm:
    """An image every so many days, beginning anew each 1 January."""

    def floor(time: dt.datetime) -> dt.datetime:
        spans = (time.timetuple().tm_yday - 1) // days
        return _midnight(time).replace(month=1, day=1) + dt.timedelta(days=days * spans)

    def after(time: dt.datetime) -> dt.datetime:
        following = time + dt.timedelta(days=days)
        return following if following.year == time.year else following.replace(month=1, day=1)

    return Rhythm(floor, after, name)


@dataclass(frozen=True)
class Fixed:
    """A collection of few images, all of one time.

    Attributes:
        id: Earth Engine id of the collection.
        start_ms: system:time_start of all of them.
        near: indices of the images that may meet a region (None: the world), in order.
        make: the image of an index, or None.
    """

    id: str
    start_ms: int
    near: Callable[[BaseGeometry | None], Iterator[str]]
    make: Callable[[str], ImageRecord | None]

    @property
    def endless(self) -> bool:
        """False."""
        return False

    def images(self, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See Catalog.images."""
        if (start_ms is None or start_ms <= self.start_ms) and (end_ms is None or self.start_ms < end_ms):
            records = (self.make(index) for index in self.near(region))
            yield from (one for one in records if one and (region is None or region.intersects(one.footprint)))

    def newest(self, start_ms: int | None, end_ms: int, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        return reversed(list(self.images(start_ms, end_ms, region)))

    def image(self, index: str) -> ImageRecord | None:
        """The record of a system:index, or None."""
        return self.make(index)

    def area(self, values: Mapping[str, object]) -> None:
        """See Catalog.area: nothing is told by values."""


@dataclass(frozen=True)
class Series:
    """Regular images of the whole globe.

    Attributes:
        id: Earth Engine id of the collection.
        rhythm: when its images begin.
        first: beginning of the first one.
        length: end (system:time_end) of the image of a beginning.
        bands: bands of the image of a beginning.
        properties: further properties of the image of a beginning.
        last_year: no image begins later.
    """

    id: str
    rhythm: Rhythm
    first: dt.datetime
    length: Callable[[dt.datetime], dt.datetime]
    bands: Callable[[dt.datetime], Mapping[str, BandSource]]
    properties: Callable[[dt.datetime], Mapping[str, object]] = lambda _: {}
    last_year: int = 9998

    @property
    def endless(self) -> bool:
        """True."""
        return True

    def images(self, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See Catalog.images."""
        begin = self.first
        if start_ms is not None and start_ms > milliseconds(begin):
            start = EPOCH + dt.timedelta(milliseconds=start_ms)
            begin = self.rhythm.floor(start)
            begin = begin if begin >= start else self.rhythm.after(begin)
        if region is not None and region.is_empty:
            return
        while begin.year <= self.last_year and (end_ms is None or milliseconds(begin) < end_ms):
            yield self._record(begin)
            begin = self.rhythm.after(begin)

    def newest(self, start_ms: int | None, end_ms: int, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        end = EPOCH + dt.timedelta(milliseconds=end_ms)
        while (region is None or not region.is_empty) and end > self.first:
            begin = self.rhythm.floor(end - dt.timedelta(milliseconds=1))
            if begin < self.first or (start_ms is not None and milliseconds(begin) < start_ms):
                return
            if begin.year <= self.last_year:
                yield self._record(begin)
            end = begin

    def image(self, index: str) -> ImageRecord | None:
        """The record of a system:index, or None."""
        try:
            begin = dt.datetime.strptime(index, self.rhythm.name).replace(tzinfo=dt.UTC)
        except ValueError:
            return None
        known = begin == self.rhythm.floor(begin) and self.first <= begin and begin.year <= self.last_year
        return self._record(begin) if known and f"{begin:{self.rhythm.name}}" == index else None

    def area(self, values: Mapping[str, object]) -> None:
        """See Catalog.area: every image is everywhere."""

    def _record(self, begin: dt.datetime) -> ImageRecord:
        start, end = milliseconds(begin), milliseconds(self.length(begin))
        index = f"{begin:{self.rhythm.name}}"
        properties = {
            "system:index": index,
            "system:time_start": start,
            "system:time_end": end,
            **self.properties(begin),
            "system:version": start * 1000,
        }
        return ImageRecord(f"{self.id}/{index}", properties, GLOBE, start * 1000, self.bands(begin))
