"""Parts of cubes that hold pixels of files; expected of every single pixel's centre, by pyproj alone."""

from functools import cache

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.mosaics.lattice import part_of
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.ground import Ground
from eo_pipeline.core.scenes.places import Place, either_way

SINUSOIDAL = "+proj=sinu +R=6371007.181 +units=m"
SHARD = 64
CASES = 40
"""Of each pair: random shards along the file's edge."""


@cache
def moving(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def centres_inside(file: GeoBox, cube: GeoBox, part: Rectangle, *, by: float = 0.0) -> bool:
    """Whether the file holds the centre of a pixel of a part, or of one of so many beyond it."""
    far = int(by)
    wide = Rectangle(part.row_start - far, part.column_start - far, part.row_stop + far, part.column_stop + far)
    grid = part_of(cube, wide)
    columns, rows = np.meshgrid(np.arange(wide.width) + 0.5, np.arange(wide.height) + 0.5)
    x, y = _places(grid, columns, rows)
    lon, lat = moving(str(cube.crs), str(file.crs)).transform(x, y)
    across, down = _places_of(~file.affine, lon, lat)
    height, width = file.shape
    return bool(((across >= 0) & (across <= width) & (down >= 0) & (down <= height)).any())


def _places(grid: GeoBox, columns: NDArray[np.float64], rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    return _places_of(grid.affine, columns, rows)


def _places_of(
    affine: Affine, columns: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    a, b, c, d, e, f = tuple(affine)[:6]
    return a * columns + b * rows + c, d * columns + e * rows + f


def grid(crs: str, side: int, step: float, *, left: float, top: float) -> GeoBox:
    return GeoBox((side, side), Affine(step, 0, left, 0, -step, top), crs)


SENTINEL = grid("EPSG:32633", 5490, 20, left=600_000, top=5_300_040)
"""A tile of 110 km at the edge of its zone."""
FAR_NORTH = grid("EPSG:32633", 1830, 60, left=399_960, top=9_000_000)
LANDSAT = grid("EPSG:32634", 6000, 30, left=199_995, top=8_800_005)
MODIS = grid(SINUSOIDAL, 1200, 926.625433, left=1_111_950.5, top=6_671_703.1)
DEGREES = grid("EPSG:4326", 40, 0.25, left=14, top=48)
PAIRS = {
    "the same zone": (SENTINEL, ("EPSG:32633", 10)),
    "the next zone": (SENTINEL, ("EPSG:32634", 10)),
    "Europe": (SENTINEL, ("EPSG:3035", 100)),
    "degrees": (SENTINEL, ("EPSG:4326", 0.0002)),
    "degrees in the far north": (FAR_NORTH, ("EPSG:4326", 0.001)),
    "the pole's": (FAR_NORTH, ("EPSG:3413", 60)),
    "Landsat's next zone": (LANDSAT, ("EPSG:32633", 30)),
    "a MODIS tile": (MODIS, ("EPSG:32633", 250)),
    "degrees onto metres": (DEGREES, ("EPSG:32633", 250)),
}


def shards_along(file: GeoBox, cube: GeoBox, random: np.random.Generator) -> list[Rectangle]:
    """Shards whose corner or side lies within a shard of the file's edge, at its corners as well."""
    height, width = file.shape
    found = []
    for number in range(CASES):
        along = float(random.integers(2)) if number % 5 == 0 else random.random()
        column, row = [(along, 0.0), (along, 1.0), (0.0, along), (1.0, along)][number % 4]
        x, y = file.affine @ (column * width, row * height)
        there = moving(str(file.crs), str(cube.crs)).transform(x, y)
        at = ~cube.affine @ there
        left, top = (round(one + random.uniform(-1.3, 0.3) * SHARD) for one in at)
        found.append(Rectangle(top, left, top + SHARD, left + SHARD))
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_no_part_that_shares_a_pixel_is_left_out_and_none_is_added(name: str) -> None:
    file, (crs, step) = PAIRS[name]
    middle = file.affine @ (file.shape[1] / 2, file.shape[0] / 2)
    x, y = moving(str(file.crs), crs).transform(*middle)
    cube = grid(crs, 60_000, step, left=round(x / step - 30_000) * step, top=round(y / step + 30_000) * step)
    ground, held = Ground(cube), []
    for part in shards_along(file, cube, np.random.default_rng(len(name))):
        met = ground.holds(file, part)
        assert met or not centres_inside(file, cube, part)
        assert not met or centres_inside(file, cube, part, by=1)
        near = ground.holds(file, part, reach=10)
        assert near or not centres_inside(file, cube, part, by=10)
        assert not near or centres_inside(file, cube, part, by=12)
        held.append(met)
    assert CASES / 8 < sum(held) < CASES


@pytest.mark.parametrize("name", PAIRS)
def test_an_outline_of_four_corners_meets_every_part_that_shares_a_pixel(name: str) -> None:
    """As archives tell it: corners in degrees."""
    file, (crs, step) = PAIRS[name]
    height, width = file.shape
    corners = [file.affine @ at for at in ((0, 0), (width, 0), (width, height), (0, height))]
    to_degrees = moving(str(file.crs), "EPSG:4326")
    outline = shapely.Polygon([to_degrees.transform(x, y) for x, y in corners])
    drawn = either_way(outline, CRS(str(file.crs)))
    x, y = moving(str(file.crs), crs).transform(*(file.affine @ (width / 2, height / 2)))
    cube = grid(crs, 60_000, step, left=round(x / step - 30_000) * step, top=round(y / step + 30_000) * step)
    parts = shards_along(file, cube, np.random.default_rng(len(name)))
    shared = [part for part in parts if centres_inside(file, cube, part)]
    assert all(Place(part_of(cube, part)).meets(drawn) for part in shared)
    assert shared


def test_tiles_beside_a_shard_share_nothing_with_it() -> None:
    cube = grid("EPSG:32633", 300, 10, left=600_000, top=5_300_000)
    part = Rectangle(100, 100, 200, 200)
    beside = grid("EPSG:32633", 50, 20, left=602_000, top=5_299_000)
    assert not Ground(cube).holds(beside, part)
    assert Ground(cube).holds(grid("EPSG:32633", 51, 20, left=601_980, top=5_299_000), part)
    assert Ground(cube).holds(beside, part, reach=1)


def test_both_sides_of_the_antimeridian_are_one_place() -> None:
    cube = grid("EPSG:4326", 400, 0.01, left=178, top=-16)
    east = grid("EPSG:32701", 1000, 60, left=220_000, top=8_150_000)  # from about -179.6
    seen = {part.column_start: Ground(cube).holds(east, part) for part in _columns(cube)}
    assert seen == {part.column_start: centres_inside(east, cube, part) for part in _columns(cube)}
    assert set(seen.values()) == {True, False}


def _columns(cube: GeoBox) -> list[Rectangle]:
    return [Rectangle(50, left, 150, left + 50) for left in range(0, cube.shape[1], 50)]
