"""The world behind a catalog of files, as the sandbox combines them."""

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from eo_pipeline.sandbox.catalog.catalog import Catalog, CompositeCatalog
from eo_pipeline.sandbox.catalog.files import load_file_catalog
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import CLIMATE, S2


def test_files_replace_a_collection_of_the_world(tmp_path: Path, world: ProceduralWorld) -> None:
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(tmp_path / "t_202301.tif", "w", transform=Affine(1, 0, 0, 0, -1, 2), **profile) as file:
        file.write(np.ones((1, 2, 2), "f4"))
    text = f"collections: {{{CLIMATE}: {{images: [{{files: 't_{{YYYY}}{{MM}}.tif', bands: {{t: {{}}}}}}]}}}}"
    (tmp_path / "catalog.yaml").write_text(text)
    catalogs: list[Catalog] = [load_file_catalog(tmp_path / "catalog.yaml"), world]
    both = CompositeCatalog(catalogs)
    records = list(both.images(CLIMATE, start_ms=None, end_ms=None, region=None))
    assert [list(record.bands) for record in records] == [["t"]]
    assert both.image(f"{CLIMATE}/202302") is None
    assert world.asset(f"{CLIMATE}/202302") is not None
    assert both.asset(f"{CLIMATE}/202302") is None
    scenes = both.asset(S2)
    assert scenes is not None
    assert scenes.type == "IMAGE_COLLECTION"
