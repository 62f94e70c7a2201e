"""The cube's time axis: every slot from the product's start to the last period asked for, in order.

A period that arrives late finds its slot, empty, between its neighbours, so slots are always sorted and the axis only
ever grows at its end. What does not belong here: pixels (`partitions`) and the rule (`core.period_rules`).
"""

from datetime import timedelta

import numpy as np
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_arrays import TIME
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.cube_time import decode_instant, encode_instant
from eo_pipeline.core.periods import Period
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.layout import array_at, describe
from eo_pipeline.storage.cubes.transaction import Commit

_BOUNDS = "time_bnds"


def extend_time(cube: CubeStore, period: Period) -> Commit:
    """Make the time axis reach `period`, in a commit of its own; nothing is committed if it does.

    Raises:
        CubeError: the period is not one of the product's, lies where the axis has no slot for it, or would share time
            with a slot that is there.
    """
    metadata = {"product": cube.template.product, "partition": f"time axis to {period.key}"}
    commit, _ = cube.change(lambda group: (_extend(group, cube.template, period), None), metadata)
    return commit


def slot_of(group: zarr.Group, template: CubeTemplate, period: Period) -> int:
    """The slot of `period`, counted from 0.

    Raises:
        CubeError: the axis has no such slot, or one that ends at another instant.
    """
    bounds = whole_bounds(group)
    slot = _found(bounds, template, period)
    if slot is not None:
        return slot
    raise CubeError(
        f"Expected a slot for {period.key} in the cube of {template.product}, got {_span(bounds, template)}; "
        "call extend_time first. A period before the product's start, or an image date added between others, has no "
        "slot: write to a new repository."
    )


def has_slot(group: zarr.Group, template: CubeTemplate, period: Period) -> bool:
    """True if the axis has a slot for `period`.

    Raises:
        CubeError: it has one that ends at another instant.
    """
    return _found(whole_bounds(group), template, period) is not None


def _found(bounds: NDArray[np.int64], template: CubeTemplate, period: Period) -> int | None:
    start, end = (encode_instant(instant, template.time_unit) for instant in (period.start, period.end))
    slot = int(np.searchsorted(bounds[:, 0], start))
    if slot == len(bounds) or bounds[slot, 0] != start:
        return None
    if bounds[slot, 1] != end:
        raise _overlap(f"slot {slot}", int(bounds[slot, 1]), template, period)
    return slot


def _overlap(what: str, end: int, template: CubeTemplate, period: Period) -> CubeError:
    return CubeError(
        f"Expected slots of the cube of {template.product} to share no time with {period.key}, "
        f"{period.start.isoformat()} to {period.end.isoformat()}, got {what}, which ends at "
        f"{decode_instant(end, template.time_unit).isoformat()}; keep the periods as they were, or write to a new "
        "repository."
    )


def _extend(group: zarr.Group, template: CubeTemplate, period: Period) -> bool:
    found = whole_bounds(group)
    new = _missing(template, found, period)
    if not new:
        slot_of(group, template, period)
        return False
    old, length = len(found), len(found) + len(new)
    for layout in describe(group).arrays:
        if layout.dimensions[:1] == (TIME,):
            array_at(group, layout.path).resize((length, *layout.shape[1:]))
    unit = template.time_unit
    bounds = np.array([(encode_instant(p.start, unit), encode_instant(p.end, unit)) for p in new], dtype="i8")
    array_at(group, TIME)[old:length] = bounds[:, 0]
    array_at(group, _BOUNDS)[old:length] = bounds
    slot_of(group, template, period)
    return True


def _missing(template: CubeTemplate, bounds: NDArray[np.int64], period: Period) -> tuple[Period, ...]:
    """The periods after the axis' last slot, up to `period`.

    Raises:
        CubeError: the first of them starts before that slot ends.
    """
    if not len(bounds):
        return template.rule.periods(template.start, period.end)
    start, end = (decode_instant(int(instant), template.time_unit) for instant in bounds[-1])
    new = template.rule.periods(start + timedelta(microseconds=1), period.end)
    if new and new[0].start < end:
        raise _overlap(f"slot {len(bounds) - 1}", int(bounds[-1, 1]), template, new[0])
    return new


def whole_bounds(group: zarr.Group) -> NDArray[np.int64]:
    """Start and end of each slot (slot, 2), in the template's unit.

    What a writer to plain Zarr left at the end who was killed while it extended the axis is no slot: bounds are written
    last.
    """
    bounds = np.asarray(array_at(group, _BOUNDS)[:], dtype="i8")
    whole = np.flatnonzero(bounds[:, 1] > bounds[:, 0])
    return bounds[: whole[-1] + 1 if len(whole) else 0]


def _span(bounds: NDArray[np.int64], template: CubeTemplate) -> str:
    if not len(bounds):
        return "an axis without slots"
    first, last = (decode_instant(int(bounds[index, 0]), template.time_unit) for index in (0, -1))
    return f"{len(bounds)} slots from {first.isoformat()} to {last.isoformat()}"
