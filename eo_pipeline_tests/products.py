"""Small products that tests declare, as a person would.

What does not belong here: expectations, and services.
"""

from collections.abc import Mapping
from typing import Any

from eo_pipeline.core.product import Product

SMALL: Mapping[str, Any] = {
    "name": "small",
    "source": {"collection": "local/scenes", "bands": ["B4", "B8"]},
    "period": {"every": "month", "start": "2024-01"},
    "area": {"box": [0, 0, 100, 100], "crs": "EPSG:32633", "resolution": 10},
}


def declared(**sections: object) -> dict[str, Any]:
    """The small product's declaration with sections replaced; a section that is None is left out."""
    return {name: value for name, value in {**SMALL, **sections}.items() if value is not None}


def product(**sections: object) -> Product:
    """The small product with sections replaced."""
    return Product.model_validate(declared(**sections))
