"""Where areas lie in a cube, against pixel offsets worked out by hand."""

from datetime import UTC, datetime

import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_region import region_of, shards_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError

CRS = "EPSG:32633"
TEMPLATE = CubeTemplate(
    "p",
    GeoBox((100, 120), Affine(10, 0, 500_000, 0, -10, 5_000_000), CRS),
    (BandEncoding("red", "uint16"),),
    CalendarRule("day"),
    datetime(2023, 1, 1, tzinfo=UTC),
    chunk=16,
    shard=32,
)


def area(height: int, width: int, x: float, y: float, *, resolution: float = 10, crs: str = CRS) -> GeoBox:
    return GeoBox((height, width), Affine(resolution, 0, x, 0, -resolution, y), crs)


def test_area_of_whole_shards_is_found_by_its_origin() -> None:
    region = region_of(TEMPLATE, area(32, 64, 500_320, 4_999_360))
    assert region == Rectangle(64, 32, 96, 96)
    assert shards_of(TEMPLATE, region) == Rectangle(2, 1, 3, 3)


def test_area_may_end_with_the_cube() -> None:
    region = region_of(TEMPLATE, area(36, 24, 500_960, 4_999_360))
    assert region == Rectangle(64, 96, 100, 120)
    assert shards_of(TEMPLATE, region) == Rectangle(2, 3, 4, 4)


def test_rounding_of_coordinates_is_forgiven() -> None:
    assert region_of(TEMPLATE, area(32, 32, 500_320.000_001, 5_000_000)) == Rectangle(0, 32, 32, 64)


def test_other_crs_is_refused() -> None:
    with pytest.raises(CubeError, match=r"on the cube's grid.*CRS differs"):
        region_of(TEMPLATE, area(32, 32, 500_000, 5_000_000, crs="EPSG:32634"))


def test_other_resolution_is_refused() -> None:
    with pytest.raises(CubeError, match=r"on the cube's grid.*resolution"):
        region_of(TEMPLATE, area(32, 32, 500_000, 5_000_000, resolution=20))


def test_half_pixel_shift_is_refused_with_the_offset() -> None:
    with pytest.raises(CubeError, match=r"32\.5 columns and 0 rows"):
        region_of(TEMPLATE, area(32, 32, 500_325, 5_000_000))


def test_area_outside_is_refused_with_the_numbers() -> None:
    with pytest.raises(CubeError, match="inside the cube of 100 x 120 pixels, got rows -32 to 0 and columns 0 to 32"):
        region_of(TEMPLATE, area(32, 32, 500_000, 5_000_320))


@pytest.mark.parametrize("geobox", [area(32, 32, 500_160, 5_000_000), area(40, 32, 500_000, 5_000_000)])
def test_area_that_cuts_shards_is_refused(geobox: GeoBox) -> None:
    with pytest.raises(CubeError, match=r"whole shards of 32 x 32 pixels, got rows .* a multiple of the cube's shard"):
        region_of(TEMPLATE, geobox)
