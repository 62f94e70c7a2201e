"""From a product's declaration to the polygon of each area: the file that areas come from, read once more.

What does not belong here: what an area's polygon is (`core.chips.regions`).
"""

from collections.abc import Mapping
from pathlib import Path

import shapely

from eo_pipeline.core import keys
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import AreaGrid
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.load_areas import read_polygons


def load_regions(declared: AreaGrid, areas: Mapping[str, Area], file: Path | None) -> Regions:
    """The polygons of a product's areas.

    Args:
        declared: where areas come from.
        areas: of `load_areas`, by key, in key order.
        file: of polygons that areas come from; None if the area is a box.

    Raises:
        ProductError: the file lacks the feature of an area.
        ZonesError: the file cannot be used.
    """
    if declared.box is not None:
        return Regions(areas, {keys.WHOLE: shapely.box(*declared.box)})
    assert file is not None  # noqa: S101  # areas come from a file or a box
    named = read_polygons(declared, file)
    if declared.cover is not None:
        return Regions(areas, {}, cover=tuple(shape for _, shape in named))
    polygons = {keys.feature_key(identity): shape for identity, shape in named}
    if missing := [key for key in areas if key not in polygons]:
        raise ProductError(
            f"area.features: expected the features of all areas in {declared.features}, got none for "
            f"{', '.join(missing[:10])}; put them back, or reload the definitions to drop their areas"
        )
    return Regions(areas, polygons, buffer=declared.buffer)
