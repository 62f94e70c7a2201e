"""Products of scenes, their templates and periods. What does not belong here: scenes (`archive`)."""

from datetime import UTC, datetime
from typing import Any

from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.engines import open_engine
from eo_pipeline.steps.cubes.plan_region import RegionPlan
from eo_pipeline.steps.cubes.write_scenes_region import Workers
from eo_pipeline_tests.steps.cubes.archive import LEFT, TOP

JUNE = Period(datetime(2023, 6, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC), "2023-06")
RED = {"dtype": "uint16", "scale": 0.0001, "offset": -0.1, "nodata": 0}
NDVI = {"dtype": "int16", "scale": 0.0001, "nodata": -32768}
SOURCE = {"stac": "unused", "collection": "made-l2a", "bands": ["red", "nir"]}
FORMULA = "(nir - red) / (nir + red)"
MASK = {"scl_exclude": [0, 1, 3, 8, 9, 10]}


def scenes_product(*, side: int = 128, resolution: float = 10, shard: int = 64, **sections: Any) -> Product:
    """Red and NDVI by month over a square of `side` pixels from the scenes' corner; sections replace or add."""
    box = [LEFT, TOP - side * resolution, LEFT + side * resolution, TOP]
    plain: dict[str, Any] = {
        "name": "made",
        "source": SOURCE,
        "mask": MASK,
        "composite": {"reducer": "median", "counts": ["n_obs", "n_valid"]},
        "period": {"every": "month", "start": "2023-06", "end": "2023-09"},
        "area": {"crs": "EPSG:32633", "resolution": resolution, "origin": [LEFT, TOP], "box": box},
        "output": {"red": RED},
        "cube": {"repository": "cube", "shard": shard, "chunk": shard // 2},
    }
    return Product.model_validate({name: value for name, value in {**plain, **sections}.items() if value is not None})


def template_of(product: Product) -> CubeTemplate:
    """Of the product's only area."""
    left, bottom, right, top = product.area.box or (0, 0, 0, 0)
    step = product.area.resolution
    grid = GeoBox(
        (round((top - bottom) / step), round((right - left) / step)),
        Affine(step, 0, left, 0, -step, top),
        product.area.crs,
    )
    assert product.cube is not None
    starts = datetime(2023, 6, 1, tzinfo=UTC)
    return CubeTemplate(
        product.name, grid, tuple(product.bands), product.period.rule, starts, product.cube.chunk, product.shard
    )


def provenance_of(plan: RegionPlan, *, run: str = "run") -> Provenance:
    """Of June."""
    return Provenance("made", "whole|2023-06", plan.digest, "1", run, datetime(2024, 1, 1, tzinfo=UTC))


def two_processes() -> Workers:
    """Of this machine."""
    return Workers(open_engine(EngineChoice.from_text("processes:2", field="test")))
