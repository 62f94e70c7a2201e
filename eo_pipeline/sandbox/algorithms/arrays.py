"""Arrays as values. What does not belong here: pixels that are arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eo_pipeline.sandbox.algorithms.arithmetic import OPERATIONS
from eo_pipeline.sandbox.algorithms.array_images import dot
from eo_pipeline.sandbox.algorithms.lists import get as list_element
from eo_pipeline.sandbox.algorithms.unary import CASTS, FUNCTIONS, cut_to
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph import array_blocks as blocks_of
from eo_pipeline.sandbox.graph.coercions import as_array, as_number
from eo_pipeline.sandbox.graph.collections import Element
from eo_pipeline.sandbox.graph.matrices import OF_ONE, OF_TWO
from eo_pipeline.sandbox.graph.pixel_types import PixelType, pixel_type_of
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Array

FAMILY = Family()

MOST_AXES = 16
"""Number of the last axis along which Dictionary.toArray may put numbers."""


def _block(array: Array) -> np.ndarray:
    """The array as a block of one pixel."""
    return array.values[None]


def _array(block: np.ndarray) -> Array:
    """The only array of a block or of cells."""
    return Array(np.asarray(block[0]))


@FAMILY.algorithm("Array")
def array(values: object, pixel_type: PixelType | None) -> Array:
    """An array of a number, or of lists of lists of numbers."""
    found = as_array(values)
    return found if pixel_type is None else _cast(found, pixel_type)


def _cast(array: Array, target: PixelType) -> Array:
    return Array(np.asarray(cut_to(target)(array.values)).astype(target.dtype))


@FAMILY.algorithm("Array.identity")
def identity(size: int) -> Array:
    """A square matrix with ones on its diagonal."""
    blocks_of.checked_size(size, size)
    return Array(np.eye(size))


@FAMILY.algorithm("Array.get")
def get(array: Array, position: list[int]) -> object:
    """The element at a position."""
    return as_number(blocks_of.at_position(_block(array), position)[0])


@FAMILY.algorithm("Array.toList")
def to_list(array: Array) -> object:
    """Lists of lists of numbers."""
    return array.values.tolist()


@FAMILY.algorithm("Array.length")
def length(array: Array) -> Array:
    """The lengths along all axes."""
    return Array(np.array(array.values.shape, np.int64))


@FAMILY.algorithm("Array.cat")
def cat(arrays: list[Array], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    if not arrays:
        raise ServiceError("Array.cat: Expected at least one array.")
    return _array(blocks_of.concatenated([_block(one) for one in arrays], axis))


@FAMILY.algorithm("Array.slice")
def slice_(array: Array, axis: int, start: int, end: int | None, step: int) -> Array:
    """Positions from start up to, not including, end along an axis."""
    return _array(blocks_of.sliced(_block(array), axis, start, end, step))


@FAMILY.algorithm("Array.project")
def project(array: Array, axes: list[int]) -> Array:
    """Only some axes; the others have to be of length 1."""
    return _array(blocks_of.projected(_block(array), axes))


@FAMILY.algorithm("Array.reshape")
def reshape(array: Array, shape: Array) -> Array:
    """Other lengths."""
    return _array(blocks_of.reshaped(_block(array), [int(one) for one in shape.values.ravel()]))


@FAMILY.algorithm("Array.transpose", "Array.matrixTranspose")
def transpose(array: Array, axis1: int, axis2: int) -> Array:
    """Two axes exchanged."""
    return _array(blocks_of.transposed(_block(array), axis1, axis2))


@FAMILY.algorithm("Array.repeat")
def repeat(array: Array, axis: int, copies: int) -> Array:
    """The array so many times along an axis."""
    return _array(blocks_of.repeated(_block(array), axis, copies))


@FAMILY.algorithm("Array.pad")
def pad(array: Array, lengths: list[int], pad: float) -> Array:
    """Filled up to a length along each axis."""
    return _array(blocks_of.padded(_block(array), lengths, pad))


@FAMILY.algorithm("Array.sort")
def sort(array: Array, keys: Array | None) -> Array:
    """Sorted by keys, or by the values themselves."""
    return _array(blocks_of.ordered(_block(array), _block(keys or array)))


@FAMILY.algorithm("Array.mask")
def mask(input_: Array, mask: Array) -> Array:
    """Only the positions where another array is not 0."""
    return _array(blocks_of.masked(_block(input_), _block(mask)))


@FAMILY.algorithm("Array.reduce")
def reduce_(array: Array, reducer: Reducer, axes: list[int], field_axis: int | None) -> Array:
    """A reducer over some axes, which become 1 long."""
    return _array(blocks_of.reduced(_block(array), reducer, axes, field_axis))


@FAMILY.algorithm("Array.accum")
def accum(array: Array, axis: int, reducer: Reducer | None) -> Array:
    """At each position the reduction of all up to it; the sum by default."""
    return _array(blocks_of.accumulated(_block(array), axis, reducer))


@FAMILY.algorithm("Array.argmax")
def argmax(array: Array) -> list[int] | None:
    """The position of the first largest element; null of an empty array."""
    if not array.values.size:
        return None
    return [int(place) for place in blocks_of.first_largest(_block(array))[0]]


@FAMILY.algorithm("Array.dotProduct")
def dot_product(array1: Array, array2: Array) -> float:
    """The sum of products of two one-dimensional arrays."""
    return float(dot(_block(array1), _block(array2))[0])


def _register_matrix(name: str, function: Callable[[np.ndarray], np.ndarray], dimensions: int) -> None:
    def wire(input_: Array) -> object:
        found = function(_block(input_))
        return _array(found) if dimensions else float(found[0])

    FAMILY.add(f"Array.{name}", wire)


def _register_matrices(name: str, function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    def wire(left: Array, right: Array) -> Array:
        return _array(function(_block(left), _block(right)))

    FAMILY.add(f"Array.{name}", wire)


def _register_operation(name: str) -> None:
    operation = OPERATIONS[name]

    def wire(left: Array, right: Array) -> Array:
        a, b = left.values, right.values
        if a.ndim and b.ndim and a.shape != b.shape:
            raise ServiceError(f"Array.{name}: Expected arrays of the same lengths, got {a.shape} and {b.shape}.")
        dtype = operation.types(pixel_type_of(a.dtype), pixel_type_of(b.dtype)).dtype
        with np.errstate(all="ignore"):
            return Array(np.asarray(operation.values(a, b, dtype)).astype(dtype))

    FAMILY.add(f"Array.{name}", wire)


def _register_function(name: str) -> None:
    function = FUNCTIONS[name]

    def wire(input_: Array) -> Array:
        target = function.types(pixel_type_of(input_.values.dtype))
        with np.errstate(all="ignore"):
            return Array(np.asarray(function.values(input_.values)).astype(target.dtype))

    FAMILY.add(f"Array.{name}", wire)


def _register_cast(name: str, target: PixelType) -> None:
    def wire(input_: Array) -> Array:
        return _cast(input_, target)

    FAMILY.add(f"Array.{name}", wire)


for _name, (_function, _dimensions) in OF_ONE.items():
    _register_matrix(_name, _function, _dimensions)
for _name, _pair in OF_TWO.items():
    _register_matrices(_name, _pair)
for _name in OPERATIONS:
    _register_operation(_name)
for _name in FUNCTIONS:
    _register_function(_name)
for _name, _target in CASTS.items():
    _register_cast(_name, _target)


def _of_numbers(function: str, found: dict[str, object], names: list[str]) -> Array:
    missing = [name for name in names if found.get(name) is None]
    if missing:
        raise ServiceError(f"{function}: There is no number named '{missing[0]}'.")
    return Array(np.array([as_number(found[name]) for name in names]))


@FAMILY.algorithm("Dictionary.toArray")
def dictionary_to_array(dictionary: dict[str, object], keys: list[str] | None, axis: int) -> Array:
    """The numbers of a dictionary along an axis, those of all keys in order by default."""
    if not 0 <= axis <= MOST_AXES:
        raise ServiceError(f"Dictionary.toArray: Expected an axis of 0..{MOST_AXES}, got {axis}.")
    found = _of_numbers("Dictionary.toArray", dictionary, sorted(dictionary) if keys is None else keys)
    return Array(found.values.reshape((1,) * axis + (-1,)))


@FAMILY.algorithm("Dictionary.getArray")
def dictionary_get_array(dictionary: dict[str, object], key: str) -> Array:
    """An array by its key."""
    if key not in dictionary:
        raise ServiceError(f"Dictionary.getArray: Dictionary does not contain key: '{key}'.")
    return as_array(dictionary[key])


@FAMILY.algorithm("Feature.toArray")
def feature_to_array(feature: Element, properties: list[str]) -> Array:
    """The numbers of some properties."""
    return _of_numbers("Feature.toArray", dict(feature.properties), properties)


@FAMILY.algorithm("List.getArray")
def list_get_array(list_: list[object], index: int) -> Array:
    """The array at a place of a list."""
    return as_array(list_element(list_, index))
