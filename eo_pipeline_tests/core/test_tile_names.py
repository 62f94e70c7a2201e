"""Names of an export's files, against names that Earth Engine published and against arithmetic by hand."""

from eo_pipeline.core.exports.tile_names import ExpectedTiles
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline_tests.raster_files import grid


def test_an_export_of_one_file_has_its_prefix_alone() -> None:
    assert ExpectedTiles("a/tile", grid(256, 100), 256).names() == {"a/tile.tif": Rectangle(0, 0, 256, 100)}


def test_rows_come_first_with_ten_digits() -> None:
    names = ExpectedTiles("a/tile", grid(257, 600), 256).names()
    assert list(names) == [
        "a/tile-0000000000-0000000000.tif",
        "a/tile-0000000000-0000000256.tif",
        "a/tile-0000000000-0000000512.tif",
        "a/tile-0000000256-0000000000.tif",
        "a/tile-0000000256-0000000256.tif",
        "a/tile-0000000256-0000000512.tif",
    ]
    assert names["a/tile-0000000256-0000000512.tif"] == Rectangle(256, 512, 257, 600)


def test_what_lies_in_folders_further_down_is_another_exports() -> None:
    expected = ExpectedTiles("a/tile", grid(257, 600), 256)
    assert expected.has("a/tile.tif")
    assert expected.has("a/tile-0000000004-0000000000.tif")
    assert not expected.has("a/tile-readme.txt")
    assert not expected.has("a/tile/b/tile.tif")
    assert not expected.has("b/tile.tif")
