"""Axes and turned grids: against numpy's own roll and flip."""

from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.axes import grid_of
from eo_pipeline.core.scenes.cf_names import axis_of
from eo_pipeline.core.scenes.turning import turning_of
from eo_pipeline.errors import SourceError


@pytest.mark.parametrize("west", [0.0, -5.0, -180.0, -185.0, 20.0])
@pytest.mark.parametrize("northwards", [True, False])
def test_windows_of_a_turned_world(west: float, northwards: bool) -> None:
    pixels = np.arange(18 * 36).reshape(18, 36)
    step = 10 if northwards else -10
    turning = turning_of(GeoBox((18, 36), Affine(10, 0, west, 0, step, -90 if northwards else 90), "EPSG:4326"))
    centres = (west + 5 + 10 * np.arange(36) + 180) % 360 - 180
    whole = pixels[::-1] if northwards else pixels
    whole = whole[:, np.argsort(centres)]
    assert turning.geobox.affine == Affine(10, 0, centres.min() - 5, 0, -10, 90)
    for window in (Rectangle(0, 0, 18, 36), Rectangle(3, 10, 5, 30), Rectangle(17, 0, 18, 1), Rectangle(0, 35, 2, 36)):
        found = np.full((window.height, window.width), -1)
        for source, columns in turning.pieces(window):
            part = pixels[source.slices]
            found[:, columns] = part[::-1] if turning.upside_down else part
        np.testing.assert_array_equal(found, whole[window.slices])


def test_what_needs_no_turning_stays() -> None:
    for grid in (
        GeoBox((4, 6), Affine(10, 0, 5e5, 0, -10, 5e6), "EPSG:32633"),
        GeoBox((4, 6), Affine(1, 0, 178, 0, -1, 10), "EPSG:4326"),
        GeoBox((4, 6), Affine(1, 1, 0, 1, 1, 10), "EPSG:4326"),
    ):
        assert (turning_of(grid).geobox, turning_of(grid).changes) == (grid, False)


def test_single_precision_is_undone() -> None:
    x = (np.arange(7200) * 0.05 - 179.975).astype("f4")
    y = (np.arange(2000) * 0.05 - 49.975).astype("f4")
    affine = grid_of(x, y, "EPSG:4326").affine
    assert affine == Affine(0.05, 0, -180, 0, 0.05, -50)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0], "expected two or more numbers of x"),
        ([1.0, np.nan], "expected two or more numbers of x"),
        ([3.0, 2, 1], "expected x to run eastwards"),
        ([1.0, 2, 4], "expected evenly spaced x, got steps from 1 to 2"),
    ],
)
def test_axes_that_are_none_are_refused(x: list[float], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        grid_of(np.array(x), np.array([1.0, 2]), "EPSG:4326")


@pytest.mark.parametrize(
    ("name", "attributes", "axis"),
    [
        ("rlon", {"axis": "X"}, "x"), ("a", {"standard_name": "latitude"}, "y"), ("b", {"units": "degrees_east"}, "x"),
        ("c", {"units": "days since 1990-01-01"}, "t"), ("lat", {}, "y"), ("Longitude", {}, "x"),
        ("valid_time", {}, "t"), ("level", {"units": "hPa"}, "level"), ("x", {"axis": "T"}, "t"),
    ],
)  # fmt: skip
def test_names_of_axes(name: str, attributes: dict[str, Any], axis: str) -> None:
    assert axis_of(name, attributes) == axis
