"""Files that say no nodata: a number that the cube calls nodata is a value of another packing; against plain numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.archives import ArchiveSource
from eo_pipeline.sources.listings import open_listing
from eo_pipeline.steps.cubes.plan_region import plan_region
from eo_pipeline.steps.cubes.read_shard import read_shard
from eo_pipeline_tests.raster_files import write_raster
from eo_pipeline_tests.steps.cubes.archive import grid_at
from eo_pipeline_tests.steps.cubes.products import JUNE, scenes_product, template_of

SIDE = 64
STORED = np.arange(SIDE * SIDE, dtype=np.int64).reshape(SIDE, SIDE) % 251
"""Every number from 0 to 250."""
PERCENT = {"dtype": "int16", "scale": 0.01, "nodata": 100}
"""The stored 100 is no value here, and 100 % in the files."""


def made(folder: Path, output: dict[str, Any], *, dtype: str = "uint8", **source: Any) -> NDArray[Any]:
    """The cube's stored numbers (y, x) of one day's file."""
    file = folder / "20230603.tif"
    write_raster(file, grid_at(0, 0, SIDE), STORED[None].astype(dtype), names=("cover",))
    declared = {"files": "unused", "bands": ["cover"], **source}
    product = scenes_product(side=SIDE, source=declared, mask=None, output={"cover": output}, composite={})
    template = template_of(product)
    archive = ArchiveSource(open_listing(str(folder)), NamePattern("{year}{month}{day}.tif"))
    plan = plan_region(product, template, frame(template.geobox), JUNE, archive)
    scenes = [plan.recipe.of(scene) for scene in plan.scenes]
    pixels = read_shard(plan.recipe, archive, scenes, template.geobox, frame(template.geobox))
    assert pixels is not None
    return pixels["cover"]


def test_the_cubes_nodata_is_a_value_of_files_that_pack_otherwise(tmp_path: Path) -> None:
    found = made(tmp_path, PERCENT, nodata=255)
    np.testing.assert_array_equal(found, STORED * 100)


def test_of_floats_every_number_is_a_value(tmp_path: Path) -> None:
    found = made(tmp_path, PERCENT, dtype="float32")
    np.testing.assert_array_equal(found, STORED * 100)


def test_without_a_word_integers_of_another_packing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"means no value in band cover .* name it as source\.nodata"):
        made(tmp_path, PERCENT)


def test_where_numbers_mean_the_same_the_cubes_nodata_holds(tmp_path: Path) -> None:
    found = made(tmp_path, {"dtype": "int16", "nodata": 100})
    np.testing.assert_array_equal(found, STORED)
