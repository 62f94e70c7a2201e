"""One band on a grid: copies against slices of the array, warps against pyproj and GDAL's whole-file warper."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling

from eo_pipeline.core.rectangles import windows
from eo_pipeline.core.scenes.layouts import BandLayout
from eo_pipeline.core.scenes.placing import placements_of
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.view import View
from eo_pipeline.storage.scenes.reading import read_band
from eo_pipeline.storage.scenes.scene_files import UnreadableError
from eo_pipeline_tests.raster_files import write_raster
from eo_pipeline_tests.storage.scenes.files import (
    SIDE,
    ZONE_33,
    by_nearest,
    by_warped_vrt,
    by_warping_all,
    places_in,
    random_pixels,
    scene_file,
)

LAYOUT = BandLayout("uint16", 0.0, 1.0)
BESIDE = GeoBox((200, 180), Affine(10, 0, 745_503, 0, -10, 5_341_504), "EPSG:32632")
"""The scene in the zone to its west, a fraction of a pixel off and turned by 4 degrees."""
COARSE = GeoBox((40, 50), Affine(50, 0, 300_100, 0, -50, 5_339_900), "EPSG:32633")
MOVED = 40
"""Stored units by which numbers up to 10,000 change if places move twice by a thousandth of a pixel in x and y."""
DEGREES = GeoBox((250, 320), Affine(1e-4, 0, 12.32, 0, -1e-4, 48.17), "EPSG:4326")


def read(band: SceneBand, target: GeoBox, resampling: str = "nearest") -> NDArray[Any]:
    """Pixels of a grid that the file meets."""
    stored = read_band(band, LAYOUT, View(target), resampling=resampling, options={})
    assert stored is not None
    return stored


def shifted(columns: float, rows: float, shape: tuple[int, int] = (SIDE, SIDE)) -> GeoBox:
    """A grid in the scene's CRS, its corner so many of the scene's pixels from the scene's."""
    return GeoBox(shape, ZONE_33.affine @ Affine.translation(columns, rows), ZONE_33.crs)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_pixels_on_the_grid_are_copied(tmp_path: Path, resampling: str) -> None:
    pixels = random_pixels()
    band = scene_file(tmp_path / "a.tif", pixels)
    inner = read(band, shifted(17, 33, (100, 120)), resampling)
    np.testing.assert_array_equal(inner, pixels[33:133, 17:137])
    around = read(band, shifted(-20.0004, -7, (SIDE + 30, SIDE + 40)), resampling)
    np.testing.assert_array_equal(around, np.pad(pixels, ((7, 23), (20, 20))))


@pytest.mark.parametrize(
    "how",
    [
        {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "zstd", "predictor": 2},
        {"tiled": True, "blockxsize": 128, "blockysize": 64, "compress": "lzw"},
        {"compress": "deflate"},
        {"interleave": "band", "tiled": True, "blockxsize": 128, "blockysize": 128},
    ],
    ids=["squares", "no squares", "strips", "bands apart"],
)
def test_files_are_copied_whatever_their_blocks(tmp_path: Path, how: dict[str, Any]) -> None:
    pixels = np.stack([random_pixels(), random_pixels(seed=2)])
    path = write_raster(tmp_path / "a.tif", ZONE_33, pixels, nodata=0, **how)
    band = SceneBand(str(path), index=2, dtype="uint16", nodata=0.0)
    np.testing.assert_array_equal(read(band, shifted(17, 33, (100, 120))), pixels[1, 33:133, 17:137])


