"""Bands of several scenes that are stored alike, and the refusals."""

import pytest

from eo_pipeline.core.scenes.layouts import BandLayout, layout_of
from eo_pipeline.core.scenes.stack import SceneFailure, refuse_failures
from eo_pipeline.errors import SourceError
from eo_pipeline_tests.core.scenes.made import band, scene


def test_scenes_share_a_layout_whatever_their_offsets() -> None:
    scenes = [scene("a", red=band(scale=1e-4)), scene("b", red=band(scale=1e-4, offset=-0.1))]
    assert layout_of(scenes, "red") == BandLayout("uint16", 0.0, 1e-4)
    floats = [scene(name, t=band(dtype="float32", nodata=float("nan"))) for name in "ab"]
    assert layout_of(floats, "t").dtype == "float32"


def test_scenes_that_are_stored_differently_are_named() -> None:
    scenes = [scene("a", red=band()), scene("b", red=band(dtype="int16")), scene("c", red=band(nodata=1.0))]
    with pytest.raises(SourceError, match="2 other") as caught:
        layout_of(scenes, "red")
    assert "got uint16, nodata 0, scale 1 in a" in str(caught.value)
    assert "  b: int16, nodata 0, scale 1\n  c: uint16, nodata 1, scale 1" in str(caught.value)


@pytest.mark.parametrize("nodata", [-9999.0, 0.5, float("nan"), 70_000.0])
def test_a_nodata_that_the_type_cannot_hold_is_refused(nodata: float) -> None:
    with pytest.raises(SourceError, match="expected a nodata of uint16 in band red of scene a"):
        layout_of([scene("a", red=band(nodata=nodata))], "red")


def test_a_band_without_nodata_is_refused() -> None:
    with pytest.raises(
        SourceError, match=r"got none from the item and from http://nowhere/file\.tif; name it as source\.nodata"
    ):
        layout_of([scene("a", red=band(nodata=None))], "red")


def test_failures_come_out_together() -> None:
    refuse_failures("the archive", [])
    failures = [SceneFailure(f"s{number:02}", "red", "gone") for number in (*range(60, 0, -1), 1)]
    with pytest.raises(SourceError, match="from the archive, got 60 that cannot be read") as caught:
        refuse_failures("the archive", failures)
    assert "\n  s01, red: gone\n  s01, red: gone\n  s02" in str(caught.value)
    assert "and 11 more" in str(caught.value)
    assert "s60" in str(caught.value)
