"""Differences between a template and what a cube holds."""

from dataclasses import replace

from pyproj import CRS

from eo_pipeline.core.cubes.cube_arrays import ArrayLayout, GroupLayout, differences

RED = ArrayLayout("red", ("time", "y", "x"), (0, 8, 8), (1, 4, 4), (1, 8, 8), "uint16", 0, {"units": "1"})
GRID = ArrayLayout(
    "spatial_ref", (), (), (), None, "int32", 0, {"crs_wkt": CRS.from_epsg(4326).to_wkt(), "GeoTransform": "0.0 1.0"}
)
CUBE = GroupLayout({"title": "t", "period_rule": "month"}, (RED, GRID))


def test_a_cube_fits_its_own_template() -> None:
    assert differences(CUBE, CUBE) == []


def test_length_of_time_titles_and_long_names_may_differ() -> None:
    grown = replace(RED, shape=(12, 8, 8), attributes={"units": "1", "long_name": "red"})
    assert differences(CUBE, GroupLayout({"title": "u", "period_rule": "month"}, (grown, GRID))) == []


def test_crs_is_compared_by_meaning() -> None:
    pretty = _grid_mapping(CRS.from_epsg(4326).to_wkt(pretty=True), horizontal_datum_name="as another PROJ says")
    other = _grid_mapping(CRS.from_epsg(3857).to_wkt())
    assert differences(CUBE, GroupLayout(CUBE.attributes, (RED, pretty))) == []
    (line,) = differences(CUBE, GroupLayout(CUBE.attributes, (RED, other)))
    assert line.startswith("spatial_ref crs_wkt: expected 'GEOGCRS")


def test_text_that_is_no_crs_differs() -> None:
    (line,) = differences(CUBE, GroupLayout(CUBE.attributes, (RED, _grid_mapping("none"))))
    assert line.endswith("the cube has 'none'")


def _grid_mapping(wkt: str, **more: str) -> ArrayLayout:
    return replace(GRID, attributes={"crs_wkt": wkt, "GeoTransform": "0.0 1.0", **more})


def test_every_difference_is_named() -> None:
    red = replace(RED, dtype="uint8", shape=(0, 8, 9), fill_value=1, shards=None, attributes={"units": "K"})
    found = GroupLayout({"title": "t", "period_rule": "day"}, (red, replace(RED, path="blue")))
    assert differences(CUBE, found) == [
        "cube period_rule: expected 'month', the cube has 'day'",
        "blue: not expected, the cube has it",
        "red shape: expected (8, 8), the cube has (8, 9)",
        "red shards: expected (1, 8, 8), the cube has None",
        "red dtype: expected uint16, the cube has uint8",
        "red fill_value: expected 0, the cube has 1",
        "red units: expected '1', the cube has 'K'",
        "spatial_ref: expected, the cube does not have it",
    ]
