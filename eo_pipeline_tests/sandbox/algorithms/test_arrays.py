"""Arrays as pixels and as values, against plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, engine, expression, pixels, record, utm_grid, value

RNG = np.random.default_rng(5)
IMAGES, ROWS, COLUMNS = 5, 6, 7
A = RNG.integers(0, 100, (IMAGES, ROWS, COLUMNS)).astype("u1")
B = RNG.random((IMAGES, ROWS, COLUMNS))
VALID = RNG.random((IMAGES, ROWS, COLUMNS)) > 0.4
VALID[:, 2, 3] = False
SERIES = [
    record(f"C/i{n}", {"a": ArrayBand(A[n], UTM, mask=VALID[n]), "b": B[n]}, time=n * 86_400_000) for n in range(IMAGES)
]
OUT = utm_grid(COLUMNS, ROWS)
ANY = VALID.any(axis=0)


def series() -> Any:
    return ee.ImageCollection("C").toArray()


def table(row: int, column: int) -> np.ndarray:
    """(image, band) of the images that are valid at a pixel."""
    seen = VALID[:, row, column]
    return np.stack([A[seen, row, column], B[seen, row, column]], axis=1)


def everywhere(image: Any, oracle: Callable[[np.ndarray], Any], where: Callable[[np.ndarray], object] = len) -> None:
    """One band of plain numbers is what an oracle makes of the table of each pixel."""
    ((data, mask),) = pixels(image, OUT, *SERIES)
    assert mask.any()
    for row, column in np.ndindex(ROWS, COLUMNS):
        rows = table(row, column)
        assert bool(mask[row, column]) == bool(where(rows))
        assert not mask[row, column] or data[row, column] == pytest.approx(oracle(rows))


@pytest.mark.functions(
    "ImageCollection.toArray",
    "Image.arrayLength",
    "Image.arraySlice",
    "Image.arrayProject",
    "Image.arrayGet",
    against="numpy",
)
def test_a_collection_becomes_images_by_bands() -> None:
    image = series()
    (band,) = value(image, *SERIES)["bands"]
    assert band["id"] == "array"
    assert band["data_type"] == {"type": "PixelType", "precision": "double", "dimensions": 2}
    everywhere(image.arrayLength(0), len)
    everywhere(image.arrayLength(1), lambda _: 2)
    everywhere(image.arraySlice(0, -1).arrayProject([1]).arrayGet([1]), lambda rows: rows[-1, 1])


@pytest.mark.functions(
    "Image.arrayReduce", "Image.arrayProject", "Image.arrayFlatten", "Image.arrayGet", against="numpy"
)
def test_reducing_along_images() -> None:
    means = series().arrayReduce(ee.Reducer.mean(), [0]).arrayProject([1]).arrayFlatten([["a", "b"]])
    assert value(means.bandNames(), *SERIES) == ["a", "b"]
    everywhere(means.select("a"), lambda rows: rows[:, 0].mean())
    everywhere(means.select("b"), lambda rows: rows[:, 1].mean())
    extremes = series().arrayReduce(ee.Reducer.minMax(), [0], 1)
    with pytest.raises(ServiceError, match="field axis must have 1 elements"):
        pixels(extremes.arrayGet([0, 0]), OUT, *SERIES)
    fit = series().arrayReduce(ee.Reducer.linearFit(), [0], 1).arrayGet([0, 0])
    everywhere(fit, lambda t: np.polyfit(t[:, 0], t[:, 1], 1)[0], lambda t: len(set(t[:, 0])) > 1)


@pytest.mark.functions("Image.arraySort", "Image.arraySlice", "Image.arrayGet", against="numpy")
def test_the_best_image_by_sorting() -> None:
    """A quality mosaic by arrays: sorted by a band, the first taken."""
    image = series()
    best = image.arraySort(image.arraySlice(1, 0, 1)).arraySlice(0, 0, 1).arrayGet([0, 1])
    everywhere(best, lambda rows: rows[np.argsort(rows[:, 0], kind="stable")[0], 1])


@pytest.mark.functions("Image.arrayMask", "Image.arrayLength", "Image.arrayReduce", against="numpy")
def test_masking_elements() -> None:
    image = series()
    kept = image.arrayMask(image.arraySlice(1, 0, 1).gt(40))
    everywhere(kept.arrayLength(0), lambda rows: (rows[:, 0] > 40).sum())
    total = kept.arrayReduce(ee.Reducer.sum(), [0]).arrayGet([0, 1])
    everywhere(total, lambda rows: rows[rows[:, 0] > 40, 1].sum(), lambda rows: (rows[:, 0] > 40).any())


@pytest.mark.parametrize(
    ("names", "change", "oracle"),
    [
        ("Image.add", lambda x: x.add(3), lambda t: t + 3),
        ("Image.multiply", lambda x: x.multiply(x), lambda t: t * t),
        ("Image.sqrt", lambda x: x.sqrt(), np.sqrt),
        ("Image.toInt16", lambda x: x.toInt16(), np.trunc),
        ("Image.gt", lambda x: x.gt(50), lambda t: t > 50),
        ("Image.multiply", lambda x: x.multiply(ee.Image(2)), lambda t: 2 * t),
        ("Image.arrayAccum", lambda x: x.arrayAccum(0), lambda t: np.cumsum(t, 0)),
        ("Image.arrayAccum", lambda x: x.arrayAccum(0, ee.Reducer.max()), lambda t: np.maximum.accumulate(t, 0)),
        ("Image.arrayCat", lambda x: x.arrayCat(x, 0), lambda t: np.concatenate([t, t])),
        ("Image.arrayRepeat", lambda x: x.arrayRepeat(0, 2), lambda t: np.concatenate([t, t])),
        ("Image.arrayPad", lambda x: x.arrayPad([9, 3], 7).arraySlice(0, 0, 9), lambda t: pad(t, 9, 3, 7)),
        ("Image.arrayTranspose", lambda x: x.arrayTranspose(), lambda t: t.T),
        (
            "Image.matrixTranspose Image.matrixMultiply",
            lambda x: x.matrixTranspose().matrixMultiply(x),
            lambda t: t.T @ t,
        ),
        ("Image.matrixPseudoInverse", lambda x: x.matrixPseudoInverse(), np.linalg.pinv),
        ("Image.arraySort", lambda x: x.arraySort(x.arraySlice(1, 1, 2)), lambda t: t[np.argsort(t[:, 1])]),
        ("Image.updateMask Image.rename", lambda x: x.updateMask(1).rename("z"), lambda t: t),
    ],
)
@pytest.mark.functions("{names}", against="numpy")
def test_elements(names: str, change: Callable[[Any], Any], oracle: Callable[[np.ndarray], Any]) -> None:
    """Compared by a weighted sum, which every element and its place decide."""
    changed = change(series())
    sizes, lengths = (changed.arrayLength(0).multiply(0).add(changed.arrayLength(axis)) for axis in (0, 1))
    everywhere(sizes, lambda t: np.asarray(oracle(t)).shape[0])
    everywhere(lengths, lambda t: np.asarray(oracle(t)).shape[1])
    ramp = changed.multiply(0).add(1).arrayAccum(0).arrayAccum(1)
    total = changed.multiply(ramp).arrayReduce("sum", [0, 1]).arrayGet([0, 0])
    everywhere(total, lambda t: weighted(np.asarray(oracle(t), float)))


def weighted(rows: np.ndarray) -> float:
    down, across = np.mgrid[: rows.shape[0], : rows.shape[1]]
    return float((rows * (down + 1) * (across + 1)).sum())


def pad(rows: np.ndarray, height: int, width: int, fill: float) -> np.ndarray:
    return np.pad(rows, [(0, height - len(rows)), (0, width - rows.shape[1])], constant_values=fill)


@pytest.mark.functions(
    "Image.toArray", "Image.arrayFlatten", "Image.arrayLengths", "Image.arrayDimensions", against="numpy"
)
def test_bands_become_an_array() -> None:
    image = ee.Image("C/i0").toArray()
    found = pixels(image.arrayFlatten([["x", "y"]]), OUT, *SERIES)
    for (data, mask), expected in zip(found, (A[0], B[0]), strict=True):
        np.testing.assert_array_equal(mask > 0, VALID[0])
        np.testing.assert_allclose(data[VALID[0]], expected[VALID[0]])
    nested = image.toArray(1)
    ((length, _),) = pixels(nested.arrayLengths().arrayGet([0]), OUT, *SERIES)
    assert (length[VALID[0]] == 2).all()
    ((axes, _),) = pixels(nested.arrayDimensions(), OUT, *SERIES)
    assert (axes[VALID[0]] == 2).all()


@pytest.mark.functions("Image.matrixSolve", against="numpy")
def test_least_squares_by_matrices() -> None:
    design = ee.ImageCollection("C").map(lambda one: ee.Image(one).select("a").addBands(ee.Image(1)).toFloat())
    x = design.toArray()
    y = series().arraySlice(1, 1, 2)
    slope = x.matrixSolve(y).arrayGet([0, 0])
    row, column = np.argwhere(VALID.sum(axis=0) > 2)[0].tolist()
    ((data, mask),) = pixels(slope, utm_grid(1, 1, x=column, y=row), *SERIES)
    first, second = table(row, column).T
    assert data[0, 0] == pytest.approx(np.polyfit(first, second, 1)[0], rel=1e-5)
    assert mask.all()


@pytest.mark.functions(
    "Image.arrayArgmax",
    "Image.arrayDotProduct",
    "Image.arrayReshape",
    "Image.matrixToDiag",
    "Image.matrixFnorm",
    against="numpy",
)
def test_other_functions_of_pixels() -> None:
    first = ee.Image("C/i0").toArray()
    ((place, _),) = pixels(first.arrayArgmax().arrayGet([0]), OUT, *SERIES)
    np.testing.assert_array_equal(place[VALID[0]], (B[0] > A[0])[VALID[0]])
    ((product, _),) = pixels(first.arrayDotProduct(first), OUT, *SERIES)
    np.testing.assert_allclose(product[VALID[0]], (A[0].astype(float) ** 2 + B[0] ** 2)[VALID[0]])
    column = first.arrayReshape(ee.Image(ee.Array([2, 1])), 2)
    ((second, _),) = pixels(column.matrixToDiag().arrayGet([1, 1]), OUT, *SERIES)
    np.testing.assert_allclose(second[VALID[0]], B[0][VALID[0]])
    ((norm, _),) = pixels(column.matrixFnorm(), OUT, *SERIES)
    np.testing.assert_allclose(norm[VALID[0]], np.hypot(A[0].astype(float), B[0])[VALID[0]])


def test_a_window_of_arrays_is_the_crop_of_the_whole() -> None:
    image = series().arrayReduce("median", [0]).arrayGet([0, 1])
    one = engine(*SERIES)
    made = one.image(expression(image))
    ((whole, mask),) = one.read(made, OUT)
    ((data, seen),) = one.read(made, utm_grid(3, 2, x=2, y=3))
    np.testing.assert_array_equal(data, whole[3:5, 2:5])
    np.testing.assert_array_equal(seen, mask[3:5, 2:5])


M = [[4, 1, 2], [1, 3, 0], [2, 0, 5]]
V = [[1, 5, 3], [2, 2, 9]]


@pytest.mark.parametrize(
    ("names", "made", "expected"),
    [
        ("Array", lambda: ee.Array(V), V),
        ("Array.add", lambda: ee.Array(V).add(1), np.add(V, 1)),
        ("Array.divide", lambda: ee.Array(V).divide([[2, 2, 2], [4, 4, 4]]), np.divide(V, [[2, 2, 2], [4, 4, 4]])),
        ("Array.multiply Array.sqrt", lambda: ee.Array(V).multiply(ee.Array(V)).sqrt(), V),
        ("Array.toInt8", lambda: ee.Array([1.7, -1.7, 300]).toInt8(), np.clip(np.trunc([1.7, -1.7, 300]), -128, 127)),
        ("Array.gte", lambda: ee.Array(V).gte(3), np.greater_equal(V, 3).astype(int)),
        ("Array.get", lambda: ee.Array(V).get([1, 2]), np.array(V)[1, 2]),
        ("Array.length", lambda: ee.Array(V).length(), np.shape(V)),
        ("Array.transpose", lambda: ee.Array(V).transpose(), np.transpose(V)),
        ("Array.slice", lambda: ee.Array(V).slice(1, 1), np.array(V)[:, 1:]),
        ("Array.slice", lambda: ee.Array(V).slice(1, 0, -1, 2), np.array(V)[:, 0:-1:2]),
        ("Array.cat", lambda: ee.Array.cat([V, V], 1), np.hstack([V, V])),
        ("Array.cat", lambda: ee.Array.cat([[1, 2], [3, 4]], 1), np.column_stack([[1, 2], [3, 4]])),
        ("Array.reduce", lambda: ee.Array(V).reduce(ee.Reducer.mean(), [0]), np.mean(V, axis=0, keepdims=True)),
        ("Array.reduce", lambda: ee.Array(V).reduce(ee.Reducer.sum(), [0, 1]), np.sum(V, keepdims=True)),
        (
            "Array.reduce Array.project",
            lambda: ee.Array(V).reduce(ee.Reducer.mean(), [1]).project([0]),
            np.mean(V, axis=1),
        ),
        ("Array.accum", lambda: ee.Array(V).accum(1), np.cumsum(V, axis=1)),
        ("Array.sort", lambda: ee.Array([3, 1, 2]).sort(), np.sort([3, 1, 2])),
        ("Array.sort", lambda: ee.Array([3, 1, 2]).sort([2, 3, 1]), np.array([3, 1, 2])[np.argsort([2, 3, 1])]),
        ("Array.mask", lambda: ee.Array(V).mask([[1, 0, 1]]), np.array(V)[:, [0, 2]]),
        ("Array.argmax", lambda: ee.Array(V).argmax(), np.unravel_index(np.argmax(V), (2, 3))),
        ("Array.reshape", lambda: ee.Array(V).reshape([3, -1]), np.reshape(V, (3, 2))),
        ("Array.repeat", lambda: ee.Array([1, 2]).repeat(1, 3), np.tile([[1], [2]], 3)),
        ("Array.pad", lambda: ee.Array([1, 2]).pad([4], 9), np.pad([1, 2], (0, 2), constant_values=9)),
        ("Array.dotProduct", lambda: ee.Array([1, 2, 3]).dotProduct([4, 5, 6]), np.dot([1, 2, 3], [4, 5, 6])),
        ("Array.toList", lambda: ee.Array(V).toList(), V),
        ("Array.identity", lambda: ee.Array.identity(3), np.eye(3)),
        ("Array.matrixInverse", lambda: ee.Array(M).matrixInverse(), np.linalg.inv(M)),
        ("Array.matrixDeterminant", lambda: ee.Array(M).matrixDeterminant(), np.linalg.det(M)),
        ("Array.matrixTrace", lambda: ee.Array(M).matrixTrace(), np.trace(M)),
        ("Array.matrixDiagonal", lambda: ee.Array(M).matrixDiagonal(), np.diag(M)[:, None]),
        ("Array.matrixMultiply", lambda: ee.Array(M).matrixMultiply(np.transpose(V).tolist()), M @ np.transpose(V)),
        ("Array.matrixSolve", lambda: ee.Array(M).matrixSolve([[1], [2], [3]]), np.linalg.solve(M, [[1], [2], [3]])),
        ("Element.getArray Array.get", lambda: ee.Feature(None, {"v": V}).getArray("v").get([0, 1]), 5),
    ],
)
@pytest.mark.functions("{names}", against="numpy")
def test_arrays_as_values(names: str, made: Callable[[], Any], expected: Any) -> None:
    np.testing.assert_allclose(np.array(value(made()), float), np.array(expected, float), atol=1e-12)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: ee.Array([[1, 2], [3]]), "Invalid type"),
        (lambda: ee.Array(V).get([5, 0]), "Position [5, 0] is outside of an array of lengths [2, 3]"),
        (lambda: ee.Array(V).get([0]), "Expected a position of 2 numbers, got 1"),
        (lambda: ee.Array(V).add([1, 2]), "Expected arrays of the same lengths, got (2, 3) and (2,)"),
        (lambda: ee.Array(V).project([0]), "must be different, and the others of length 1"),
        (lambda: ee.Array(V).reshape([4, 4]), "Cannot give 6 elements the lengths [4, 4]"),
        (lambda: ee.Array(V).slice(5), "Axis 5 is not within 0 and 1"),
        (lambda: ee.Array(V).slice(0, 0, 1, 0), "Expected a positive step, got 0"),
        (lambda: ee.Array.cat([V, M], 1), "must have the same lengths along all axes"),
        (lambda: ee.Array([[1, 1], [1, 1]]).matrixInverse(), "The matrix is singular"),
        (lambda: ee.Array(V).matrixDeterminant(), "Expected a square matrix, got an array of lengths [2, 3]"),
        (lambda: ee.Array(V).matrixMultiply(V), "Cannot multiply [2, 3] and [2, 3] matrices"),
        (lambda: ee.Array.identity(10_000), "nor exceed 1000000 elements"),
    ],
)
def test_refused_values(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        value(made())
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (series, "Band 'array' holds arrays, which cannot be written as pixels; flatten them first"),
        (lambda: series().focalMax(1), "takes only images of plain numbers here, not of arrays"),
        (lambda: ee.Image(1).updateMask(series()), "A mask must have plain numbers as pixels, not arrays"),
        (lambda: series().arrayFlatten([["a", "b"]]), "Labels of lengths [2] do not fit the array"),
        (lambda: series().arrayFlatten([["p", "q"], ["a", "b"]]), "Expected arrays of lengths [2, 2], got ["),
        (lambda: ee.Image("C/i0").arrayLength(0), "Band 'a' holds plain numbers, not arrays"),
        (lambda: ee.ImageCollection([series()]).mean(), "reduces bands of plain numbers, not of arrays"),
        (lambda: ee.ImageCollection("EMPTY").toArray(), "The collection has no images"),
    ],
)
def test_refused_images(made: Callable[[], Any], message: str) -> None:
    with pytest.raises(ServiceError) as caught:
        pixels(made(), OUT, *SERIES)
    assert message in caught.value.message
