"""Bands of a cube's variables: how they are encoded, and whether that is what bands expect.

What does not belong here: whether the whole cube fits a template (`cube_arrays.differences`).
"""

from collections.abc import Iterator, Mapping, Sequence

from eo_pipeline.core.bands import BandEncoding, Kind
from eo_pipeline.core.cubes.cube_arrays import ArrayLayout
from eo_pipeline.core.cubes.cube_attributes import packing
from eo_pipeline.core.cubes.cube_template import fill_value
from eo_pipeline.errors import CubeError

_PACKING = ("_FillValue", "scale_factor", "add_offset")
_COUNTS = ("n_obs", "n_valid")
"""Bands that products count images in."""


def check_bands(variables: Mapping[str, ArrayLayout], bands: Sequence[BandEncoding], *, cube: str) -> None:
    """Refuse a cube that lacks a band or holds it in another encoding: its numbers would be taken for other values.

    Args:
        variables: the cube's, by name.
        bands: that are to be read.
        cube: where it is.

    Raises:
        CubeError: lists every difference of every band.
    """
    lines = [f"  {band.name}: {line}" for band in bands for line in _differences(variables, band)]
    if lines:
        raise CubeError(
            f"Expected the cube {cube} to hold the bands as they are declared, got differences:\n"
            + "\n".join(lines)
            + "\nName bands of the cube as its own product declares them."
        )


def bands_of(variables: Mapping[str, ArrayLayout]) -> tuple[BandEncoding, ...]:
    """The bands of a cube of this project as its own attributes describe them, in the order of their names.

    Whole numbers without `_FillValue` and scale are classes, or counts where the name is a count's; their fill value
    is their nodata, as every product declares it.

    Raises:
        CubeError: there is no band.
    """
    if not variables:
        raise CubeError("Expected bands over time, y and x in the cube, got none; check the address.")
    return tuple(_band(name, found) for name, found in sorted(variables.items()))


def _band(name: str, found: ArrayLayout) -> BandEncoding:
    said, fill = found.attributes, found.fill_value
    is_float = found.dtype.startswith("float")
    packed = any(word in said for word in _PACKING)
    # scaled whole numbers without `_FillValue` have no number for nothing: Zarr's fill value is 0 then
    has_nodata = "_FillValue" in said or not packed or is_float
    kind: Kind = "continuous" if packed or is_float else "categorical"
    return BandEncoding(
        name=name,
        dtype=found.dtype,
        scale=float(str(said.get("scale_factor", 1.0))),
        offset=float(str(said.get("add_offset", 0.0))),
        nodata=(float(fill) if is_float else int(fill)) if has_nodata else None,
        units=str(said.get("units", "")),
        description=str(said.get("long_name", "")),
        kind="count" if name in _COUNTS else kind,
    )


def _differences(variables: Mapping[str, ArrayLayout], band: BandEncoding) -> Iterator[str]:
    found = variables.get(band.name)
    if found is None:
        yield f"not in the cube, which has {', '.join(sorted(variables)) or 'no band'}"
        return
    if found.dtype != band.dtype:
        yield f"expected {band.dtype}, the cube has {found.dtype}"
    if found.fill_value != fill_value(band):
        yield f"expected the fill value {fill_value(band)}, the cube has {found.fill_value}"
    wanted = packing(band) if band.kind == "continuous" else {}
    there = {name: found.attributes[name] for name in _PACKING if name in found.attributes}
    if wanted != there:
        yield f"expected the packing {wanted}, the cube has {there}"
