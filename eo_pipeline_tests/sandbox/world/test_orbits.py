import itertools

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.world.orbits import DAY_MS, SENTINEL_2, Pass, Places, passes

START = 1_690_000_000_000


@pytest.mark.parametrize(("longitude", "latitude"), [(0.0, 0.0), (15.5, 48.3), (-70.0, -33.0), (179.9, 66.0)])
def test_every_place_is_seen_every_five_days_at_least(longitude: float, latitude: float) -> None:
    there = np.array([latitude])
    place = Places(np.array([longitude]), SENTINEL_2.drift(there), SENTINEL_2.degrees_per_km(there))
    tracks = [track for track in range(1, 144) if place.near(track, 0.0, SENTINEL_2)[0]]
    assert tracks
    later = itertools.dropwhile(lambda one: one.time_ms(latitude) < START, passes(tracks, START))
    seen = list(itertools.islice(later, 4 * len(tracks)))
    times = np.array([one.time_ms(latitude) for one in seen])
    assert (np.diff(times) >= 0).all()
    assert times[0] >= START
    assert np.diff(times).max() <= 5 * DAY_MS
    assert times[-1] - times[0] < 20 * DAY_MS
    for one in seen:
        assert abs(one.across(np.array(longitude), np.array(latitude))) <= SENTINEL_2.half_swath_km


def test_one_track_is_flown_every_five_days_by_turns() -> None:
    first, second, third = itertools.islice(passes([101], START), 3)
    assert second.time_ms(48.3) - first.time_ms(48.3) == 5 * DAY_MS
    assert third.time_ms(48.3) - second.time_ms(48.3) == 5 * DAY_MS
    assert first.is_second != second.is_second
    assert first.is_second == third.is_second
    assert third.absolute_orbit - first.absolute_orbit == 143


@pytest.mark.parametrize("track", [1, 30, 77, 143])
def test_the_equator_is_crossed_at_half_past_ten_local_time(track: int) -> None:
    one = Pass(track, 3000)
    hours = one.time_ms(0.0) % DAY_MS / 3_600_000 + one.node_longitude / 15
    assert hours % 24 == pytest.approx(10.5, abs=1e-3)


def test_passes_go_south_and_west() -> None:
    one = Pass(50, 3000)
    assert one.time_ms(60.0) < one.time_ms(0.0) < one.time_ms(-60.0)
    north, south = (one.swath(latitude, latitude + 1, one.node_longitude).centroid.x for latitude in (40.0, -40.0))
    assert north > one.node_longitude > south


def test_the_swath_is_where_the_distance_says() -> None:
    one = Pass(101, 3000)
    swath = one.swath(45.0, 50.0, 15.0)
    longitude, latitude = np.meshgrid(np.linspace(8, 22, 60), np.linspace(45.2, 49.8, 40))
    inside = shapely.contains_xy(swath, longitude, latitude)
    near = np.abs(one.across(longitude, latitude)) <= SENTINEL_2.half_swath_km
    assert (inside != near).mean() < 0.005
    assert 0.1 < near.mean() < 0.9
