"""Ground below a CRS's units against geodesic polygons."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from eo_pipeline.core.chips.ground_area import GroundArea

GLOBE = Geod(ellps="WGS84")


@pytest.mark.parametrize(
    ("crs", "x", "y", "side"),
    [
        ("EPSG:4326", 10.0, 0.0, 0.01),
        ("EPSG:4326", 190.0, 60.0, 0.01),
        ("EPSG:4326", -120.0, -88.0, 0.01),
        ("EPSG:3857", 1_000_000.0, 8_000_000.0, 1000.0),
        ("EPSG:32633", 500_000.0, 5_000_000.0, 1000.0),
        ("EPSG:32601", 166_100.0, 8_000_000.0, 1000.0),
        ("EPSG:3031", 100_000.0, 900_000.0, 1000.0),
        ("EPSG:6933", 5_000_000.0, 4_000_000.0, 1000.0),
    ],
)
def test_the_ground_of_a_small_square_is_its_geodesic_area(crs: str, x: float, y: float, side: float) -> None:
    square = shapely.segmentize(shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), side / 50)
    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(*shapely.get_coordinates(square).T)
    area, _ = GLOBE.polygon_area_perimeter(longitude, latitude)
    [density] = GroundArea(crs).density(np.array([x]), np.array([y]))
    assert density * side**2 == pytest.approx(abs(area), rel=1e-4)


def test_there_is_no_ground_where_a_projection_has_no_meaning() -> None:
    assert GroundArea("EPSG:3035").density(np.array([1e9]), np.array([1e9])).tolist() == [0.0]