def test_a_damaged_block_is_refused_by_the_files_name(tmp_path: Path) -> None:
    """GDAL may take it for pixels."""
    band = scene_file(tmp_path / "a.tif", random_pixels())
    damaged = bytearray(Path(band.href).read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    Path(band.href).write_bytes(damaged)
    with pytest.raises(UnreadableError, match=r"a\.tif: expected a block of 32768 bytes compressed as deflate"):
        read(band, ZONE_33)


def test_a_grid_beside_the_file_opens_nothing() -> None:
    band = SceneBand(href="/nowhere/at/all.tif", dtype="uint16", nodata=0.0, geobox=ZONE_33)
    far = GeoBox((9, 9), BESIDE.affine @ Affine.translation(5e4, 0), BESIDE.crs)
    for target in (shifted(SIDE, 0), shifted(0, -SIDE), far):
        assert read_band(band, LAYOUT, View(target), resampling="nearest", options={}) is None


def test_half_a_pixel_off_is_warped(tmp_path: Path) -> None:
    pixels = random_pixels()
    band = scene_file(tmp_path / "a.tif", pixels)
    target = shifted(50.5, 60, (80, 90))
    values = np.where(pixels > 0, pixels, np.nan).astype(float)
    pair = np.stack([values[60:140, 50:140], values[60:140, 51:141]])
    both = np.isfinite(pair).all(axis=0)
    found = read(band, target, "bilinear")
    assert both.mean() > 0.8
    np.testing.assert_allclose(found[both], pair.mean(axis=0)[both], atol=0.51)


@pytest.mark.parametrize("target", [BESIDE, DEGREES, COARSE, shifted(3.3, 4.4, (90, 80))])
def test_the_nearest_pixel_is_pyprojs(tmp_path: Path, target: GeoBox) -> None:
    pixels = random_pixels()
    found = read(scene_file(tmp_path / "a.tif", pixels), target)
    expected, certain = by_nearest(pixels, places_in(ZONE_33, target))
    assert certain.mean() > 0.9
    assert (found[certain] > 0).mean() > 0.1
    np.testing.assert_array_equal(found[certain], expected[certain])


@pytest.mark.parametrize("resampling", ["bilinear", "cubic", "average"])
@pytest.mark.parametrize("target", [BESIDE, DEGREES, COARSE])
def test_warped_pixels_are_those_of_the_whole_file_at_once(tmp_path: Path, target: GeoBox, resampling: str) -> None:
    found = read(scene_file(tmp_path / "a.tif", random_pixels()), target, resampling)
    (placement,) = placements_of(ZONE_33, target)
    assert placement.warp is not None
    scale = (1 / placement.warp.scale[0], 1 / placement.warp.scale[1])
    expected = by_warping_all(tmp_path / "a.tif", target[placement.destination.slices], resampling, scale)
    assert (expected > 0).mean() > 0.1
    np.testing.assert_array_equal(found[placement.destination.slices], expected)
    seen = by_warped_vrt(str(tmp_path / "a.tif"), target, resampling, scale)
    assert (np.abs(found.astype(int) - seen) > MOVED).mean() < 0.001  # a thousandth of a pixel matters at nodata


def test_an_average_is_that_of_the_pixels_below(tmp_path: Path) -> None:
    pixels = random_pixels()
    found = read(scene_file(tmp_path / "a.tif", pixels), COARSE, "average")
    blocks = np.where(pixels > 0, pixels, np.nan)[10:210, 10:260].reshape(40, 5, 50, 5)
    whole = np.isfinite(blocks).any(axis=(1, 3))
    assert whole.mean() > 0.9
    np.testing.assert_allclose(found[whole], _means(blocks)[whole], atol=0.51)
    assert not found[~whole].any()


def _means(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of what is finite in blocks (y, rows, x, columns), 0 where nothing is."""
    valid = np.isfinite(blocks)
    return np.asarray(np.where(valid, blocks, 0).sum(axis=(1, 3)) / np.maximum(valid.sum(axis=(1, 3)), 1))


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average"])
def test_grids_beside_each_other_show_no_seam(tmp_path: Path, resampling: str) -> None:
    band = scene_file(tmp_path / "a.tif", random_pixels())
    whole = read(band, BESIDE, resampling)
    parts = [read(band, BESIDE[:, :90], resampling), read(band, BESIDE[:, 90:], resampling)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("target", [BESIDE, DEGREES, COARSE, shifted(3.3, 4.4, (90, 80)), shifted(-20, -7)])
@pytest.mark.parametrize("resampling", ["nearest", "cubic"])
def test_pixels_do_not_depend_on_the_window(tmp_path: Path, target: GeoBox, resampling: str) -> None:
    band = scene_file(tmp_path / "a.tif", random_pixels())
    whole = read(band, target, resampling)
    height, width = target.shape
    joined = np.zeros_like(whole)
    for window in windows(height=height, width=width, rows=37, columns=29):
        part = read_band(band, LAYOUT, View(target, window), resampling=resampling, options={})
        if part is not None:
            joined[window.slices] = part
    np.testing.assert_array_equal(joined, whole)
    assert whole.any()


@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
def test_a_coarse_look_reads_the_coarsest_overview_that_is_fine_enough(tmp_path: Path, resampling: str) -> None:
    pixels = random_pixels()
    band = scene_file(tmp_path / "a.tif", pixels)
    marked = {2: np.full((150, 150), 222, "uint16"), 4: np.full((75, 75), 444, "uint16")}
    with rasterio.open(tmp_path / "a.tif", "r+") as file:
        file.build_overviews(list(marked), Resampling.nearest)
    for level, (factor, values) in enumerate(marked.items()):
        with rasterio.open(tmp_path / "a.tif", "r+", overview_level=level) as file:
            assert file.width == SIDE // factor
            file.write(values, 1)
    for step, expected in ((1.9, None), (2.0, 222), (3.5, 222), (5.0, 444), (30.0, 444)):
        grid = GeoBox((8, 9), ZONE_33.affine @ Affine.translation(7, 7) @ Affine.scale(step), ZONE_33.crs)
        found = read_band(band, LAYOUT, View(grid, overviews=True), resampling=resampling, options={})
        assert found is not None
        assert expected is None or set(np.unique(found)) == {expected}
        np.testing.assert_array_equal(read(band, grid, resampling) == 222, 0)


def test_classes_are_never_averaged(tmp_path: Path) -> None:
    classes = random_pixels("uint8", highest=12)
    band = scene_file(tmp_path / "scl.tif", classes, is_classes=True)
    layout = BandLayout("uint8", 0.0, 1.0)
    for resampling in ("bilinear", "average"):
        found = read_band(band, layout, View(BESIDE), resampling=resampling, options={})
        expected, certain = by_nearest(classes, places_in(ZONE_33, BESIDE))
        assert found is not None
        np.testing.assert_array_equal(found[certain], expected[certain])


def test_a_grid_in_degrees_across_the_antimeridian_is_whole(tmp_path: Path) -> None:
    """A file in degrees that ends at 180, and one that begins at -180, each on its side."""
    pixels = random_pixels()
    west = GeoBox((SIDE, SIDE), Affine(0.01, 0, 177, 0, -0.01, -15), "EPSG:4326")
    east = GeoBox((SIDE, SIDE), Affine(0.01, 0, -180, 0, -0.01, -15), "EPSG:4326")
    target = GeoBox((100, 200), Affine(0.01, 0, 179, 0, -0.01, -15.5), "EPSG:4326")
    left = read(scene_file(tmp_path / "west.tif", pixels, west), target)
    right = read(scene_file(tmp_path / "east.tif", pixels, east), target)
    np.testing.assert_array_equal(left, np.pad(pixels[50:150, 200:], ((0, 0), (0, 100))))
    np.testing.assert_array_equal(right, np.pad(pixels[50:150, :100], ((0, 0), (100, 0))))


def test_a_utm_grid_across_the_antimeridian_is_warped_from_both_sides(tmp_path: Path) -> None:
    pixels = random_pixels()
    target = GeoBox((60, 120), Affine(1000, 0, 120_000, 0, -1000, 8_220_000), "EPSG:32701")
    for name, left in (("west", 177.0), ("east", -180.0)):
        grid = GeoBox((SIDE, SIDE), Affine(0.01, 0, left, 0, -0.01, -15), "EPSG:4326")
        found = read(scene_file(tmp_path / f"{name}.tif", pixels, grid), target)
        expected, certain = by_nearest(pixels, places_in(grid, target))
        assert (found > 0).any()
        np.testing.assert_array_equal(found[certain], expected[certain])


def test_a_band_of_a_file_of_several_is_chosen(tmp_path: Path) -> None:
    first, second = random_pixels(seed=1), random_pixels(seed=2)
    path = write_raster(tmp_path / "two.tif", ZONE_33, np.stack([first, second]), nodata=0)
    band = SceneBand(href=path.as_uri(), index=2, dtype="uint16", nodata=0.0)
    np.testing.assert_array_equal(read(band, ZONE_33), second)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    band = scene_file(tmp_path / "a.tif", random_pixels("uint8", highest=200))
    with pytest.raises(UnreadableError, match=r"a\.tif: expected uint16, got uint8"):
        read(band, ZONE_33)
    with pytest.raises(UnreadableError, match=r"a\.tif: expected a CRS and band 2, got EPSG:32633 and 1 band"):
        read(replace(band, index=2), ZONE_33)
    with pytest.raises(UnreadableError, match=r"gone\.tif: .*No such file"):
        read(replace(band, href=str(tmp_path / "gone.tif")), ZONE_33)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableError, match=r"cut\.tif: "):
        read_band(
            replace(band, href=str(tmp_path / "cut.tif")),
            BandLayout("uint8", 0, 1),
            View(ZONE_33),
            resampling="nearest",
            options={},
        )


def test_an_overview_whose_pixels_lie_on_the_grid_is_read_not_its_file(tmp_path: Path) -> None:
    band = scene_file(tmp_path / "a.tif", random_pixels())
    with rasterio.open(band.href, "r+") as file:
        file.build_overviews([2], Resampling.mode)
    half = GeoBox((SIDE // 2, SIDE // 2), ZONE_33.affine @ Affine.scale(2), ZONE_33.crs)
    stored = read_band(band, LAYOUT, View(half, overviews=True), resampling="nearest", options={})
    with rasterio.open(band.href, overview_level=0) as overview:
        np.testing.assert_array_equal(stored, overview.read(1))


@pytest.mark.parametrize("target", [shifted(-20, -7, (SIDE + 30, SIDE + 40)), BESIDE], ids=["copied", "warped"])
def test_pixels_are_read_into_an_array_that_is_given(tmp_path: Path, target: GeoBox) -> None:
    band = scene_file(tmp_path / "a.tif", random_pixels())
    given = np.zeros(target.shape, np.uint16)
    found = read_band(band, LAYOUT, View(target), resampling="nearest", options={}, into=given)
    assert found is given
    np.testing.assert_array_equal(given, read(band, target))


def test_a_given_array_stays_as_it_is_where_the_file_lies_elsewhere(tmp_path: Path) -> None:
    given = np.zeros((50, 50), np.uint16)
    band, far = scene_file(tmp_path / "a.tif", random_pixels()), shifted(10 * SIDE, 0, (50, 50))
    assert read_band(band, LAYOUT, View(far), resampling="nearest", options={}, into=given) is None
    assert not given.any()
