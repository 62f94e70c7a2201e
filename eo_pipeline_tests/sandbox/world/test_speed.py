"""A window of a scene takes tens of milliseconds of one core."""

import time

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import ms

PLACE = shapely.Point(15.5, 48.3)


@pytest.mark.parametrize(
    ("collection", "band"),
    [
        ("COPERNICUS/S2_SR_HARMONIZED", "B4"),
        ("LANDSAT/LC08/C02/T1_L2", "SR_B4"),
        ("LANDSAT/LC08/C02/T1_L2", "ST_B10"),
        ("COPERNICUS/DEM/GLO30", "DEM"),
        ("MODIS/061/MOD11A1", "LST_Day_1km"),
        ("MODIS/061/MOD13Q1", "NDVI"),
        ("ECMWF/ERA5_LAND/MONTHLY_AGGR", "temperature_2m"),
    ],
)
def test_a_window_that_nobody_has_read_comes_at_once(world: ProceduralWorld, collection: str, band: str) -> None:
    start = None if collection.startswith("COPERNICUS/DEM") else ms("2019-08-01")
    record = next(world.images(collection, start_ms=start, end_ms=None, region=PLACE))
    source = record.bands[band]
    assert source.dimensions is not None
    left, top = (int(size * share) for size, share in zip(source.dimensions, (0.53, 0.23), strict=True))
    seconds = []
    for number in range(5):
        before = time.process_time()
        data, _ = source.read(0, left + 256 * number, top, 256, 256)
        seconds.append(time.process_time() - before)
        assert data.shape == (256, 256)
    assert np.median(seconds) < 0.15
