"""Pixels as tables, against plain numpy."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pyproj
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, record, value

DATA = np.arange(30, dtype="u2").reshape(5, 6)
MASK = DATA % 4 != 0
SCENES = [record(f"C/{n}", {"B": ArrayBand(DATA + n, UTM, mask=MASK)}, time=n * 1000) for n in range(2)]


def region(west: int, south: int, east: int, north: int) -> Any:
    return ee.Geometry.Rectangle(
        [500_000 + west, 5_000_000 - south, 500_000 + east, 5_000_000 - north], "EPSG:32633", False
    )


@pytest.mark.functions("Image.sample", against="numpy")
def test_a_sample_holds_the_valid_pixels_of_a_region() -> None:
    sampled = ee.Image("C/0").sample(region(10, 30, 40, 10), 10)
    inside = DATA[1:3, 1:4][MASK[1:3, 1:4]]
    assert value(sampled.aggregate_array("B"), *SCENES) == inside.tolist()
    everything = ee.Image("C/0").sample(region(10, 30, 40, 10), 10, dropNulls=False)
    assert value(everything.size(), *SCENES) == 6


@pytest.mark.functions("Image.sampleRegions", against="worked example")
def test_samples_of_features_carry_their_properties() -> None:
    zones = ee.FeatureCollection([ee.Feature(region(0, 10, 30, 0), {"class": 7, "other": 1})])
    sampled = ee.Image("C/1").sampleRegions(zones, ["class"], 10)
    published = value(sampled, *SCENES)["features"]
    assert [feature["properties"] for feature in published] == [{"class": 7, "B": 2}, {"class": 7, "B": 3}]


@pytest.mark.functions("ImageCollection.getRegion", against="worked example")
@pytest.mark.functions("ImageCollection.getRegion", against="pyproj")
def test_a_time_series_has_a_row_for_each_pixel_and_image() -> None:
    series = ee.ImageCollection("C").getRegion(region(10, 10, 30, 0), crs="EPSG:32633", crsTransform=UTM.transform)
    header, *rows = value(series, *SCENES)
    assert header == ["id", "longitude", "latitude", "time", "B"]
    assert [(row[0], row[3], row[4]) for row in rows] == [("0", 0, 1), ("0", 0, 2), ("1", 1000, 2), ("1", 1000, 3)]
    inverse = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    assert inverse.transform(rows[0][1], rows[0][2]) == pytest.approx((500_015, 4_999_995), abs=1e-4)


def test_a_time_series_needs_a_scale() -> None:
    with pytest.raises(ServiceError, match="The default WGS84 projection is invalid for aggregations"):
        value(ee.ImageCollection("C").getRegion(region(10, 10, 30, 0)), *SCENES)
