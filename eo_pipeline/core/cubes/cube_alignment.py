"""Whether the coordinates and attributes of a cube mean one grid and one time axis.

What does not belong here: reading them (`storage.cubes.verify`).
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pyproj
from affine import Affine
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from eo_pipeline.core.cubes.cube_arrays import Json
from eo_pipeline.core.cubes.cube_attributes import GRID_MAPPING
from eo_pipeline.core.cubes.cube_findings import Check, Finding

_TOLERANCE_PIXELS = 1e-6


def coordinate_findings(affine: Affine, *, x: NDArray[np.float64], y: NDArray[np.float64]) -> Iterator[Finding]:
    """Coordinates that are not the pixel centres of the affine.

    Args:
        affine: of the grid, in rasterio's order.
        x: along columns, in CRS units.
        y: along rows, in CRS units.
    """
    axes = (("x", x, affine.c, affine.a), ("y", y, affine.f, affine.e))
    for name, found, origin, step in axes:
        expected = origin + step * (np.arange(len(found)) + 0.5)
        off = np.abs(found - expected) / abs(step)
        if len(found) and not float(np.max(off)) <= _TOLERANCE_PIXELS:
            worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
            yield Finding(
                Check.ALIGNMENT, name,
                f"expected {expected[worst]} at {worst} by the affine, got {found[worst]}, {off[worst]:.3g} pixels off",
            )  # fmt: skip


def attribute_findings(
    affine: Affine, crs: object, grid_mapping: Mapping[str, Json], arrays: Mapping[str, Mapping[str, Json]]
) -> Iterator[Finding]:
    """Attributes that tell of another grid than the group's.

    Args:
        affine: of the group, in rasterio's order.
        crs: of the group: a code or WKT.
        grid_mapping: CF's attributes.
        arrays: attributes of the bands, by name.
    """
    told = grid_mapping.get("GeoTransform")
    numbers = (affine.c, affine.a, affine.b, affine.f, affine.d, affine.e)
    if not isinstance(told, str) or tuple(float(word) for word in told.split()) != numbers:
        yield Finding(
            Check.ALIGNMENT, GRID_MAPPING, f"expected GeoTransform {' '.join(map(repr, numbers))}, got {told!r}"
        )
    if not _same_crs(crs, grid_mapping.get("crs_wkt")):
        yield Finding(Check.ALIGNMENT, GRID_MAPPING, f"expected a crs_wkt of {crs}, got another CRS")
    for name, attributes in arrays.items():
        own = attributes.get("spatial:transform")
        if own is not None and own != [float(number) for number in affine[:6]]:
            yield Finding(
                Check.ALIGNMENT, name, f"expected spatial:transform {list(affine[:6])} as of the group, got {own}"
            )


def time_findings(starts: NDArray[np.int64], bounds: NDArray[np.int64]) -> Iterator[Finding]:
    """Slots out of order or over each other, or whose bounds (slot, 2) are no half-open periods from their label on."""
    late = np.flatnonzero(np.diff(starts) <= 0)
    if len(late):
        slot = int(late[0]) + 1
        yield Finding(
            Check.ALIGNMENT, "time",
            f"expected slots in order, got {starts[slot]} in slot {slot} after {starts[slot - 1]}",
        )  # fmt: skip
    wrong = np.flatnonzero((bounds[:, 0] != starts) | (bounds[:, 1] <= starts))
    if len(wrong):
        slot = int(wrong[0])
        yield Finding(
            Check.ALIGNMENT, "time_bnds",
            f"expected a period that begins at {starts[slot]} in slot {slot}, got {bounds[slot].tolist()}",
        )  # fmt: skip
    shared = np.flatnonzero(bounds[:-1, 1] > bounds[1:, 0])
    if len(shared) and not len(late):
        slot = int(shared[0])
        yield Finding(
            Check.ALIGNMENT, "time_bnds",
            f"expected slots that share no time, got {bounds[slot].tolist()} in slot {slot} and "
            f"{bounds[slot + 1].tolist()} in slot {slot + 1}",
        )  # fmt: skip


def _same_crs(one: object, other: object) -> bool:
    try:
        return bool(pyproj.CRS.from_user_input(one) == pyproj.CRS.from_user_input(other))
    except CRSError:
        return False
