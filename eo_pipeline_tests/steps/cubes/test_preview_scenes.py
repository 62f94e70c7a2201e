"""A look at scenes on disk: from overviews where it is coarse, the true pixels where it is not."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling

from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.errors import SourceError
from eo_pipeline.steps.cubes.plan_region import plan_region
from eo_pipeline.steps.cubes.preview_scenes import preview_scenes
from eo_pipeline.steps.previews.preview import preview_picture
from eo_pipeline_tests.steps.cubes import plain
from eo_pipeline_tests.steps.cubes.archive import grid_at, made_scene, write_archive
from eo_pipeline_tests.steps.cubes.products import JUNE, NDVI, scenes_product, template_of

SCENE = made_scene("a", 3, grid_at(-10, -12), seed=3)


def test_a_coarse_look_is_made_of_overviews(tmp_path: Path) -> None:
    clear = replace(SCENE, bands={**SCENE.bands, "scl": np.full_like(SCENE.bands["scl"], 4)})
    source = write_archive(tmp_path, [clear])
    with rasterio.open(tmp_path / "a_red.tif", "r+") as file:
        file.build_overviews([2, 4], Resampling.nearest)
    with rasterio.open(tmp_path / "a_red.tif", "r+", overview_level=1) as file:
        file.write(np.full((40, 40), 3456, np.uint16), 1)
    product = scenes_product()
    found = preview_scenes(product, grid_at(0, 0, 128), JUNE, source, side=30)
    assert found.geobox.shape == (26, 26)
    assert found.geobox.resolution.x == 50
    assert (found.pixels["red"] == 3456).all()
    assert found.images == 1
    assert preview_picture(found, product, title="June")[1:4] == b"PNG"


def test_a_small_area_shows_its_true_pixels(tmp_path: Path) -> None:
    source = write_archive(tmp_path, [SCENE])
    found = preview_scenes(scenes_product(), grid_at(0, 0, 64), JUNE, source, side=64)
    red = plain.observed([SCENE], "red", grid_at(0, 0, 64))
    np.testing.assert_array_equal(found.pixels["red"], plain.half_up(red[0], 0, "uint16"))
    assert [summary.name for summary in found.summaries] == ["red", "n_obs", "n_valid"]


def test_a_band_that_no_scene_has_is_named_with_those_there_are(tmp_path: Path) -> None:
    product = scenes_product(source={"stac": "unused", "collection": "made-l2a", "bands": ["red", "nirr"]})
    formula = {"ndvi": {"formula": "(nirr - red) / (nirr + red)"}}
    product = scenes_product(source=product.source, index=formula, output={"ndvi": NDVI})
    source, grid = write_archive(tmp_path, [SCENE]), grid_at(0, 0, 64)
    said = f"expected a band nirr in scenes of {source.name}, got nir, red, scl; correct source.bands"
    with pytest.raises(SourceError, match=re.escape(said)):
        preview_scenes(product, grid, JUNE, source)
    template = template_of(product)
    with pytest.raises(SourceError, match=re.escape(said)):
        plan_region(product, template, frame(template.geobox), JUNE, source)


def test_without_scenes_there_is_nothing_to_see(tmp_path: Path) -> None:
    source = write_archive(tmp_path, [made_scene("july", 3, grid_at(0, 0), seed=3, month=7)])
    found = preview_scenes(scenes_product(), grid_at(0, 0, 64), JUNE, source)
    assert (found.images, dict(found.pixels)) == (0, {})
