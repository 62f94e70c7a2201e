"""What is done with arrays, on blocks (pixel, *axes) of equally shaped ones. What does not belong here: pixels, names.

Axes are counted as a client counts them: axis 0 is the first one after the pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.array_pixels import cells
from eo_pipeline.sandbox.graph.reducers import Reducer

LARGEST_ARRAY = 1_000_000
"""Elements that an array may have."""


def checked_axis(axis: int, axes: int) -> int:
    """The axis of a block.

    Raises:
        ServiceError: arrays have no such axis.
    """
    if not 0 <= axis < axes:
        raise ServiceError(f"Array: Axis {axis} is not within 0 and {axes - 1}.")
    return axis + 1


def checked_size(*lengths: int) -> None:
    """Refuses arrays that are too large.

    Raises:
        ServiceError: names the limit.
    """
    if any(length < 0 for length in lengths) or np.prod([float(length) for length in lengths]) > LARGEST_ARRAY:
        raise ServiceError(f"Array: Lengths {list(lengths)} must not be negative, nor exceed {LARGEST_ARRAY} elements.")


def concatenated(blocks: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """Arrays one after the other along an axis, which may be a new one after the last."""
    axes = blocks[0].ndim - 1
    if any(block.ndim - 1 != axes for block in blocks):
        raise ServiceError("Array.cat: Arrays must have the same number of dimensions.")
    if axis == axes:
        blocks = [block[..., None] for block in blocks]
    place = checked_axis(axis, max(axes, axis if axis == axes else 0) + (axis == axes))
    if len({(*block.shape[1:place], *block.shape[place + 1 :]) for block in blocks}) > 1:
        raise ServiceError("Array.cat: Arrays must have the same lengths along all axes but the one to concatenate.")
    return np.concatenate(blocks, place)


def projected(block: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """Only some axes, in this order; the others have to be of length 1."""
    kept = [checked_axis(axis, block.ndim - 1) for axis in axes]
    dropped = tuple(axis for axis in range(1, block.ndim) if axis not in kept)
    if len(set(kept)) < len(kept) or not kept or any(block.shape[axis] != 1 for axis in dropped):
        raise ServiceError(f"Array.project: Axes {list(axes)} must be different, and the others of length 1.")
    return block.transpose(0, *kept, *dropped).reshape(len(block), *(block.shape[axis] for axis in kept))


def sliced(block: np.ndarray, axis: int, start: int, end: int | None, step: int) -> np.ndarray:
    """Positions from start up to, not including, end along an axis."""
    if step < 1:
        raise ServiceError(f"Array.slice: Expected a positive step, got {step}.")
    place = checked_axis(axis, block.ndim - 1)
    return block[(slice(None),) * place + (slice(start, end, step),)]


def at_position(block: np.ndarray, position: Sequence[int]) -> np.ndarray:
    """The element at a position.

    Raises:
        ServiceError: it lies outside, or has not as many numbers as the array has axes.
    """
    lengths = block.shape[1:]
    if len(position) != len(lengths):
        raise ServiceError(f"Array.get: Expected a position of {len(lengths)} numbers, got {len(position)}.")
    if any(not 0 <= index < length for index, length in zip(position, lengths, strict=True)):
        raise ServiceError(f"Array.get: Position {list(position)} is outside of an array of lengths {list(lengths)}.")
    return block.reshape(len(block), -1)[:, int(np.ravel_multi_index(tuple(position), lengths))]


def reshaped(block: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Other lengths; one of them may be -1."""
    known = [length for length in lengths if length != -1]
    checked_size(*known)
    size = int(np.prod(block.shape[1:]))
    rest = int(np.prod(known))
    if len(known) < len(lengths) - 1 or (len(known) == len(lengths) and rest != size) or (rest and size % rest):
        raise ServiceError(f"Array.reshape: Cannot give {size} elements the lengths {list(lengths)}.")
    whole = [length if length != -1 else (size // rest if rest else 0) for length in lengths]
    return block.reshape(len(block), *whole)


def transposed(block: np.ndarray, axis1: int, axis2: int) -> np.ndarray:
    """Two axes exchanged; an axis that is not there yet counts as one of length 1."""
    while block.ndim - 1 <= max(axis1, axis2) < 8:
        block = block[..., None]
    axes = block.ndim - 1
    return block.swapaxes(checked_axis(axis1, axes), checked_axis(axis2, axes))


def repeated(block: np.ndarray, axis: int, copies: int) -> np.ndarray:
    """The array so many times along an axis, which may be a new one after the last."""
    block = block[..., None] if axis == block.ndim - 1 else block
    place = checked_axis(axis, block.ndim - 1)
    checked_size(*block.shape[1:], copies)
    return np.concatenate([block] * copies, place) if copies else block.take([], place)


def padded(block: np.ndarray, lengths: Sequence[int], value: float) -> np.ndarray:
    """Filled up at the end of each axis to a length."""
    if len(lengths) != block.ndim - 1:
        raise ServiceError(f"Array.pad: Expected {block.ndim - 1} lengths, got {len(lengths)}.")
    whole = [max(wanted, there) for wanted, there in zip(lengths, block.shape[1:], strict=True)]
    checked_size(*whole)
    more = [(0, length - there) for length, there in zip(whole, block.shape[1:], strict=True)]
    return np.pad(block, [(0, 0), *more], constant_values=block.dtype.type(value))


def ordered(block: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Sorted along the axis in which the keys have several elements, by the keys; equal ones stay in order."""
    long = [axis for axis in range(1, keys.ndim) if keys.shape[axis] != 1]
    if len(long) > 1 or keys.ndim != block.ndim or block.ndim == 1:
        raise ServiceError("Array.sort: Keys must have as many axes, and be longer than 1 along one of them only.")
    axis = long[0] if long else 1
    if keys.shape[axis] != block.shape[axis]:
        raise ServiceError("Array.sort: Keys must be as many as the elements to sort.")
    return np.take_along_axis(block, np.argsort(keys, axis=axis, kind="stable"), axis)


def masked(block: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Of each array the positions along the mask's longest axis where the mask is not 0, as cells (pixel)."""
    long = [axis for axis in range(1, mask.ndim) if mask.shape[axis] != 1]
    axis = long[0] if long else 1
    if len(long) > 1 or not 1 < mask.ndim <= block.ndim or mask.shape[axis] != block.shape[axis]:
        raise ServiceError("Array.mask: The mask must be longer than 1 along one axis only, and fit the array there.")
    chosen = mask.reshape(len(mask), -1) != 0
    order, counts = np.argsort(~chosen, axis=1, kind="stable"), chosen.sum(axis=1)
    result = np.empty(len(block), object)
    for count in np.unique(counts):
        same = np.flatnonzero(counts == count)
        along = np.expand_dims(order[same, :count], tuple(a for a in range(1, block.ndim) if a != axis))
        result[same] = cells(np.take_along_axis(block[same], along, axis))
    return result


def accumulated(block: np.ndarray, axis: int, reducer: Reducer | None) -> np.ndarray:
    """At each position the reduction of all up to it; the sum by default."""
    place = checked_axis(axis, block.ndim - 1)
    if reducer is None:
        return np.cumsum(block, axis=place, dtype=np.float64)
    slices = [sliced(block, axis, 0, end, 1) for end in range(1, block.shape[place] + 1)]
    reduced_ = [reduced(one, reducer, [axis], None) for one in slices]
    return np.concatenate(reduced_, place) if reduced_ else block.astype(np.float64)


def reduced(block: np.ndarray, reducer: Reducer, axes: Sequence[int], field_axis: int | None) -> np.ndarray:
    """A reducer over some axes, which become 1 long; its inputs and outputs lie along the field axis.

    Outputs without a value are not a number.
    """
    number = block.ndim - 1
    gone = sorted({checked_axis(axis, number) for axis in axes})
    fields = None if field_axis is None else checked_axis(field_axis, number)
    several = reducer.inputs > 1 or len(reducer.outputs) > 1
    if (several and fields is None) or fields in gone:
        raise ServiceError("Array.reduce: A reducer of several inputs or outputs needs a field axis of its own.")
    if several and block.shape[fields or 0] != reducer.inputs:
        raise ServiceError(f"Array.reduce: The field axis must have {reducer.inputs} elements, one for each input.")
    inputs = [block.take([place], fields) for place in range(reducer.inputs)] if several else [block]
    outcomes = _run(inputs, reducer, gone)
    return np.concatenate(outcomes, fields) if several else outcomes[0]


def _run(inputs: Sequence[np.ndarray], reducer: Reducer, gone: Sequence[int]) -> list[np.ndarray]:
    first = inputs[0]
    kept = [axis for axis in range(first.ndim) if axis not in gone]
    lengths = [1 if axis in gone else first.shape[axis] for axis in range(first.ndim)]
    places = int(np.prod([first.shape[axis] for axis in kept]))
    size = int(np.prod([first.shape[axis] for axis in gone]))
    samples = [one.transpose(*gone, *kept).reshape(size, places) for one in inputs]
    weights = np.ones((size, places), bool)
    if not size:
        samples, weights = [np.zeros((1, places)) for _ in inputs], np.zeros((1, places), bool)
    outcomes = reducer.run(samples, weights)
    if any(values.dtype == object for values, _ in outcomes):
        raise ServiceError(f"Array.reduce: Reducer outputs {list(reducer.outputs)} are not numbers.")
    return [np.where(valid, values, np.nan).reshape(lengths) for values, valid in outcomes]


def first_largest(block: np.ndarray) -> np.ndarray:
    """(pixel, axis) the position of the first largest element."""
    place = block.reshape(len(block), -1).argmax(axis=1)
    return np.stack(np.unravel_index(place, block.shape[1:]), axis=1)
