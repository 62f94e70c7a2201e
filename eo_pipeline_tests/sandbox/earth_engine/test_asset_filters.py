import pytest
import shapely

from eo_pipeline.sandbox.earth_engine.asset_filters import parse_filter
from eo_pipeline.sandbox.errors import ServiceError

JUNE, JULY = 1685577600000, 1688169600000


def test_the_client_s_spelling_of_dates_region_and_properties() -> None:
    """As earthengine-api 1.7.50 writes listImages' startTime, endTime, region (GeoJSON) and properties."""
    text = (
        'startTime >= "2023-06-01T00:00:00Z" AND endTime < "2023-07-01T00:00:00Z" AND '
        "intersects(\"{'type': 'Point', 'coordinates': [10, 50]}\") AND properties.CLOUDY_PIXEL_PERCENTAGE<50"
    )
    wanted = parse_filter(text)
    assert (wanted.start_ms, wanted.end_ms) == (JUNE, JULY)
    assert wanted.region == shapely.Point(10, 50)
    assert wanted.holds({"CLOUDY_PIXEL_PERCENTAGE": 49.9})
    assert not wanted.holds({"CLOUDY_PIXEL_PERCENTAGE": 50})
    assert not wanted.holds({})


def test_bare_properties_texts_and_wkt() -> None:
    wanted = parse_filter('MGRS_TILE = "33 AND UVP" AND level!=2 AND intersects("POINT (1 2)")')
    assert wanted.region == shapely.Point(1, 2)
    assert wanted.holds({"MGRS_TILE": "33 AND UVP", "level": 1})
    assert not wanted.holds({"MGRS_TILE": "33UVP", "level": 1})
    assert not wanted.holds({"MGRS_TILE": "33 AND UVP", "level": 2})


def test_an_empty_filter_lets_everything_pass() -> None:
    assert parse_filter(" ").holds({})


@pytest.mark.parametrize(
    "text",
    ["nonsense", "a <", "a < 1 AND", 'startTime >= "June"', 'intersects("here")', "intersects(\"{'type': 1}\")", "AND"],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ServiceError, match="Invalid filter: cannot parse"):
        parse_filter(text)
