"""The cube's time axis: every slot from the product's start to the last period asked for, in order.

A period that arrives late finds its slot, empty, between its neighbours, so slots are always sorted and the axis only
ever grows at its end. What does not belong here: pixels (`regions`) and the rule (`core.period_rules`).
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
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at, describe
from eo_pipeline.storage.cubes.repository import Cube
from eo_pipeline.storage.cubes.transaction import Commit, transact


def extend_time(cube: Cube, period: Period) -> Commit:
    """Make the time axis reach `period`, in a commit of its own; nothing is committed if it does.

    Raises:
        CubeError: the period is not one of the product's, or lies where the axis has no slot for it.
    """
    metadata = {"product": cube.template.product, "partition": f"time axis to {period.key}"}
    with storage_failures(cube.address):
        commit, _ = transact(
            cube.address, cube.repository, lambda group: (_extend(group, cube.template, period), None), metadata
        )
    return commit


def slot_of(group: zarr.Group, template: CubeTemplate, period: Period) -> int:
    """The slot of `period`, counted from 0.

    Raises:
        CubeError: the axis has no such slot.
    """
    starts = _starts(group)
    slot = _found(starts, template, period)
    if slot is not None:
        return slot
    raise CubeError(
        f"Expected a slot for {period.key} in the cube of {template.product}, got {_span(starts, template)}; "
        "call extend_time first. A period before the product's start, or an image date added between others, has no "
        "slot: write to a new repository."
    )


def has_slot(group: zarr.Group, template: CubeTemplate, period: Period) -> bool:
    """True if the axis has a slot for `period`."""
    return _found(_starts(group), template, period) is not None


def _found(starts: NDArray[np.int64], template: CubeTemplate, period: Period) -> int | None:
    wanted = encode_instant(period.start, template.time_unit)
    slot = int(np.searchsorted(starts, wanted))
    return slot if slot < len(starts) and starts[slot] == wanted else None


def _extend(group: zarr.Group, template: CubeTemplate, period: Period) -> bool:
    starts = _starts(group)
    new = _missing(template, starts, period)
    if not new:
        slot_of(group, template, period)
        return False
    old, length = len(starts), len(starts) + len(new)
    for layout in describe(group).arrays:
        if layout.dimensions[:1] == (TIME,):
            array_at(group, layout.path).resize((length, *layout.shape[1:]))
    unit = template.time_unit
    bounds = np.array([(encode_instant(p.start, unit), encode_instant(p.end, unit)) for p in new], dtype="i8")
    array_at(group, TIME)[old:length] = bounds[:, 0]
    array_at(group, "time_bnds")[old:length] = bounds
    slot_of(group, template, period)
    return True


def _missing(template: CubeTemplate, starts: NDArray[np.int64], period: Period) -> tuple[Period, ...]:
    """The periods after the axis' last slot, up to `period`."""
    if not len(starts):
        return template.rule.periods(template.start, period.end)
    last = decode_instant(int(starts[-1]), template.time_unit)
    return template.rule.periods(last + timedelta(microseconds=1), period.end)


def _starts(group: zarr.Group) -> NDArray[np.int64]:
    return np.asarray(array_at(group, TIME)[:], dtype="i8")


def _span(starts: NDArray[np.int64], template: CubeTemplate) -> str:
    if not len(starts):
        return "an axis without slots"
    first, last = (decode_instant(int(starts[index]), template.time_unit) for index in (0, -1))
    return f"{len(starts)} slots from {first.isoformat()} to {last.isoformat()}"
