"""Which axis a dimension is, from its name and attributes (CF-1.11, section 4). What does not belong here: files."""

from collections.abc import Mapping
from typing import Any

_NAMES = {
    "x": frozenset({"x", "lon", "longitude", "long", "easting", "xc"}),
    "y": frozenset({"y", "lat", "latitude", "northing", "yc"}),
    "t": frozenset({"t", "time", "valid_time", "date", "datetime"}),
}
_STANDARD = {
    "longitude": "x",
    "latitude": "y",
    "projection_x_coordinate": "x",
    "projection_y_coordinate": "y",
    "time": "t",
}
_UNITS = {"degrees_east": "x", "degree_east": "x", "degrees_north": "y", "degree_north": "y"}
_AXES = {"X": "x", "Y": "y", "T": "t"}


def axis_of(name: str, attributes: Mapping[str, Any]) -> str:
    """`x`, `y` or `t`; the name itself of any other dimension. Attributes count before names."""
    told = (
        _AXES.get(str(attributes.get("axis", "")).upper()),
        _STANDARD.get(str(attributes.get("standard_name", "")).lower()),
        _UNITS.get(str(attributes.get("units", ""))),
        "t" if " since " in str(attributes.get("units", "")) else None,
    )
    by_name = (axis for axis, names in _NAMES.items() if name.lower() in names)
    return next((axis for axis in told if axis), None) or next(by_name, name)
