"""A hundred thousand overlapping zones, against a table of running sums (Crow 1984), by every rule."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from odc.geo.crs import CRS

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.measure_zones import results_of_zones
from eo_pipeline_tests.raster_files import grid, write_raster

SIZE, MANY = 1500, 100_000


@pytest.mark.parametrize("rule", list(Rule))
def test_sums_of_very_many_zones_are_those_of_running_sums(tmp_path: Path, rule: Rule) -> None:
    random = np.random.default_rng(2)
    pixels = random.integers(0, 2**32 - 1, (1, SIZE, SIZE), dtype=np.uint32)
    path = write_raster(tmp_path / "a.tif", grid(SIZE, SIZE), pixels, tiled=True, blockxsize=256, blockysize=256)
    top, left = random.integers(0, SIZE - 1, (2, MANY))
    bottom, right = (np.minimum(start + random.integers(1, 12, MANY), SIZE) for start in (top, left))
    shapes = shapely.box(5e5 + 10 * left, 5e6 - 10 * bottom, 5e5 + 10 * right, 5e6 - 10 * top)
    zones = Zones("z.gpkg", "id", tuple(range(MANY)), tuple(shapes), CRS("EPSG:32633"), (), "")
    sums = results_of_zones(zones, [path], Wanted((BandEncoding("b", "uint32"),), rule=rule)).sums
    running = np.zeros((SIZE + 1, SIZE + 1), np.uint64)
    running[1:, 1:] = pixels[0].astype(np.uint64).cumsum(axis=0).cumsum(axis=1)
    expected = running[bottom, right] + running[top, left] - running[top, right] - running[bottom, left]
    assert np.array_equal(sums.count[:, 0], (bottom - top) * (right - left))
    if rule is Rule.FRACTIONAL:
        np.testing.assert_allclose(sums.total[:, 0], expected.astype(float), rtol=1e-9)
    else:
        assert np.array_equal(sums.total[:, 0], expected.astype(float))
