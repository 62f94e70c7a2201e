"""Local disk, added up by hand: 100 exports of 10 bytes."""

import pytest

from eo_pipeline.core.estimates.disk import Keeping, local_disk
from eo_pipeline.core.estimates.intervals import Interval


@pytest.mark.parametrize(
    ("keeping", "parts"),
    [
        (Keeping(tiles_of=None, mosaics=True, cube=True), 1000 + 1000 * 4 / 3 + 1000),
        (Keeping(tiles_of=None, mosaics=True, cube=False), 1000 + 1000 * 4 / 3),
        (Keeping(tiles_of=20, mosaics=True, cube=False), 200 + 1000 * 4 / 3),
        (Keeping(tiles_of=1, mosaics=False, cube=False), 10 + 10 * 4 / 3),
        (Keeping(tiles_of=None, mosaics=False, cube=False, made=False), 1000),
        (Keeping(tiles_of=500, mosaics=True, cube=False), 1000 + 1000 * 4 / 3),
    ],
)
def test_what_is_on_the_disk_at_the_fullest_moment(keeping: Keeping, parts: float) -> None:
    found = local_disk(Interval(500, 1000, 3000), exports=100, keeping=keeping)
    assert found.middle == pytest.approx(1.1 * parts)
    assert (found.low, found.high) == pytest.approx((0.5 * found.middle, 3 * found.middle))


def test_no_export_needs_no_disk() -> None:
    assert local_disk(Interval.exactly(0), exports=0, keeping=Keeping(1, mosaics=False, cube=True)).high == 0
