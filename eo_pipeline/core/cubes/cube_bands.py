"""Whether a cube's variables hold bands as they are encoded.

What does not belong here: whether the whole cube fits a template (`cube_arrays.differences`).
"""

from collections.abc import Iterator, Mapping, Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import ArrayLayout
from eo_pipeline.core.cubes.cube_attributes import packing
from eo_pipeline.core.cubes.cube_template import fill_value
from eo_pipeline.errors import CubeError

_PACKING = ("_FillValue", "scale_factor", "add_offset")


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
