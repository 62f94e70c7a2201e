"""The `grid` of a request, its members' kinds checked. What does not belong here: what the grid means for an image."""

import math
from collections.abc import Mapping

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, number, text, whole

_AFFINE = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
_LARGEST = 1e15


def checked_grid(spec: Mapping[str, object]) -> Mapping[str, object] | None:
    """The same grid with whole dimensions and finite numbers; None for an empty one.

    Raises:
        ServiceError: A member is of the wrong kind or out of range.
    """
    if not spec:
        return None
    checked: dict[str, object] = {name: text(spec, name) for name in ("crsCode", "crsWkt") if spec.get(name)}
    dimensions, affine = mapping(spec, "dimensions"), mapping(spec, "affineTransform")
    if dimensions:
        checked["dimensions"] = {name: _side(dimensions, name) for name in ("width", "height")}
    if affine:
        checked["affineTransform"] = {name: _finite(affine, name) for name in _AFFINE}
    return checked


def _side(dimensions: Mapping[str, object], name: str) -> int:
    side = whole(dimensions, name) or 0
    if not 0 < side < 2**31:
        raise ServiceError(f"Invalid value at 'grid.dimensions.{name}': {side} must be positive and below 2^31.")
    return side


def _finite(affine: Mapping[str, object], name: str) -> float:
    value = number(affine, name) or 0.0
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise ServiceError(f"Invalid value at 'grid.affineTransform.{name}': {value} is not a usable number.")
    return value
