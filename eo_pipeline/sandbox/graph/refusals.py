"""What numerical libraries refuse to compute, said as the service says it. What does not belong here: checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyproj
import shapely
from affine import AffineError

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.limits import memory_exceeded


@contextmanager
def refusals(function: str = "") -> Iterator[None]:
    """Turns an argument that numpy, shapely or pyproj cannot compute with into a refusal of the request.

    Mistakes of the sandbox itself (a wrong type, a missing attribute or key) pass, and become an internal error.

    Args:
        function: wire name of the function that computes, if one alone does.

    Raises:
        ServiceError: 400, with the library's own words.
    """
    try:
        yield
    except MemoryError as error:
        raise memory_exceeded() from error
    except (
        ValueError,
        ArithmeticError,
        AffineError,
        shapely.errors.ShapelyError,
        pyproj.exceptions.ProjError,
    ) as error:
        raise ServiceError(f"{function}{': ' if function else ''}{error}") from error
