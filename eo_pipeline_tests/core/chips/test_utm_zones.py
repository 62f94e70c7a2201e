"""UTM zones against PROJ's own database and against the published exceptions."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj.database import query_utm_crs_info

from eo_pipeline.core.chips.utm_zones import utm_epsg
from eo_pipeline.errors import ProductError


def zone(longitude: float, latitude: float) -> int:
    [code] = utm_epsg(np.array([longitude]), np.array([latitude]))
    return int(code)


ZONES = [(int(info.code), info.area_of_use) for info in query_utm_crs_info(datum_name="WGS 84")]
"""Codes and areas of use of PROJ's database."""


@given(east=st.integers(-180_000_000, 179_999_999), north=st.integers(-80_000_000, 55_999_999))
@example(east=-180_000_000, north=10_000_000)
@example(east=179_999_999, north=-10_000_000)
@example(east=30_000_000, north=-1)
def test_the_zone_is_one_whose_area_of_use_proj_says_holds_the_place(east: int, north: int) -> None:
    longitude, latitude = east / 1e6, north / 1e6
    known = {c for c, a in ZONES if a and a.west <= longitude <= a.east and a.south <= latitude <= a.north}
    assert zone(longitude, latitude) in known


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "code"),
    [
        ("Bergen", 5.33, 60.39, 32632),
        ("Stavanger, south of the exception's northern edge", 5.73, 58.97, 32632),
        ("North Sea west of it", 2.99, 60.0, 32631),
        ("north of it", 5.0, 64.0, 32631),
        ("south of it", 5.0, 55.99, 32631),
        ("Longyearbyen", 15.65, 78.22, 32633),
        ("Svalbard's west", 8.99, 78.0, 32631),
        ("9 degrees east", 9.0, 78.0, 32633),
        ("Nordaustlandet", 22.0, 79.8, 32635),
        ("Kvitoya", 33.0, 80.1, 32637),
        ("east of the exception", 42.0, 80.0, 32638),
        ("the exception's northern edge", 15.0, 84.0, 32633),
        ("Suva", 178.44, -18.14, 32760),
        ("beyond the antimeridian as one goes on east", 181.0, -18.0, 32701),
        ("the antimeridian", 180.0, 10.0, 32601),
        ("the equator", 10.0, 0.0, 32632),
    ],
)
def test_published_zones(place: str, longitude: float, latitude: float, code: int) -> None:
    assert zone(longitude, latitude) == code, place


@pytest.mark.parametrize("latitude", [84.01, -80.01, 90.0])
def test_poles_are_refused(latitude: float) -> None:
    with pytest.raises(ProductError) as told:
        utm_epsg(np.array([0.0, 10.0]), np.array([50.0, latitude]))
    assert str(told.value) == (
        f"chips.crs: expected places from 80 S to 84 N with utm, got 1 beyond (the first at latitude {latitude:.4f}); "
        "write crs: product with a polar CRS in area.crs"
    )
