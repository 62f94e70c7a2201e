"""Zones over a raster of many blocks, against rasterstats: overlapping, huge, tiny, outside, of parts, with holes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from rasterstats import zonal_stats
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.entries import Entry, Results, numbers
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones import ground
from eo_pipeline.steps.zones.measure_zones import results_of_zones
from eo_pipeline_tests.raster_files import grid, write_raster

SIZE = 600
EXACT = ("count", "min", "max", "range", "median", "majority", "minority", "unique", "percentile_12.5", "nodata")
ROUNDED = ("mean", "sum", "std")
"""rasterstats adds up in the raster's own type; it is given float64 to see more digits."""


def polygons() -> Iterator[BaseGeometry]:
    """Shapes in columns and rows: 250 that overlap, cross blocks and lie partly outside, and special ones."""
    random = np.random.default_rng(11)
    for number in range(250):
        angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 30)))
        radius = 10 ** random.uniform(-1, 2.2)
        star = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius * random.uniform(0.5, 1, (angles.size, 1))
        shape = shapely.make_valid(shapely.Polygon(random.uniform(0, SIZE, 2) + star)).buffer(0)
        if not shape.is_empty:
            yield shape if number % 3 else shapely.difference(shape, shapely.Point(shape.centroid).buffer(radius / 3))
    yield shapely.box(-50, -50, SIZE + 50, SIZE + 50)
    yield shapely.box(10.5, 10.5, 200.5, 300.5)
    yield shapely.MultiPolygon([shapely.box(3, 3, 9, 9), shapely.box(500, 500, 580.5, 590)])
    yield shapely.box(20.6, 20.6, 20.9, 20.9)
    yield shapely.Polygon([(0, 0), (SIZE, 0), (0, SIZE)], [[(10, 10), (200, 10), (10, 200)]])


def on_map(shape: BaseGeometry) -> BaseGeometry:
    def move(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
        return vertices * (10, -10) + (5e5, 5e6)

    return shapely.transform(shape, move)


SHAPES = tuple(on_map(shape) for shape in polygons())
ZONES = Zones("zones.gpkg", "code", tuple(range(len(SHAPES))), SHAPES, CRS("EPSG:32633"), (), "")


def scene(dtype: str) -> NDArray[np.generic]:
    random = np.random.default_rng(3)
    pixels = random.normal(1000, 20, (1, SIZE, SIZE)).round(1 if dtype == "float32" else 0)
    pixels[:, 100:180, 250:300] = -9999
    return pixels.astype(dtype)


def told(results: Results, wanted: Wanted, name: str) -> NDArray[np.float64]:
    return numbers(Entry(0, "statistic", name), wanted, results)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that most zones lie in several blocks."""
    monkeypatch.setattr(ground, "BLOCK_PIXELS", 64 * 64)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("rule", [Rule.CENTER, Rule.ALL_TOUCHED])
def test_every_zone_is_as_in_rasterstats(tmp_path: Path, rule: Rule, dtype: str) -> None:
    pixels = scene(dtype)
    path = write_raster(
        tmp_path / "a.tif", grid(SIZE, SIZE), pixels, nodata=-9999, tiled=True, blockxsize=32, blockysize=64
    )
    wanted = Wanted((BandEncoding("b", dtype, nodata=-9999),), (*EXACT, *ROUNDED), rule=rule)
    results = results_of_zones(ZONES, [path], wanted, threads=3)
    for names, numbers_of_rasterstats, tolerance in (
        (EXACT, pixels[0], 0),
        (ROUNDED, pixels[0].astype("float64"), 1e-12),
    ):
        expected = zonal_stats(
            SHAPES,
            numbers_of_rasterstats,
            affine=grid(SIZE, SIZE).affine,
            nodata=-9999,
            stats=["count", *names],
            all_touched=rule is Rule.ALL_TOUCHED,
        )
        for name in names:
            theirs = np.array([row[name] for row in expected], dtype="float64")
            ours = told(results, wanted, name)
            if name == "nodata":
                some = ~np.isnan(theirs)
                theirs, ours = theirs[some], ours[some]
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, equal_nan=True, err_msg=name)


def test_threads_change_no_bit(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", grid(SIZE, SIZE), scene("float32"), nodata=-9999)
    wanted = Wanted((BandEncoding("b", "float32", nodata=-9999),), ("mean", "std"), rule=Rule.FRACTIONAL)
    one, many = (results_of_zones(ZONES, [path], wanted, threads=threads) for threads in (1, 4))
    for name in ("mean", "std"):
        assert told(one, wanted, name).tobytes() == told(many, wanted, name).tobytes()
