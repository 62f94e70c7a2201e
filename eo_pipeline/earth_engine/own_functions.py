"""Functions that a person names in a product as package.module.function.

What does not belong here: calling them (`recipes`, `steps.zones.wanted_zones`).
"""

import importlib
from collections.abc import Callable
from typing import Any

from eo_pipeline.errors import ProductError


def own_function(dotted: str, *, field: str) -> Callable[..., Any]:
    """A person's function.

    Args:
        dotted: package.module.function.
        field: of the declaration that names the function.

    Raises:
        ProductError: there is no such function.
    """
    module, _, name = dotted.rpartition(".")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ProductError(
            f"{field}: expected an importable function package.module.function, got {dotted!r} ({error}); "
            "install its package beside eo_pipeline or correct the name"
        ) from error
    return found
