"""Functions of images whose pixels are arrays. What does not belong here: making them from images; arrays as values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph import array_blocks as blocks_of
from eo_pipeline.sandbox.graph.array_pixels import Blocks, OnBlocks, on_arrays
from eo_pipeline.sandbox.graph.band_math import matched_bands, one_for_each
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.matrices import OF_ONE, OF_TWO
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

MOST_BANDS = 4096
"""Bands that Image.arrayFlatten may make."""

LENGTH = PixelType("int", 0, 2**31 - 1)
"""Type of lengths, positions and numbers of dimensions."""


def _each(image: Image, function: Callable[[Band], Band]) -> Image:
    """Every band of arrays changed.

    Raises:
        ServiceError: a band holds plain numbers.
    """
    for band in image.bands:
        if not band.pixel_type.dimensions:
            raise ServiceError(f"Array: Band '{band.id}' holds plain numbers, not arrays.")
    return image.with_bands(*(function(band) for band in image.bands))


def _changed(image: Image, function: Callable[[np.ndarray], np.ndarray], pixel_type: PixelType | None = None) -> Image:
    """Every band by a function of a block; of the same type unless one is given."""

    def one(band: Band) -> Band:
        return on_arrays([band], lambda blocks, _: function(blocks[0]), band, pixel_type or band.pixel_type)

    return _each(image, one)


def _keyed(image: Image, keys: Sequence[Band], function: OnBlocks, dimensions: int | None = None) -> Image:
    """Every band by a function that also takes values of key bands."""

    def one(band: Band) -> Band:
        number = band.pixel_type.dimensions if dimensions is None else dimensions
        return on_arrays([band], function, band, band.pixel_type.of(number), keys)

    return _each(image, one)


@FAMILY.algorithm("Image.arrayGet")
def array_get(image: Image, position: Image) -> Image:
    """The element at a position, given by one band for each axis."""
    return _keyed(image, position.bands, lambda blocks, at: blocks_of.at_position(blocks[0], at), 0)


@FAMILY.algorithm("Image.arrayFlatten")
def array_flatten(image: Image, coordinate_labels: list[list[str]], separator: str) -> Image:
    """A band of plain numbers for each element, named after its labels along each axis."""
    if len(image.bands) != 1:
        raise ServiceError(f"Image.arrayFlatten: Expected an image with 1 band, got {len(image.bands)}.")
    lengths = [len(labels) for labels in coordinate_labels]
    if len(lengths) != image.bands[0].pixel_type.dimensions or not 0 < np.prod(lengths) <= MOST_BANDS:
        raise ServiceError(f"Image.arrayFlatten: Labels of lengths {lengths} do not fit the array, or are too many.")

    def element(position: tuple[int, ...]) -> Callable[[Blocks, Sequence[int]], np.ndarray]:
        def function(blocks: Blocks, _: Sequence[int]) -> np.ndarray:
            if list(blocks[0].shape[1:]) != lengths:
                raise ServiceError(
                    f"Image.arrayFlatten: Expected arrays of lengths {lengths}, got {list(blocks[0].shape[1:])}."
                )
            return blocks_of.at_position(blocks[0], position)

        return function

    band = image.bands[0]
    bands = []
    for labels, position in zip(
        product(*coordinate_labels), product(*(range(length) for length in lengths)), strict=True
    ):
        found = on_arrays([band], element(position), band, band.pixel_type.of(0))
        bands.append(replace(found, id=separator.join(labels)))
    return image.with_bands(*bands)


@FAMILY.algorithm("Image.arrayLength")
def array_length(input_: Image, axis: int) -> Image:
    """The length along an axis."""

    def length(block: np.ndarray) -> np.ndarray:
        return np.full(len(block), block.shape[blocks_of.checked_axis(axis, block.ndim - 1)])

    return _changed(input_, length, LENGTH)


@FAMILY.algorithm("Image.arrayLengths")
def array_lengths(input_: Image) -> Image:
    """The lengths along all axes, as an array."""
    return _changed(input_, lambda block: np.tile(block.shape[1:], (len(block), 1)), LENGTH.of(1))


@FAMILY.algorithm("Image.arrayDimensions")
def array_dimensions(input_: Image) -> Image:
    """The number of axes; 0 for plain numbers."""

    def one(band: Band) -> Band:
        number = band.pixel_type.dimensions
        return on_arrays([band], lambda blocks, _: np.full(len(blocks[0]), number), band, LENGTH)

    return input_.with_bands(*(one(band) for band in input_.bands))


@FAMILY.algorithm("Image.arrayProject")
def array_project(input_: Image, axes: list[int]) -> Image:
    """Only some axes; the others have to be of length 1."""

    def one(band: Band) -> Band:
        target = band.pixel_type.of(len(axes))
        return on_arrays([band], lambda blocks, _: blocks_of.projected(blocks[0], axes), band, target)

    return _each(input_, one)


@FAMILY.algorithm("Image.arraySlice")
def array_slice(input_: Image, axis: int, start: Image | None, end: Image | None, step: int) -> Image:
    """Positions from start up to, not including, end along an axis; both may differ from pixel to pixel."""
    keys = [*_single("start", start), *_single("end", end)]

    def cut(blocks: Blocks, values: Sequence[int]) -> np.ndarray:
        first = 0 if start is None else values[0]
        return blocks_of.sliced(blocks[0], axis, first, None if end is None else values[-1], step)

    return _keyed(input_, keys, cut)


def _single(name: str, image: Image | None) -> list[Band]:
    if image is None:
        return []
    if len(image.bands) != 1:
        raise ServiceError(f"Array: The image '{name}' must have 1 band, got {len(image.bands)}.")
    return [image.bands[0]]


@FAMILY.algorithm("Image.arrayRepeat")
def array_repeat(input_: Image, axis: int, copies: Image) -> Image:
    """Every array so many times along an axis."""

    def one(band: Band) -> Band:
        number = max(band.pixel_type.dimensions, axis + 1)
        return on_arrays(
            [band],
            lambda blocks, values: blocks_of.repeated(blocks[0], axis, values[0]),
            band,
            band.pixel_type.of(number),
            _single("copies", copies),
        )

    return _each(input_, one)


@FAMILY.algorithm("Image.arrayPad")
def array_pad(image: Image, lengths: list[int], pad: float) -> Image:
    """Filled up to a length along each axis."""
    return _changed(image, lambda block: blocks_of.padded(block, lengths, pad))


@FAMILY.algorithm("Image.arrayReshape")
def array_reshape(image: Image, lengths: Image, dimensions: int) -> Image:
    """Other lengths, given by an image of arrays; one of them may be -1."""
    wanted = _single("lengths", lengths)[0]

    def reshape(blocks: Blocks, _: Sequence[int]) -> np.ndarray:
        shapes = np.unique(blocks[1].reshape(len(blocks[1]), -1), axis=0)
        if len(shapes) > 1:
            raise ServiceError("Image.arrayReshape: The sandbox wants the same lengths at every pixel.")
        return blocks_of.reshaped(blocks[0], [int(length) for length in shapes[0]])

    def one(band: Band) -> Band:
        return on_arrays([band, wanted], reshape, band, band.pixel_type.of(dimensions))

    return _each(image, one)


@FAMILY.algorithm("Image.arrayTranspose", "Image.matrixTranspose")
def array_transpose(input_: Image, axis1: int, axis2: int) -> Image:
    """Two axes exchanged."""

    def one(band: Band) -> Band:
        number = max(band.pixel_type.dimensions, axis1 + 1, axis2 + 1)
        target = band.pixel_type.of(number)
        return on_arrays([band], lambda blocks, _: blocks_of.transposed(blocks[0], axis1, axis2), band, target)

    return _each(input_, one)


@FAMILY.algorithm("Image.arrayCat")
def array_cat(image1: Image, image2: Image, axis: int) -> Image:
    """Arrays of pairs of bands, one after the other along an axis."""

    def one(left: Band, right: Band, name: str) -> Band:
        number = max(left.pixel_type.dimensions, axis + 1)
        target = PixelType("double").of(number)
        if left.pixel_type.of(0) == right.pixel_type.of(0):
            target = left.pixel_type.of(number)
        found = on_arrays([left, right], lambda blocks, _: blocks_of.concatenated(blocks, axis), left, target)
        return replace(found, id=name)

    return image1.with_bands(*(one(*pair) for pair in matched_bands("Image.arrayCat", image1, image2)))


@FAMILY.algorithm("Image.arraySort")
def array_sort(image: Image, keys: Image | None) -> Image:
    """Sorted by keys along the axis in which these have several elements; by the values themselves by default."""
    pairs = one_for_each("Image.arraySort", image, keys or image)
    return image.with_bands(
        *(
            on_arrays([band, key], lambda blocks, _: blocks_of.ordered(blocks[0], blocks[1]), band, band.pixel_type)
            for band, key in pairs
        )
    )


@FAMILY.algorithm("Image.arrayMask")
def array_mask(input_: Image, mask: Image) -> Image:
    """Only the positions where another array is not 0."""
    pairs = one_for_each("Image.arrayMask", input_, mask)
    return input_.with_bands(
        *(
            on_arrays([band, other], lambda blocks, _: blocks_of.masked(blocks[0], blocks[1]), band, band.pixel_type)
            for band, other in pairs
        )
    )


@FAMILY.algorithm("Image.arrayReduce")
def array_reduce(input_: Image, reducer: Reducer, axes: list[int], field_axis: int | None) -> Image:
    """A reducer over some axes, which become 1 long."""

    def one(band: Band) -> Band:
        types = reducer.types([band.pixel_type.of(0)] * reducer.inputs)
        target = (types[0] if len(types) == 1 else DOUBLE).of(band.pixel_type.dimensions)

        def run(blocks: Blocks, _: Sequence[int]) -> np.ndarray:
            return blocks_of.reduced(blocks[0], reducer, axes, field_axis)

        return on_arrays([band], run, band, target)

    return _each(input_, one)


@FAMILY.algorithm("Image.arrayAccum")
def array_accum(input_: Image, axis: int, reducer: Reducer | None) -> Image:
    """At each position the reduction of all up to it; the sum by default."""

    def one(band: Band) -> Band:
        target = DOUBLE.of(band.pixel_type.dimensions)
        return on_arrays([band], lambda blocks, _: blocks_of.accumulated(blocks[0], axis, reducer), band, target)

    return _each(input_, one)


@FAMILY.algorithm("Image.arrayArgmax")
def array_argmax(image: Image) -> Image:
    """The position of the first largest element, as an array."""
    return _changed(image, blocks_of.first_largest, LENGTH.of(1))


@FAMILY.algorithm("Image.arrayDotProduct")
def array_dot_product(image1: Image, image2: Image) -> Image:
    """Sums of products of one-dimensional arrays."""
    return _of_pairs("Image.arrayDotProduct", image1, image2, dot, 0)


def dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sums of products (pixel) of blocks (pixel, element)."""
    if left.ndim != 2 or left.shape != right.shape:
        raise ServiceError("Array.dotProduct: Expected two 1-D arrays of the same length.")
    return np.asarray((left.astype(np.float64) * right).sum(axis=1))


def _of_pairs(
    name: str, first: Image, second: Image, function: Callable[[np.ndarray, np.ndarray], np.ndarray], dimensions: int
) -> Image:
    bands = [
        replace(on_arrays([left, right], lambda blocks, _: function(*blocks), left, DOUBLE.of(dimensions)), id=band_id)
        for left, right, band_id in matched_bands(name, first, second)
    ]
    return first.with_bands(*bands)


def _register_one(name: str, function: Callable[[np.ndarray], np.ndarray], dimensions: int) -> None:
    def wire(value: Image) -> Image:
        return _changed(value, function, DOUBLE.of(dimensions))

    FAMILY.add(f"Image.{name}", wire)


def _register_two(name: str, function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    def wire(image1: Image, image2: Image) -> Image:
        return _of_pairs(f"Image.{name}", image1, image2, function, 2)

    FAMILY.add(f"Image.{name}", wire)


for _name, (_function, _dimensions) in OF_ONE.items():
    _register_one(_name, _function, _dimensions)
for _name, _pair in OF_TWO.items():
    _register_two(_name, _pair)
