"""Places that are found without asking anyone: random ones, a grid, and those of a file.

What does not belong here: what Earth Engine is asked for (`asked_places`).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from odc.geo.crs import CRS

from eo_pipeline.core import keys
from eo_pipeline.core.chips.found_places import FoundPlaces, texts
from eo_pipeline.core.chips.grid_points import grid_places
from eo_pipeline.core.chips.placing import Cutting, beside, only_fitting
from eo_pipeline.core.chips.random_chips import random_chips
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import Chips
from eo_pipeline.steps.load_areas import of_field
from eo_pipeline.storage.labelled_places import read_labelled_places


def random(chips: Chips, area: Area, regions: Regions, cutting: Cutting) -> FoundPlaces:
    """As many random places of an area as are declared, or as fit in."""
    return random_chips(
        regions.polygon(area.key), cutting, count=int(chips.count or 0), seed=chips.seed, area_key=area.key
    )


def grid(chips: Chips, area: Area, regions: Regions, cutting: Cutting) -> FoundPlaces:
    """The chips of the product's grid that belong to an area, named as cells are: from the lattice's origin."""
    parts = list(grid_places(cutting.lattice, regions.polygon(area.key), step=chips.spacing, size=chips.size))
    columns, rows = (np.concatenate([getattr(part, axis) for part in parts]) for axis in ("columns", "rows"))
    x, y = (np.concatenate([getattr(part, axis) for part in parts]) for axis in ("x", "y"))
    held = regions.holds(area.key, x, y)
    pairs = zip(columns[held].tolist(), rows[held].tolist(), strict=True)
    ids = texts([keys.cell_key(column=column, row=row) for column, row in pairs])
    found = FoundPlaces(ids, x[held], y[held], cutting.windows(x[held], y[held]))
    return replace(only_fitting(found, regions.polygon(area.key), cutting), unplaced=0)


def of_file(chips: Chips, area: Area, regions: Regions, cutting: Cutting, path: Path | None) -> FoundPlaces:
    """The places of a file that belong to an area.

    Raises:
        ZonesError, SamplesError: the file cannot be used.
    """
    assert path is not None  # noqa: S101  # the declaration names a file with this sampling
    crs = cutting.lattice.crs
    with of_field("chips.file"):
        read = read_labelled_places(path, id_column=str(chips.id), label_column=chips.label, crs=crs)
    x = beside(read.x, area) if CRS(crs).geographic else read.x
    held = regions.holds(area.key, x, read.y)
    labels = None if read.labels is None else read.labels[held]
    windows = cutting.windows(x[held], read.y[held])
    found = FoundPlaces(read.ids[held], x[held], read.y[held], windows, labels=labels)
    return only_fitting(found, regions.polygon(area.key), cutting)
