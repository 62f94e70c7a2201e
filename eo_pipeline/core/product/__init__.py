"""What a product is: the declaration a person writes in YAML, checked and frozen.

The field names are the YAML's. What does not belong here: reading files the declaration names, asking Earth Engine
whether a collection or band exists, and Dagster.
"""

from eo_pipeline.core.product.area import AreaGrid
from eo_pipeline.core.product.budget import Budget
from eo_pipeline.core.product.chips import Chips, Strata, Visualize
from eo_pipeline.core.product.composite import Composite
from eo_pipeline.core.product.declaration import Product, ProductDeclaration
from eo_pipeline.core.product.mask import CloudScorePlus, Mask, S2Cloudless
from eo_pipeline.core.product.mosaic import Mosaic
from eo_pipeline.core.product.periods import Duration, Periods, Start
from eo_pipeline.core.product.points import Points
from eo_pipeline.core.product.results import Cube, Export, OutputBand
from eo_pipeline.core.product.section import Bounds, Point
from eo_pipeline.core.product.series import Series
from eo_pipeline.core.product.source import Condition, Index, Source
from eo_pipeline.core.product.table import Table, TableColumn
from eo_pipeline.core.product.zones import ZoneTable

__all__ = [
    "AreaGrid",
    "Bounds",
    "Budget",
    "Chips",
    "CloudScorePlus",
    "Composite",
    "Condition",
    "Cube",
    "Duration",
    "Export",
    "Index",
    "Mask",
    "Mosaic",
    "OutputBand",
    "Periods",
    "Point",
    "Points",
    "Product",
    "ProductDeclaration",
    "S2Cloudless",
    "Series",
    "Source",
    "Start",
    "Strata",
    "Table",
    "TableColumn",
    "Visualize",
    "ZoneTable",
]
