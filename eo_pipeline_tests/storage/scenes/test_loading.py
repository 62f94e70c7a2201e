"""Stacks of observations: joined and shifted pixels against plain numpy, and refusals that name everything."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.errors import SourceError
from eo_pipeline.storage.scenes.loading import load_scenes
from eo_pipeline_tests.core.scenes.made import scene
from eo_pipeline_tests.storage.scenes.files import ZONE_33, random_pixels, scene_file

MORNING = datetime(2024, 6, 1, 10, tzinfo=UTC)


def load(scenes: list[Scene], *bands: Wanted) -> Stack:
    return load_scenes(scenes, View(ZONE_33), bands, source="the archive", options={}, threads=3)


def test_scenes_of_a_day_are_joined_and_brought_to_one_offset(tmp_path: Path) -> None:
    pixels = [random_pixels(seed=seed) for seed in range(4)]
    offsets = [0.0, -0.1, -0.1, 0.0]
    scenes = [
        scene(
            name,
            MORNING.replace(day=day),
            red=scene_file(tmp_path / f"{name}.tif", stored, scale=1e-4, offset=offset),
        )
        for name, day, stored, offset in zip("abcd", (1, 1, 2, 3), pixels, offsets, strict=True)
    ]
    stack = load(scenes[::-1], Wanted("red", offset=-0.1))
    up = [
        np.where(stored > 0, stored + (0 if offset else 1000), 0)
        for stored, offset in zip(pixels, offsets, strict=True)
    ]
    expected = np.stack([np.where(up[0] > 0, up[0], up[1]), up[2], up[3]])
    np.testing.assert_array_equal(stack.bands["red"].stored, expected)
    assert stack.bands["red"].offsets == (-0.1, -0.1, -0.1)
    assert stack.bands["red"].scale == 1e-4
    assert [group.day for group in stack.groups] == [date(2024, 6, day) for day in (1, 2, 3)]
    assert [one.id for one in stack.groups[0].scenes] == ["a", "b"]


def test_stored_numbers_stay_as_they_are_unless_told(tmp_path: Path) -> None:
    pixels = [random_pixels(seed=seed) for seed in range(2)]
    scenes = [
        scene(name, MORNING, red=scene_file(tmp_path / f"{name}.tif", stored, scale=1e-4, offset=offset))
        for name, stored, offset in zip("ab", pixels, (0.0, -0.1), strict=True)
    ]
    stack = load(scenes, Wanted("red"))
    np.testing.assert_array_equal(stack.bands["red"].stored, np.stack([pixels[1], pixels[0]]))
    assert stack.bands["red"].offsets == (-0.1, 0.0)


def test_what_the_item_leaves_out_is_in_the_file(tmp_path: Path) -> None:
    pixels = random_pixels()
    told = scene_file(tmp_path / "a.tif", pixels)
    silent = replace(told, dtype=None, nodata=None, geobox=None)
    stack = load([replace(scene("a", MORNING, red=silent), aliases={"B04": "red"})], Wanted("B04"))
    np.testing.assert_array_equal(stack.bands["B04"].stored[0], pixels)
    assert stack.bands["B04"].nodata == 0


def test_the_files_word_counts_before_what_is_asked_for(tmp_path: Path) -> None:
    silent = replace(scene_file(tmp_path / "a.tif", random_pixels()), nodata=None)
    assert load([scene("a", MORNING, red=silent)], Wanted("red", nodata=65535)).bands["red"].nodata == 0
    plain = scene_file(tmp_path / "b.tif", random_pixels().astype("float32"))
    with rasterio.open(plain.href, "r+") as file:
        file.nodata = None
    silent = replace(plain, nodata=None)
    assert np.isnan(load([scene("b", MORNING, red=silent)], Wanted("red")).bands["red"].nodata)


def test_everything_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    good = scene_file(tmp_path / "good.tif", random_pixels())
    gone = replace(good, href=str(tmp_path / "gone.tif"))
    scenes = [
        scene("a", MORNING, red=good, nir=good),
        scene("b", MORNING, red=gone, nir=good),
        scene("c", MORNING.replace(day=2), red=good, nir=gone),
    ]
    with pytest.raises(
        SourceError, match="expected readable scenes from the archive, got 2 that cannot be read"
    ) as caught:
        load(scenes, Wanted("red"), Wanted("nir"))
    assert f"\n  b, red: {gone.href}: " in str(caught.value)
    assert f"\n  c, nir: {gone.href}: " in str(caught.value)
    assert "\n  a" not in str(caught.value)


def test_missing_bands_are_named_with_the_scene(tmp_path: Path) -> None:
    good = scene_file(tmp_path / "good.tif", random_pixels())
    with pytest.raises(SourceError, match="b, nir: it has no such band, only red"):
        load([scene("a", red=good, nir=good), scene("b", red=good)], Wanted("red"), Wanted("nir"))


def test_no_scene_is_refused() -> None:
    with pytest.raises(SourceError, match="expected at least one scene of the archive to load, got none"):
        load([], Wanted("red"))


def test_a_scene_elsewhere_is_an_empty_observation(tmp_path: Path) -> None:
    far = SceneBand("/nowhere.tif", dtype="uint16", nodata=0.0, geobox=ZONE_33.translate_pix(5000, 0), scale=1e-4)
    stack = load([scene("a", MORNING, red=far)], Wanted("red"))
    assert not stack.bands["red"].stored.any()
