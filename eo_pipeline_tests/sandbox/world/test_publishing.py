"""Scenes that appear and are made anew: shares and delays counted over many names."""

import datetime as dt
import itertools
from functools import partial

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.world.publishing import Publishing
from eo_pipeline.sandbox.world.world import build_world
from eo_pipeline_tests.sandbox.world.conftest import S2, ms

HOUR, DAY = 3_600_000, 86_400_000
SENSED = ms("2024-03-01T10:00")
NAMES = [f"20240301T100000_20240301T10{number:04d}_T33UWP" for number in range(2000)]


def versions(publishing: Publishing) -> np.ndarray:
    """Hours from sensing to the edition that is listed, NaN where none is."""
    editions = [publishing.edition(name, SENSED) for name in NAMES]
    return np.array([np.nan if one is None else (one.made_ms - SENSED) / HOUR for one in editions])


def test_by_default_all_scenes_are_there_also_those_of_the_future() -> None:
    publishing = Publishing(now_ms=0)
    assert publishing.is_all_there
    assert publishing.until(None) is None
    assert (versions(publishing) == 0).all()


@pytest.mark.parametrize(("hours", "share"), [(5.9, 0.0), (12.0, 0.5), (18.1, 1.0)])
def test_scenes_arrive_between_half_and_one_and_a_half_times_the_delay(hours: float, share: float) -> None:
    found = versions(Publishing(now_ms=SENSED + round(hours * HOUR), ingestion_hours=12.0))
    assert (~np.isnan(found)).mean() == pytest.approx(share, abs=0.05)
    arrived = found[~np.isnan(found)]
    assert ((arrived >= 6) & (arrived <= hours)).all()


def test_late_scenes_are_as_many_as_asked_for_and_come_in_the_end() -> None:
    def listed(days: float) -> float:
        now = SENSED + round(days * DAY)
        return float((~np.isnan(versions(Publishing(now_ms=now, late_share=0.3, late_days=20.0)))).mean())

    assert listed(0) == pytest.approx(0.7, abs=0.05)
    assert listed(9.9) == listed(0)
    assert listed(20) == pytest.approx(0.85, abs=0.05)
    assert listed(30.1) == 1.0


def test_scenes_made_anew_keep_their_name_and_get_another_version_and_revision() -> None:
    before, after = (
        Publishing(now_ms=SENSED + days * DAY, reprocessed_share=0.25, reprocessed_days=40.0) for days in (19, 61)
    )
    assert (versions(before) == 0).all()
    found = versions(after) / 24
    anew = found > 0
    assert anew.mean() == pytest.approx(0.25, abs=0.04)
    assert ((found[anew] >= 20) & (found[anew] <= 60)).all()
    editions = [after.edition(name, SENSED) for name in NAMES]
    assert [one is not None and one.revision == 1 for one in editions] == anew.tolist()


def test_scenes_that_are_not_there_cannot_be_listed_or_opened() -> None:
    now = ms("2024-03-10")
    world = build_world(lambda: Publishing(now_ms=now, ingestion_hours=24.0))
    place = shapely.Point(15.5, 48.3)
    endless = itertools.islice(world.images(S2, start_ms=ms("2024-03-01"), end_ms=None, region=place), 100)
    records = list(endless)
    assert 0 < len(records) < 5
    assert all(record.version <= now * 1000 for record in records)
    hidden = next(build_world().images(S2, start_ms=now, end_ms=None, region=place))
    assert world.image(hidden.id) is None


def test_a_scene_made_anew_differs_a_little_and_says_so() -> None:
    sensed, place = ms("2024-03-01"), shapely.Point(15.5, 48.3)
    worlds = [
        build_world(partial(Publishing, ms(day), reprocessed_share=1.0, reprocessed_days=40.0))
        for day in ("2024-03-15", "2024-06-15")
    ]
    first, second = (next(world.images(S2, start_ms=sensed, end_ms=ms("2024-03-10"), region=place)) for world in worlds)
    assert first.id == second.id
    assert first.version < second.version
    sizes = [record.properties["system:asset_size"] for record in (first, second)]
    assert sizes[0] != sizes[1]
    assert second.properties["PROCESSING_BASELINE"] == "05.00"
    pixels = [record.bands["B4"].read(0, 2000, 3000, 64, 64)[0].astype(float) for record in (first, second)]
    ratio = pixels[1] / pixels[0]
    assert not (pixels[0] == pixels[1]).all()
    assert (np.abs(ratio - 1) < 0.045).all()
    made = dt.datetime.fromtimestamp(second.version / 1e6, dt.UTC)
    assert dt.datetime(2024, 3, 21, tzinfo=dt.UTC) <= made <= dt.datetime(2024, 5, 5, tzinfo=dt.UTC)
