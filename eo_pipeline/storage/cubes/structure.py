"""Whether a cube's arrays are what the template says, or at least fit each other.

What does not belong here: values (`verify`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import zarr

from eo_pipeline.core.bands import DTYPES, BandEncoding
from eo_pipeline.core.cubes.cube_arrays import TIME, ArrayLayout, GroupLayout, differences
from eo_pipeline.core.cubes.cube_attributes import GRID_MAPPING
from eo_pipeline.core.cubes.cube_findings import Check, Finding
from eo_pipeline.core.cubes.cube_ledger import RECORD, STATE
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.storage.cubes.layout import array_at, describe
from eo_pipeline.storage.cubes.shard_facts import CheckedBand
from eo_pipeline.storage.cubes.slots import NEEDED_ATTRIBUTES

_MAP = (TIME, "y", "x")
_NEEDED = ("x", "y", GRID_MAPPING, TIME, "time_bnds", STATE, RECORD)


def structure_findings(found: GroupLayout, template: CubeTemplate | None) -> Iterator[Finding]:
    """In what a cube departs from a template; without one, in what its arrays do not fit each other."""
    if template is not None:
        lines = (line.partition(": ") for line in differences(template.layout(), found))
        yield from (Finding(Check.STRUCTURE, where, said) for where, _, said in lines)
        return
    arrays = {array.path: array for array in found.arrays}
    lacking = [name for name in NEEDED_ATTRIBUTES if name not in found.attributes]
    yield from (Finding(Check.STRUCTURE, "cube", f"expected the attribute {name}, not there") for name in lacking)
    yield from (Finding(Check.STRUCTURE, path, "expected, not there") for path in _NEEDED if path not in arrays)
    bands = sorted((array for array in found.arrays if array.dimensions == _MAP), key=lambda array: array.path)
    if not bands:
        yield Finding(Check.STRUCTURE, "cube", f"expected a band over ({', '.join(_MAP)}), got none")
    if bands and all(path in arrays for path in _NEEDED):
        yield from _misfits(arrays, bands)


def _misfits(arrays: dict[str, ArrayLayout], bands: list[ArrayLayout]) -> Iterator[Finding]:
    """Arrays whose shape or shards do not follow from the coordinates and from most bands."""
    slots, height, width = (arrays[name].shape[0] for name in _MAP)
    shards = _most_common(band.shards for band in bands)
    if shards is None:
        whole = next(band.path for band in bands if band.shards is None)
        yield Finding(Check.STRUCTURE, whole, "expected shards, got none")
        return
    grid = (-(-height // shards[1]), -(-width // shards[2]))
    expected: dict[str, tuple[int, ...]] = {band.path: (slots, height, width) for band in bands}
    expected |= {STATE: (slots, *grid), RECORD: (slots, *grid), "time_bnds": (slots, 2)}
    for path, shape in expected.items():
        if arrays[path].shape != shape:
            yield Finding(Check.STRUCTURE, path, f"expected the shape {shape}, got {arrays[path].shape}")
    for band in bands:
        if band.shards != shards or shards[0] != 1:
            said = f"expected shards of one slot, (1, {shards[1]}, {shards[2]}), got {band.shards}"
            yield Finding(Check.STRUCTURE, band.path, said)
        if band.dtype not in DTYPES:
            yield Finding(Check.STRUCTURE, band.path, f"expected one of {', '.join(DTYPES)}, got {band.dtype}")


def _most_common(shards: Iterable[tuple[int, ...] | None]) -> tuple[int, ...] | None:
    """What most have; of equally many the smallest, whatever the order is in which arrays are listed."""
    counted = Counter(shards)
    return min(counted, key=lambda shape: (-counted[shape], shape or ()))


def stored_bands(group: zarr.Group, template: CubeTemplate | None) -> tuple[CheckedBand, ...]:
    """The bands of a cube whose structure is right, as the template or their own attributes tell."""
    if template is not None:
        return tuple(CheckedBand(band, array_at(group, band.name)) for band in template.bands)
    layouts = (layout for layout in describe(group).arrays if layout.dimensions == _MAP)
    return tuple(CheckedBand(_told(layout, group), array_at(group, layout.path)) for layout in layouts)


def _told(layout: ArrayLayout, group: zarr.Group) -> BandEncoding:
    """What an array says of itself: one with `_FillValue` is continuous; of another only its own users know nodata."""
    if "_FillValue" not in layout.attributes and not layout.dtype.startswith("float"):
        return BandEncoding(layout.path, layout.dtype, kind="count")
    return BandEncoding(layout.path, layout.dtype, nodata=array_at(group, layout.path).fill_value.item())
