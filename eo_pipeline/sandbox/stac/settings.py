"""What of Earth Search is adjustable or not known for certain. What does not belong here: what is documented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StacSettings:
    """Facts about the published archive, and choices of the sandbox.

    Attributes:
        offset_when_applied: `offset` that items declare although `earthsearch:boa_offset_applied` is true.
            Reported (Element84/earth-search issues 66 and 71): the declared -0.1 contradicts the pixels there.
        applied_from: first day, ISO, whose scenes of `sentinel-2-l2a` have the offset taken out of their pixels.
            Reported (cirrus-geo/cirrus-earth-search issue 21, 2022-02-27): new scenes from then on have it applied.
        mislabelled: ids of items of `sentinel-2-l2a` whose `earthsearch:boa_offset_applied` says the opposite of
            what their pixels are. Reported (issues 33, 66, 71) of some items; none by default.
        page_size: items of a page when the client names no limit. Documented (stac-server).
        count_limit: scenes among which matches are counted and sorted. Ours.
        scan_limit: scenes that are looked at for one page where there are more. Ours.
        static_tiles: MGRS tiles of the static catalogue. Ours.
        static_days: first day and the day after the last of the static catalogue, ISO. Ours.
    """

    offset_when_applied: float = -0.1
    applied_from: str = "2022-02-27"
    mislabelled: frozenset[str] = frozenset()
    page_size: int = 10
    count_limit: int = 5_000
    scan_limit: int = 20_000
    static_tiles: tuple[str, ...] = ("33UWP",)
    static_days: tuple[str, str] = ("2022-01-20", "2022-03-10")
