"""What of Earth Search is adjustable or not known for certain. What does not belong here: what is documented."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class StacSettings:
    """Facts about the published archive, and choices of the sandbox; the sandbox's settings say where they come from.

    Attributes:
        declares_applied_offset: whether items of `sentinel-2-l2a` whose pixels have the offset taken out declare
            `offset` -0.1 all the same.
        applied_from: first sensing day, ISO, whose scenes of `sentinel-2-l2a` have the offset taken out.
        mislabelled: ids of items of `sentinel-2-l2a` whose `earthsearch:boa_offset_applied` says the opposite of
            what their pixels are.
        page_size: items of a page when the client names no limit.
        count_limit: scenes among which matches are counted and sorted.
        count_seconds: seconds of work for counting; longer searches are not counted.
        scan_limit: scenes that are looked at for one page where there are more.
        scan_seconds: seconds of work for finding such a page, or for finding what is to be sorted.
        static_bbox: place of the static catalogue's scenes of endless collections: west, south, east, north, degrees.
        static_datetime: their times, as searches say it, for example 2022-01-10T00:00:00Z/2022-03-10T00:00:00Z.
    """

    declares_applied_offset: bool = True
    applied_from: str = "2022-02-27"
    mislabelled: frozenset[str] = frozenset()
    page_size: int = 10
    count_limit: int = 2_000
    count_seconds: float = 1.0
    scan_limit: int = 20_000
    scan_seconds: float = 5.0
    static_bbox: str = "16.3,48.1,16.5,48.3"
    static_datetime: str = "2022-01-10T00:00:00Z/2022-03-10T00:00:00Z"


CurrentSettings = Callable[[], StacSettings]
"""Gives the settings in force."""
