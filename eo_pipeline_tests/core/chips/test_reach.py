"""Every chip whose place lies in an area lies in the area's reach: compared with chips that pyproj places itself."""

import math

import numpy as np
import pytest
from pyproj import Transformer

from eo_pipeline.core.chips.reach import reach
from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.product import Chips

METRES = Lattice("EPSG:32633", 10, 0, 0)
DEGREES = Lattice("EPSG:4326", 0.01, 0, 0)


@pytest.mark.parametrize("size", [1, 255, 256])
def test_chips_of_the_product_reach_half_a_chip_beyond(size: int) -> None:
    area = METRES.geobox(left=0, bottom=0, right=100, top=50)
    left, bottom, right, top = METRES.window(reach(area, METRES, Chips(count=1, size=size)))
    assert 0 - left >= size // 2
    assert 0 - bottom >= math.ceil(size / 2)
    assert right - 100 >= math.ceil(size / 2)
    assert top - 50 >= size // 2
    assert right - left <= 100 + size + 3


@pytest.mark.parametrize(("left", "bottom"), [(1000, 0), (1200, 6800), (17_950, 1700), (-100, -4000)])
def test_chips_of_utm_reach_their_half_diagonal_beyond(left: int, bottom: int) -> None:
    area = DEGREES.geobox(left=left, bottom=bottom, right=left + 100, top=bottom + 80)
    chips = Chips(count=1, size=500, crs="utm", resolution=20)
    found = reach(area, DEGREES, chips).boundingbox
    inner = area.boundingbox
    for x in np.linspace(inner.left, inner.right, 7):
        for y in np.linspace(inner.bottom, inner.top, 7):
            zone = int((x + 180) % 360 // 6) + 1
            utm = f"EPSG:{(32600 if y >= 0 else 32700) + zone}"
            to_utm = Transformer.from_crs("EPSG:4326", utm, always_xy=True)
            east, north = to_utm.transform(x, y)
            for dx, dy in [(-5010, -5010), (-5010, 5010), (5010, -5010), (5010, 5010)]:
                corner_x, corner_y = to_utm.transform(east + dx, north + dy, direction="INVERSE")
                corner_x = x + (corner_x - x + 180) % 360 - 180
                assert found.left <= corner_x <= found.right
                assert found.bottom <= corner_y <= found.top
    assert found.top - found.bottom < 0.8 + 0.2
