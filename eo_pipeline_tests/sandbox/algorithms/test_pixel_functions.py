"""Functions on pixels, against plain numpy: values, masks, pixel types."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, pixels, record, utm_grid, value

RNG = np.random.default_rng(11)
A = RNG.integers(0, 5, (6, 7)).astype("u2")
B = RNG.integers(0, 5, (6, 7)).astype("u2")
F = RNG.normal(size=(6, 7)).astype("f4")
MASK = RNG.random((6, 7)) > 0.4
GRID = utm_grid(7, 6)
SCENE = record(
    "C/a",
    {"a": A, "b": ArrayBand(B, UTM, mask=MASK), "f": F, "s": (F * 100).astype("i2")},
    time=1_600_000_000_000,
    CLOUD=12.5,
    NAME="scene",
)
DAY = 86_400_000


def band(name: str) -> Any:
    return ee.Image("C/a").select(name)


def call(name: str, *arguments: object) -> Any:
    """A function by its wire name, which may be an old one that no method of the client has."""
    return ee.ApiFunction.call_(name, *arguments)


def one(computed: Any) -> tuple[np.ndarray, np.ndarray]:
    ((data, mask),) = pixels(computed, GRID, SCENE)
    return data, mask


def type_of(computed: Any) -> Any:
    published = value(ee.Image(computed).bandTypes(), SCENE)
    (only,) = published.values()
    return {key: content for key, content in only.items() if key != "type"}


@pytest.mark.parametrize(
    ("name", "expected", "dtype"),
    [
        ("add", operator.add, "u4"),
        ("subtract", operator.sub, "i4"),
        ("multiply", operator.mul, "u4"),
        ("pow", np.power, "f4"),
        ("eq", operator.eq, "u1"),
        ("neq", operator.ne, "u1"),
        ("gt", operator.gt, "u1"),
        ("gte", operator.ge, "u1"),
        ("lt", operator.lt, "u1"),
        ("lte", operator.le, "u1"),
        ("and", np.logical_and, "u1"),
        ("or", np.logical_or, "u1"),
        ("min", np.minimum, "u2"),
        ("max", np.maximum, "u2"),
        ("bitwiseAnd", np.bitwise_and, "u2"),
        ("bitwiseOr", np.bitwise_or, "u2"),
        ("bitwiseXor", np.bitwise_xor, "u2"),
        ("rightShift", np.right_shift, "u2"),
        ("hypot", np.hypot, "f4"),
        ("first", lambda x, _: x, "u2"),
        ("firstNonZero", lambda x, y: np.where(x != 0, x, y), "u2"),
        ("first_nonzero", lambda x, y: np.where(x != 0, x, y), "u2"),
        ("bitwise_and", np.bitwise_and, "u2"),
        ("bitwise_or", np.bitwise_or, "u2"),
        ("bitwise_xor", np.bitwise_xor, "u2"),
        ("leftShift", np.left_shift, "i8"),
        ("left_shift", np.left_shift, "i8"),
        ("right_shift", np.right_shift, "u2"),
        ("atan2", lambda x, y: np.arctan2(y, x), "f4"),
    ],
)
@pytest.mark.functions("Image.{name}", against="numpy")
def test_operations_on_two_bands(name: str, expected: Callable[..., np.ndarray], dtype: str) -> None:
    data, mask = one(call(f"Image.{name}", band("a"), band("b")))
    np.testing.assert_allclose(data[MASK], expected(A.astype("i8"), B.astype("i8"))[MASK], rtol=1e-6)
    np.testing.assert_array_equal(mask, MASK)
    assert data.dtype == dtype


@pytest.mark.functions("Image.divide", against="numpy")
def test_division_by_zero_gives_zero() -> None:
    data, mask = one(band("a").divide(band("a")))
    np.testing.assert_array_equal(data, (A != 0).astype("f4"))
    assert mask.all()


@pytest.mark.functions("Image.mod", against="numpy")
def test_remainders_keep_the_sign_of_the_dividend() -> None:
    data, _ = one(band("s").mod(7))
    np.testing.assert_array_equal(data, np.fmod((F * 100).astype("i2"), 7))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("abs", np.abs), ("sqrt", np.sqrt), ("exp", np.exp), ("log", np.log), ("log10", np.log10), ("sin", np.sin),
        ("cos", np.cos), ("tan", np.tan), ("asin", np.arcsin), ("acos", np.arccos), ("atan", np.arctan),
        ("sinh", np.sinh), ("tanh", np.tanh), ("cbrt", np.cbrt), ("floor", np.floor), ("ceil", np.ceil),
        ("signum", np.sign), ("not", np.logical_not), ("cosh", np.cosh),
    ],
)  # fmt: skip
@pytest.mark.functions("Image.{name}", against="numpy")
def test_functions_of_one_band(name: str, expected: Callable[..., np.ndarray]) -> None:
    with np.errstate(all="ignore"):
        wanted = expected(F)
    np.testing.assert_allclose(one(call(f"Image.{name}", band("f")))[0], wanted, rtol=1e-6)


@pytest.mark.functions("Image.round", against="worked example")
def test_halves_are_rounded_up() -> None:
    halves = record("C/h", {"f": np.array([[-1.5, -0.5, 0.5, 1.5, 2.4]], "f4")})
    ((data, _),) = pixels(ee.Image("C/h").round(), utm_grid(5, 1), halves)
    assert data.tolist() == [[-1, 0, 1, 2, 2]]


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("toUint8", "u1"), ("toByte", "u1"), ("toInt8", "i1"), ("toUint16", "u2"), ("toInt16", "i2"),
        ("toShort", "i2"), ("toUint32", "u4"), ("toInt32", "i4"), ("toInt64", "i8"), ("toFloat", "f4"),
        ("toDouble", "f8"), ("uint8", "u1"), ("int16", "i2"), ("float", "f4"), ("double", "f8"), ("byte", "u1"),
        ("int8", "i1"), ("short", "i2"), ("uint16", "u2"), ("uint32", "u4"), ("int", "i4"), ("toInt", "i4"),
        ("int32", "i4"), ("long", "i8"), ("toLong", "i8"), ("int64", "i8"),
    ],
)  # fmt: skip
@pytest.mark.functions("Image.{name}", against="numpy")
def test_casts_saturate_and_cut_fractions(name: str, dtype: str) -> None:
    values = np.array([[-1e9, -1.9, 0.9, 200.7, 40000.2]], "f8")
    cast = call(f"Image.{name}", ee.Image("C/v"))
    ((data, _),) = pixels(cast, utm_grid(5, 1), record("C/v", {"v": values}))
    assert data.dtype == dtype
    if np.dtype(dtype).kind == "f":
        np.testing.assert_allclose(data, values, rtol=1e-6)
    else:
        limits = np.iinfo(dtype)
        np.testing.assert_array_equal(data, np.clip(np.trunc(values), limits.min, limits.max))


@pytest.mark.parametrize(
    ("computed", "expected"),
    [
        (lambda: band("a").add(band("b")), {"precision": "int", "min": 0, "max": 131070}),
        (lambda: band("a").subtract(band("b")), {"precision": "int", "min": -65535, "max": 65535}),
        (lambda: band("a").divide(10000), {"precision": "float"}),
        (lambda: band("a").multiply(0.5), {"precision": "double", "min": 0, "max": 32767.5}),
        (lambda: band("a").gt(3), {"precision": "int", "min": 0, "max": 1}),
        (lambda: band("a").rightShift(3), {"precision": "int", "min": 0, "max": 65535}),
        (lambda: band("a").bitwiseAnd(8), {"precision": "int", "min": 0, "max": 8}),
        (lambda: ee.Image("C/a").normalizedDifference(["a", "b"]), {"precision": "float", "min": -1, "max": 1}),
        (lambda: ee.Image(1).first(ee.Image(-70_000)), {"precision": "int", "min": -70_000, "max": 1}),
        (lambda: ee.Image(5), {"precision": "int", "min": 5, "max": 5}),
        (lambda: band("a").unmask(2147483647, False), {"precision": "int", "min": 0, "max": 2147483647}),
        (lambda: band("f").unmask(-9999, False), {"precision": "float"}),
        (lambda: ee.ImageCollection("C").select("a").median(), {"precision": "double", "min": 0, "max": 65535}),
        (lambda: ee.ImageCollection("C").select("a").max(), {"precision": "int", "min": 0, "max": 65535}),
        (lambda: band("a").mask(), {"precision": "float", "min": 0, "max": 1}),
    ],
)
@pytest.mark.functions("Image.bandTypes", against="worked example")
def test_pixel_types(computed: Callable[[], Any], expected: dict[str, Any]) -> None:
    assert type_of(computed()) == expected


def test_bands_are_paired_by_name_if_the_names_are_the_same() -> None:
    swapped = ee.Image("C/a").select(["b", "a"])
    first, second = pixels(ee.Image("C/a").select(["a", "b"]).subtract(swapped), GRID, SCENE)
    assert not first[0][first[1] > 0].any()
    assert not second[0][second[1] > 0].any()


def test_bands_are_paired_in_order_if_names_differ() -> None:
    other = ee.Image("C/a").select(["b", "a"], ["x", "y"])
    (first, _), second = pixels(ee.Image("C/a").select(["a", "b"]).add(other), GRID, SCENE)
    np.testing.assert_array_equal(first[MASK], (A + B)[MASK])
    assert value(ee.Image("C/a").select(["a", "b"]).add(other).bandNames(), SCENE) == ["a", "b"]
    np.testing.assert_array_equal(second[0][MASK], (A + B)[MASK])


@pytest.mark.functions("Image.bandNames", against="worked example")
def test_one_band_goes_with_all_of_the_other() -> None:
    assert value(ee.Image(1).add(ee.Image("C/a")).bandNames(), SCENE) == ["a", "b", "f", "s"]


def test_an_image_without_bands_cannot_be_added() -> None:
    with pytest.raises(ServiceError, match=r"the other must also have no bands\. Got 0 and 1\."):
        value(ee.ImageCollection([]).median().add(1))


def test_arithmetic_drops_properties_but_keeps_the_index() -> None:
    assert value(band("a").add(1).propertyNames(), SCENE) == ["system:index"]


@pytest.mark.functions("Image.updateMask", against="numpy")
def test_update_mask_narrows_and_never_widens() -> None:
    _, mask = one(band("b").updateMask(band("a").gt(2)))
    np.testing.assert_array_equal(mask, MASK & (A > 2))


@pytest.mark.functions("Image.mask", against="numpy")
def test_mask_of_the_mask_is_an_image() -> None:
    data, mask = one(band("b").mask())
    np.testing.assert_array_equal(data, MASK.astype("f4"))
    assert mask.all()


def test_a_cloud_mask_does_not_reach_what_was_computed_before_it() -> None:
    scene = ee.Image("C/a")
    clear = scene.updateMask(scene.select("a").eq(0))
    ndvi = scene.normalizedDifference(["a", "b"])
    _, (_, mask) = pixels(clear.select("a").addBands(ndvi), GRID, SCENE)
    assert (mask.astype(bool) & (A != 0)).any()


@pytest.mark.functions("Image.normalizedDifference", against="worked example")
def test_normalized_difference_masks_negative_values() -> None:
    data = {"x": np.array([[3, -1, 0, 2]], "i2"), "y": np.array([[1, 5, 0, -2]], "i2")}
    nd = ee.Image("C/n").normalizedDifference(["x", "y"])
    ((found, mask),) = pixels(nd, utm_grid(4, 1), record("C/n", data))
    assert mask.tolist() == [[1, 0, 0, 0]]
    assert found[0, 0] == pytest.approx(0.5)
    assert value(nd.bandNames(), record("C/n", data)) == ["nd"]


@pytest.mark.functions("Image.unmask", against="numpy")
def test_unmask_fills_inside_the_footprint_only_by_default() -> None:
    wide = utm_grid(9, 6)
    ((data, mask),) = pixels(band("b").unmask(77), wide, SCENE)
    np.testing.assert_array_equal(data[:, :7], np.where(MASK, B, 77))
    np.testing.assert_array_equal(mask[:, :7], 1)
    np.testing.assert_array_equal(mask[:, 8], 0)
    ((data, mask),) = pixels(band("b").unmask(2**31 - 1, False), wide, SCENE)
    assert mask.all()
    assert data[0, 8] == 2**31 - 1


@pytest.mark.functions("Image.where", against="numpy")
def test_where_takes_the_value_only_where_both_are_valid() -> None:
    data, mask = one(band("a").where(band("b").gte(0), 9))
    np.testing.assert_array_equal(data, np.where(MASK, 9, A))
    assert mask.all()


@pytest.mark.functions("Image.selfMask", "Image.blend", against="numpy")
def test_self_mask_and_blend() -> None:
    _, mask = one(band("a").selfMask())
    np.testing.assert_array_equal(mask, A != 0)
    data, mask = one(band("a").blend(band("b")))
    np.testing.assert_array_equal(data, np.where(MASK, B, A))
    assert mask.all()


@pytest.mark.functions("Image.remap", against="numpy")
def test_remap_masks_what_is_not_listed() -> None:
    data, mask = one(band("a").remap([0, 1, 2], [10, 20, 30]))
    np.testing.assert_array_equal(mask, A <= 2)
    np.testing.assert_array_equal(data[A <= 2], (A[A <= 2] + 1) * 10)
    data, mask = one(band("a").remap([0], [7], 5))
    np.testing.assert_array_equal(data, np.where(A == 0, 7, 5))
    assert mask.all()


@pytest.mark.functions("Image.clamp", "Image.unitScale", against="numpy")
def test_clamp_and_unit_scale() -> None:
    np.testing.assert_array_equal(one(band("a").clamp(1, 3))[0], np.clip(A, 1, 3))
    np.testing.assert_allclose(one(band("f").unitScale(-2, 2))[0], (F.astype("f8") + 2) / 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b('a') + b(1) * 2", lambda: A + B * 2),
        ("2.5 * (x.a - x['b']) / (x[0] + 6 * x[1] + 1)", lambda: 2.5 * (A - B * 1.0) / (A + 6.0 * B + 1)),
        ("-b('a') ** 2", lambda: -(A.astype(float) ** 2)),
        ("b('a') > 2 ? 1 : b('b')", lambda: np.where(A > 2, 1, B)),
        ("max(b('a'), b('b'), 3) % 2", lambda: np.maximum(np.maximum(A, B), 3) % 2),
        ("(b('a') >= 1) && !(b('b') == 2)", lambda: (A >= 1) & (B != 2)),
        ("sqrt(b('a')) + exp(0)", lambda: np.sqrt(A) + 1),
        ("b('a') << 2 | 1", lambda: (A.astype("i8") << 2) | 1),
        ("float(b('a')) - 1e-1", lambda: A - 0.1),
    ],
)
@pytest.mark.functions("Image.parseExpression", against="numpy")
def test_expressions(text: str, expected: Callable[[], np.ndarray]) -> None:
    data, _ = one(ee.Image("C/a").expression(text, {"x": ee.Image("C/a")}))
    np.testing.assert_allclose(data[MASK], expected()[MASK].astype(float), rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b('a') +", "unexpected 'end of text'"),
        ("b('zz')", "Band pattern 'zz' did not match any bands"),
        ("y + 1", "Unknown variable 'y'"),
        ("frob(b('a'))", "Unknown function 'frob'"),
        ("b('a') @ 2", "Unable to parse the expression at character 6"),
    ],
)
def test_wrong_expressions_are_refused(text: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        one(ee.Image("C/a").expression(text))


def test_an_assignment_names_the_band() -> None:
    assert value(ee.Image("C/a").expression("evi = b('a') * 2").bandNames(), SCENE) == ["evi"]


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [(["b", "a"], ["b", "a"]), ([0, -1], ["a", "s"]), (["[ab]"], ["a", "b"]), ([".*"], ["a", "b", "f", "s"])],
)
@pytest.mark.functions("Image.select", "Image.bandNames", against="worked example")
def test_selecting(selectors: list[Any], expected: list[str]) -> None:
    assert value(ee.Image("C/a").select(selectors).bandNames(), SCENE) == expected


@pytest.mark.functions(
    "Image.addBands", "Image.rename", "Image.slice", "Image.bandNames", "Image.constant", against="worked example"
)
def test_band_bookkeeping() -> None:
    scene = ee.Image("C/a").select(["a", "b"])
    assert value(scene.addBands(scene).bandNames(), SCENE) == ["a", "b", "a_1", "b_1"]
    assert value(scene.addBands(ee.Image(1).rename("a"), None, True).bandNames(), SCENE) == ["a", "b"]
    assert value(scene.rename(["x", "y"]).slice(1).bandNames(), SCENE) == ["y"]
    ((data, _), _) = pixels(scene.addBands(ee.Image(3).rename("a"), None, True), GRID, SCENE)
    assert (data == 3).all()
    with pytest.raises(ServiceError, match=r"The number of names \(1\) must match the number of bands \(2\)."):
        value(scene.rename(["x"]), SCENE)
    message = r"Band pattern 'zz' did not match any bands. Available bands: \[a, b\]"
    with pytest.raises(ServiceError, match=message):
        value(scene.select("zz"), SCENE)


@pytest.mark.functions("Image.visualize", against="numpy")
def test_visualize_stretches_and_paints() -> None:
    ((gray, _),) = pixels(band("a").visualize(min=0, max=4), GRID, SCENE)
    np.testing.assert_array_equal(gray, np.round(A / 4 * 255))
    painted = pixels(band("a").visualize(min=0, max=4, palette=["000000", "ff0000"]), GRID, SCENE)
    np.testing.assert_array_equal(painted[0][0], np.round(A / 4 * 255))
    assert not painted[1][0].any()
    with pytest.raises(ServiceError, match="Cannot provide a palette"):
        pixels(ee.Image("C/a").visualize(bands=["a", "b", "f"], palette=["red"]), GRID, SCENE)


@pytest.mark.functions("Image.clip", against="numpy")
def test_clip_masks_by_pixel_centre() -> None:
    region = ee.Geometry.Rectangle([500_014, 4_999_960, 500_036, 4_999_986], "EPSG:32633", False)
    _, mask = one(band("a").clip(region))
    centres_x, centres_y = 500_005 + 10 * np.arange(7), 4_999_995 - 10 * np.arange(6)
    inside = ((centres_x > 500_014) & (centres_x < 500_036))[None, :] & (
        (centres_y > 4_999_960) & (centres_y < 4_999_986)
    )[:, None]
    np.testing.assert_array_equal(mask, inside)
