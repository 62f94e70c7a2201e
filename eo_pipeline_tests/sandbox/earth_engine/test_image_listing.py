"""The filter of listImages, as GDAL writes it."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eo_pipeline.sandbox.earth_engine.image_listing import image_filter
from eo_pipeline.sandbox.errors import ServiceError

IMAGE = {"cloudy": 10, "tile": "33UUP", "orbit": 22}


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("", True),
        ("cloudy < 20", True),
        ('(cloudy < 20 AND tile = "33UUQ")', False),
        ("cloudy = 1 OR cloudy = 2 OR cloudy = 10", True),
        ("cloudy = 1 AND cloudy = 2 OR cloudy = 10", True),
        ("cloudy = 10 OR cloudy = 1 AND cloudy = 2", True),
        ("(cloudy = 10 OR cloudy = 1) AND cloudy = 2", False),
        ("(NOT (cloudy = 10))", False),
        ('NOT cloudy = 1 AND NOT tile = "33UUQ"', True),
        ('tile = "a AND (b OR c)"', False),
        ("(" * 5000 + "cloudy = 10" + ")" * 5000, True),
    ],
)
def test_conditions_hold_as_logic_says(text: str, listed: bool) -> None:
    assert image_filter({"filter": text}).holds(IMAGE) is listed


@pytest.mark.parametrize(
    "text",
    ["cloudy", "cloudy = 1 tile = 2", "AND cloudy = 1", "(cloudy = 1", "cloudy = 1)", "NOT", "()", "cloudy = 1 OR"],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ServiceError, match="Invalid filter: cannot parse"):
        image_filter({"filter": text})


def test_region_and_times_are_read() -> None:
    query = {
        "region": '{"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}',
        "startTime": "2024-05-01T00:00:00Z",
        "endTime": "2024-05-02T00:00:00Z",
    }
    found = image_filter(query)
    assert (found.start_ms, found.end_ms) == (1714521600000, 1714608000000)
    assert found.region is not None
    assert found.region.bounds == (1, 2, 3, 4)


WORDS = st.sampled_from([
    "AND", "OR", "NOT", "(", ")", "cloudy", "=", "<", ">=", "!=", ":", '"', "'", "10", "1e999", "-", "nan",
    "orbit = 22", 'tile = "x"', "cloudy < 5", "startTime", "POINT(1 2)", "POLYGON((0 0))", '{"type": "Point"}',
    "\\", "\x00", "é",
])  # fmt: skip
TEXTS = st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["region", "startTime", "endTime", "filter"]), TEXTS))
def test_any_text_is_a_filter_or_refused(query: dict[str, str]) -> None:
    with contextlib.suppress(ServiceError):
        assert image_filter(query).holds(IMAGE) in {True, False}
