"""A scene's bands, and what tells two lots of scenes apart."""

import pickle
from dataclasses import replace

import pytest

from eo_pipeline.core.scenes.fingerprint import fingerprint
from eo_pipeline.errors import SourceError
from eo_pipeline_tests.core.scenes.made import NOON, band, scene
from eo_pipeline_tests.raster_files import grid


def test_a_band_is_found_by_name_and_alias() -> None:
    red = band(scale=0.0001)
    found = replace(scene("a", red=red), aliases={"B04": "red"})
    assert found.band("red") == found.band("B04") == red
    assert found.has("B04")
    assert not found.has("B05")
    with pytest.raises(SourceError, match="expected band B05 in scene a of made, got red; name one of these"):
        found.band("B05")


def test_a_scene_goes_to_workers() -> None:
    sent = scene("a", red=band(geobox=grid(4, 5)))
    assert pickle.loads(pickle.dumps(sent)) == sent  # noqa: S301 - our own bytes


def test_a_fingerprint_follows_what_was_used_and_nothing_else() -> None:
    a, b = scene("a"), scene("b", NOON.replace(hour=11))
    whole = fingerprint([a, b])
    assert len(whole) == 40
    assert fingerprint([b, a]) == whole
    assert fingerprint([a]) != whole
    assert fingerprint([a, replace(b, version="updated=2025")]) != whole
    assert fingerprint([a, replace(b, collection="other")]) != whole
    assert fingerprint([a, replace(b, footprint=a.footprint.buffer(1))]) == whole
