"""Solar days and groups; days are counted by hand."""

from datetime import UTC, date, datetime

import pytest
from odc.geo.geobox import GeoBox

from eo_pipeline.core.scenes.groups import group_scenes
from eo_pipeline.core.scenes.solar_days import middle_longitude, solar_day
from eo_pipeline_tests.core.scenes.made import band, scene
from eo_pipeline_tests.raster_files import grid


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "longitude", "day"),
    [
        ("2024-06-01T10:30", 0, date(2024, 6, 1)),
        ("2024-06-01T22:15", 176, date(2024, 6, 2)),  # 10 in the morning in Fiji
        ("2024-06-01T22:15", -184, date(2024, 6, 2)),
        ("2024-06-02T00:30", -120, date(2024, 6, 1)),
        ("2024-06-01T23:59:59", 0.004, date(2024, 6, 1)),
        ("2024-06-01T23:59:59.5", 0.004, date(2024, 6, 2)),
    ],
)
def test_the_day_is_that_of_the_sun(instant: str, longitude: float, day: date) -> None:
    assert solar_day(at(instant), longitude) == day


def test_the_middle_of_a_grid_has_a_longitude() -> None:
    assert middle_longitude(grid(2, 2, left=5e5 - 10, top=5e6 + 10)) == pytest.approx(15.0)  # zone 33
    assert middle_longitude(GeoBox.from_bbox((178, -20, 184, -10), "EPSG:4326", shape=(5, 6))) == pytest.approx(181.0)


def test_passes_of_one_day_are_one_observation_by_id() -> None:
    late, early = scene("a", at("2024-06-02T00:10")), scene("b", at("2024-06-01T23:50"))
    other = scene("c", at("2024-06-03T00:10"))
    groups = group_scenes([other, late, early], longitude=-90)
    assert [(group.day, [one.id for one in group.scenes]) for group in groups] == [
        (date(2024, 6, 1), ["a", "b"]),
        (date(2024, 6, 2), ["c"]),
    ]


def test_scenes_with_other_offsets_stay_apart_only_where_numbers_are_kept() -> None:
    old, new = scene("a", red=band(scale=1e-4)), scene("b", red=band(scale=1e-4, offset=-0.1))
    apart = group_scenes([old, new], longitude=15, unchanged=["red"])
    assert [(group.packing, [one.id for one in group.scenes]) for group in apart] == [
        ((("red", 1e-4, -0.1),), ["b"]),
        ((("red", 1e-4, 0.0),), ["a"]),
    ]
    assert len(group_scenes([old, new], longitude=15)) == 1
