"""Features burnt, drawn and reduced: against rasterio's own rasterising and plain loops."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
import shapely
from rasterio.features import rasterize

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import pixels, utm_grid, value

GRID = utm_grid(30, 20)
LEFT, TOP, SIDE = GRID.transform[2], GRID.transform[5], GRID.transform[0]


def utm(*pairs: tuple[float, float]) -> list[list[float]]:
    """Corners in columns and rows of GRID as coordinates."""
    return [[LEFT + SIDE * x, TOP - SIDE * y] for x, y in pairs]


SHAPES = {
    "big": [(2.2, 3.1), (20.3, 3.1), (20.3, 15.7), (2.2, 15.7)],
    "small": [(15.2, 1.2), (26.8, 1.2), (26.8, 8.6), (15.2, 8.6)],
}
TAGS = {"big": {"v": 5, "w": 2}, "small": {"v": 9, "w": 4}}


def features() -> Any:
    return ee.FeatureCollection(
        [
            ee.Feature(ee.Geometry.Polygon([utm(*corners)], "EPSG:32633", False), TAGS[name])
            for name, corners in SHAPES.items()
        ]
    )


def burnt(name: str, *, touching: bool = False) -> np.ndarray:
    shape = shapely.Polygon(SHAPES[name])
    return np.asarray(rasterize([shape], GRID.shape, all_touched=touching) == 1)


@pytest.mark.functions("Image.paint", against="rasterio")
def test_paint_fills_features_in_order_and_makes_masked_pixels_valid() -> None:
    ((data, mask),) = pixels(ee.Image().toByte().paint(features(), "v"), GRID)
    expected = np.where(burnt("small"), 9, np.where(burnt("big"), 5, 0))
    np.testing.assert_array_equal(data * (mask > 0), expected)
    np.testing.assert_array_equal(mask > 0, expected > 0)
    assert data.dtype == np.uint8


@pytest.mark.functions("Image.paint", against="rasterio")
def test_paint_widens_the_type_to_the_colour() -> None:
    painted = ee.Image(1).paint(features(), 70_000)
    ((data, mask),) = pixels(painted, GRID)
    np.testing.assert_array_equal(data, np.where(burnt("small") | burnt("big"), 70_000, 1))
    assert mask.all()


@pytest.mark.functions("Image.paint", against="rasterio")
def test_paint_with_a_width_draws_edges() -> None:
    ((data, _),) = pixels(ee.Image(0).paint(features(), 1, 2), GRID)
    expected = np.zeros(GRID.shape, bool)
    for corners in SHAPES.values():
        expected |= rasterize([shapely.Polygon(corners).boundary.buffer(1)], GRID.shape) == 1
    np.testing.assert_array_equal(data == 1, expected)
    ((by_property, _),) = pixels(ee.Image(0).paint(features(), 1, "w"), GRID)
    assert (by_property == 1).sum() > expected.sum()


def test_paint_wants_numbers() -> None:
    with pytest.raises(ServiceError, match=r"Image\.paint: Expected a number or a property with one for 'color'"):
        pixels(ee.Image(0).paint(features(), "nothing"), GRID)


@pytest.mark.parametrize(("reducer", "both"), [("sum", 14), ("first", 5), ("max", 9), ("count", 2), ("mean", 7)])
@pytest.mark.functions("Collection.reduceToImage", against="rasterio")
def test_reduce_to_image_reduces_what_touches_each_pixel(reducer: str, both: float) -> None:
    image = features().reduceToImage(["v"], getattr(ee.Reducer, reducer)())
    ((data, mask),) = pixels(image, GRID)
    big, small = burnt("big", touching=True), burnt("small", touching=True)
    alone = {"count": (1, 1)}.get(reducer, (5, 9))
    expected = np.select([big & small, big, small], [both, *alone])
    np.testing.assert_array_equal(mask > 0, big | small)
    np.testing.assert_allclose(data[mask > 0], expected[mask > 0])
    assert value(image.bandNames()) == [reducer]


@pytest.mark.functions("Collection.reduceToImage", against="rasterio")
@pytest.mark.functions("Collection.merge", against="worked example")
def test_reduce_to_image_leaves_out_features_without_the_property() -> None:
    image = (
        features()
        .merge(ee.FeatureCollection([ee.Feature(ee.Geometry.Point([0, 0]))]))
        .reduceToImage(["v"], ee.Reducer.sum())
    )
    ((_, mask),) = pixels(image, GRID)
    assert (mask > 0).sum() == (burnt("big", touching=True) | burnt("small", touching=True)).sum()
    with pytest.raises(ServiceError, match="Need 2 properties for the reducer, got 1"):
        value(features().reduceToImage(["v"], ee.Reducer.linearFit()).bandNames())


@pytest.mark.functions("Collection.style", against="rasterio")
def test_style_fills_and_outlines() -> None:
    one = features().filter(ee.Filter.eq("v", 5)).style(color="ff0000", fillColor="0000ff80", width=2)
    (red, alpha), (green, _), (blue, _) = pixels(one, GRID)
    edge = rasterize([shapely.Polygon(SHAPES["big"]).boundary.buffer(1)], GRID.shape) == 1
    inside = burnt("big") & ~edge
    assert (red[edge] == 255).all()
    assert (alpha[edge] == 1).all()
    assert (blue[inside] == 255).all()
    assert (red[inside] == 0).all()
    assert (green == 0).all()
    np.testing.assert_allclose(alpha[inside], 0x80 / 255, rtol=1e-5)
    assert not alpha[~edge & ~inside].any()


@pytest.mark.functions("Collection.style", against="worked example")
def test_a_feature_may_say_its_own_style() -> None:
    styled = features().map(lambda feature: feature.set("look", {"color": "00ff00", "width": 1}))
    _, (green, alpha), _ = pixels(styled.style(styleProperty="look", fillColor="00000000"), GRID)
    assert (green[alpha == 1] == 255).all()
    assert (alpha == 1).any()
    with pytest.raises(ServiceError, match="Unknown style 'colour'"):
        pixels(features().map(lambda f: f.set("look", {"colour": "x"})).style(styleProperty="look"), GRID)
    with pytest.raises(ServiceError, match="lineType 'dashed'"):
        pixels(features().style(lineType="dashed"), GRID)


@pytest.mark.functions("Collection.style", against="rasterio")
def test_points_are_drawn_as_discs_or_squares() -> None:
    point = ee.FeatureCollection([ee.Feature(ee.Geometry.Point(utm((10.5, 10.5))[0], "EPSG:32633"))])
    for shape, expected in (
        ("circle", shapely.Point(10.5, 10.5).buffer(3)),
        ("square", shapely.box(7.5, 7.5, 13.5, 13.5)),
    ):
        (_, alpha), _, _ = pixels(point.style(pointSize=6, pointShape=shape), GRID)
        np.testing.assert_array_equal(alpha > 0, rasterize([expected], GRID.shape) == 1)
    with pytest.raises(ServiceError, match="got 'star5'"):
        pixels(point.style(pointShape="star5"), GRID)
