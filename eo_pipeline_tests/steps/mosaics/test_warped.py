"""Tiles in other CRSs and beyond the 180th meridian, against pyproj, rasterio's warper and plain arithmetic."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.warp import Resampling, reproject

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import GridMismatchError, ProductError, TilesError
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline_tests.raster_files import grid, read_raster, write_raster

NODATA = -9999
HEIGHT = BandEncoding("height", "int16", nodata=NODATA)
LAND = BandEncoding("land", "int16", nodata=NODATA, kind="categorical")
ACROSS = GeoBox((600, 700), Affine(10, 0, 765_000, 0, -10, 5_005_000), "EPSG:32632")
"""Around 12.4 degrees east, where UTM zones 32 and 33 meet."""
WEST = GeoBox((700, 500), Affine(10, 0, 764_500, 0, -10, 5_005_500), "EPSG:32632")
EAST = GeoBox((760, 900), Affine(10, 0, 292_500, 0, -10, 5_003_500), "EPSG:32633")


def centres(box: GeoBox, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the centres of a grid's pixels lie in another CRS, (y, x) each."""
    rows, columns = np.mgrid[: box.shape[0], : box.shape[1]] + 0.5
    x, y = box.affine.c + columns * box.affine.a, box.affine.f + rows * box.affine.e
    found: tuple[NDArray[np.float64], NDArray[np.float64]] = Transformer.from_crs(
        str(box.crs), crs, always_xy=True
    ).transform(x, y)
    return found


def hills(box: GeoBox) -> NDArray[Any]:
    """A smooth height (y, x) that depends on longitude and latitude alone."""
    longitude, latitude = centres(box, "EPSG:4326")
    return np.rint(1000 + 300 * np.sin(longitude * 400) * np.cos(latitude * 500)).astype("int16")


def nearest(source: NDArray[Any], box: GeoBox, target: GeoBox) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The source's pixel below each of the target's centres (NODATA beside it), and where that is beyond doubt."""
    x, y = centres(target, str(box.crs))
    column, row = (x - box.affine.c) / box.affine.a, (y - box.affine.f) / box.affine.e
    inside = (column >= 0) & (column < box.shape[1]) & (row >= 0) & (row < box.shape[0])
    at = np.where(inside, row, 0).astype(int), np.where(inside, column, 0).astype(int)
    clear = (np.abs(column - np.rint(column)) > 0.01) & (np.abs(row - np.rint(row)) > 0.01)
    return np.where(inside, source[at], NODATA), clear


def test_classes_of_two_zones_are_those_of_the_pixels_below_each_centre(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    west, east = (rng.integers(0, 9, box.shape).astype("int16") for box in (WEST, EAST))
    east[rng.random(east.shape) < 0.1] = NODATA
    tiles = [
        write_raster(tmp_path / "west.tif", WEST, west[None], nodata=NODATA),
        write_raster(tmp_path / "east.tif", EAST, east[None], nodata=NODATA),
    ]
    path = tmp_path / "m.tif"
    report = make_mosaic(tiles, target=ACROSS, bands=[LAND], path=path, tags={}, resampling="bilinear")
    got = read_raster(path)[0]
    below, clear = nearest(east, EAST, ACROSS)
    wanted = below.copy()
    wanted[:, :450] = np.where(west[50:650, 50:] == NODATA, below[:, :450], west[50:650, 50:])
    assert clear.mean() > 0.95
    assert np.array_equal(got[clear], wanted[clear])
    assert (report.tiles, report.warped, report.gap_pixels) == (2, 1, 0)


@pytest.mark.parametrize("resampling", ["bilinear", "cubic"])
def test_continuous_bands_are_interpolated(tmp_path: Path, resampling: str) -> None:
    tile = write_raster(tmp_path / "east.tif", EAST, hills(EAST)[None], nodata=NODATA)
    path = tmp_path / "m.tif"
    make_mosaic([tile], target=ACROSS, bands=[HEIGHT], path=path, tags={}, resampling=resampling, allow_gaps=True)
    got, wanted = read_raster(path)[0].astype(int), hills(ACROSS).astype(int)
    assert (got != NODATA).mean() > 0.9
    assert np.abs(got - wanted)[got != NODATA].max() <= 2


def test_holes_stay_holes_in_each_band_by_itself(tmp_path: Path) -> None:
    pixels = np.stack([hills(EAST), hills(EAST)])
    pixels[0, 200:260, 300:380] = NODATA
    pixels[1, 400:405, :] = NODATA
    tile = write_raster(tmp_path / "east.tif", EAST, pixels, nodata=NODATA)
    path = tmp_path / "m.tif"
    bands = [HEIGHT, BandEncoding("again", "int16", nodata=NODATA)]
    make_mosaic([tile], target=ACROSS, bands=bands, path=path, tags={}, resampling="bilinear", allow_gaps=True)
    for got, source in zip(read_raster(path), pixels, strict=True):
        below, clear = nearest(source, EAST, ACROSS)
        assert np.array_equal((got == NODATA)[clear], (below == NODATA)[clear])
        values = got != NODATA
        assert np.abs(got.astype(int) - hills(ACROSS))[values].max() <= 12, "no hole is mixed into a value"


def test_averages_are_those_of_rasterio_s_warper(tmp_path: Path) -> None:
    pixels = hills(EAST)
    pixels[100:300, 100:300] = NODATA
    coarse = GeoBox((60, 70), Affine(100, 0, 765_000, 0, -100, 5_005_000), "EPSG:32632")
    tile = write_raster(tmp_path / "east.tif", EAST, pixels[None], nodata=NODATA)
    path = tmp_path / "m.tif"
    make_mosaic([tile], target=coarse, bands=[HEIGHT], path=path, tags={}, resampling="average", allow_gaps=True)
    wanted = np.full(coarse.shape, NODATA, "int16")
    places = {"src_transform": EAST.affine, "dst_transform": coarse.affine, "src_crs": 32633, "dst_crs": 32632}
    empty = {"src_nodata": NODATA, "dst_nodata": NODATA}
    reproject(pixels, wanted, **places, **empty, resampling=Resampling.average, tolerance=0)
    got = read_raster(path)[0]
    assert np.array_equal(got == NODATA, wanted == NODATA)
    assert np.abs(got.astype(int) - wanted).max() <= 1


def test_a_tile_does_not_depend_on_the_mosaic_around_it(tmp_path: Path) -> None:
    tile = write_raster(tmp_path / "east.tif", EAST, hills(EAST)[None], nodata=NODATA)
    whole, part = tmp_path / "whole.tif", tmp_path / "part.tif"
    wide = GeoBox((1200, 1400), ACROSS.affine, ACROSS.crs)
    options: dict[str, Any] = {"bands": [HEIGHT], "tags": {}, "resampling": "cubic", "allow_gaps": True}
    make_mosaic([tile], target=wide, path=whole, **options, threads=3)
    make_mosaic([tile], target=wide[512:1200, 512:1400], path=part, **options, threads=1, max_memory_mb=8)
    assert np.array_equal(read_raster(whole)[:, 512:1200, 512:1400], read_raster(part))


def test_what_warped_tiles_leave_open_is_told_by_the_centres_of_pixels(tmp_path: Path) -> None:
    narrow = EAST[:, :700]
    source = np.ones(narrow.shape, "int16")
    tile = write_raster(tmp_path / "east.tif", narrow, source[None], nodata=NODATA)
    with pytest.raises(TilesError, match=r"expected tiles that cover all of \[700 x 600 px, EPSG:32632") as caught:
        make_mosaic([tile], target=ACROSS, bands=[LAND], path=tmp_path / "m.tif", tags={}, resampling="nearest")
    assert "columns 6" in str(caught.value)
    assert not (tmp_path / "m.tif").exists()
    report = make_mosaic(
        [tile], target=ACROSS, bands=[LAND], path=tmp_path / "m.tif", tags={}, resampling="nearest", allow_gaps=True
    )
    open_ones = nearest(source, narrow, ACROSS)[0] == NODATA
    assert open_ones.any()
    assert report.gap_pixels == pytest.approx(open_ones.sum(), abs=40), "edges count as covered"


def test_a_tile_in_another_crs_is_refused_unless_the_product_says_how_to_warp_it(tmp_path: Path) -> None:
    tile = write_raster(tmp_path / "east.tif", EAST, hills(EAST)[None], nodata=NODATA)
    with pytest.raises(GridMismatchError, match=r"east\.tif: .*EPSG:32633.*the CRS differs"):
        make_mosaic([tile], target=ACROSS, bands=[HEIGHT], path=tmp_path / "m.tif", tags={})


def test_damaged_blocks_of_warped_tiles_are_told_before_anything_is_written(tmp_path: Path) -> None:
    layout: dict[str, Any] = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
    rng = np.random.default_rng(7)
    tiles = [
        write_raster(tmp_path / name, box, rng.integers(0, 9, (1, *box.shape)).astype("int16"), nodata=NODATA, **layout)
        for name, box in (("east.tif", EAST), ("west.tif", EAST[:, :300]))
    ]
    for tile in tiles:
        data = bytearray(tile.read_bytes())
        data[20_000:22_000] = bytes(2000)
        tile.write_bytes(data)
    path = tmp_path / "out" / "m.tif"
    with pytest.raises(TilesError, match=r"(?s)east\.tif.*west\.tif"):
        make_mosaic(tiles, target=ACROSS, bands=[LAND], path=path, tags={}, resampling="nearest", allow_gaps=True)
    assert not path.parent.exists()


def test_half_a_pixel_is_refused_even_then(tmp_path: Path) -> None:
    odd = GeoBox((700, 500), Affine(10, 0, 764_505, 0, -10, 5_005_500), "EPSG:32632")
    tiles = [
        write_raster(tmp_path / "east.tif", EAST, hills(EAST)[None], nodata=NODATA),
        write_raster(tmp_path / "odd.tif", odd, hills(odd)[None], nodata=NODATA),
    ]
    with pytest.raises(GridMismatchError, match=r"odd\.tif: .*the offset is -49\.5 columns and -50 rows") as caught:
        make_mosaic(tiles, target=ACROSS, bands=[HEIGHT], path=tmp_path / "m.tif", tags={}, resampling="bilinear")
    assert "east.tif" not in str(caught.value)


def test_bands_without_nodata_cannot_be_warped(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="field nodata: expected a number for the pixels beside a warped tile"):
        make_mosaic(
            [], target=ACROSS, bands=[BandEncoding("b", "uint8")], path=tmp_path / "m", tags={}, resampling="cubic"
        )


def degrees(left: float, width: int, *, height: int = 100, top: float = -15.0, crs: str = "EPSG:4326") -> GeoBox:
    """Pixels of a hundredth of a degree."""
    return GeoBox((height, width), Affine(0.01, 0, left, 0, -0.01, top), crs)


FIJI = np.arange(100 * 200, dtype="int16").reshape(1, 100, 200)
"""Pixels from 179 to 181 degrees east."""


@pytest.mark.parametrize("target", [degrees(179, 200), degrees(-181, 200)], ids=["to 181", "from -181"])
@pytest.mark.parametrize(
    "lefts",
    [
        [(179.0, 0, 200)],
        [(-181.0, 0, 200)],
        [(179.0, 0, 100), (-180.0, 100, 200)],
        [(179.0, 0, 100), (180.0, 100, 200)],
        [(-181.0, 0, 100), (180.0, 100, 200)],
        [(179.0, 0, 130), (-179.9, 110, 200)],
    ],
    ids=["east", "west", "split at 180", "two in the east", "crossed", "overlapping"],
)
def test_tiles_on_both_sides_of_180_compose(
    tmp_path: Path, target: GeoBox, lefts: list[tuple[float, int, int]]
) -> None:
    tiles = [
        write_raster(tmp_path / f"{first}.tif", degrees(left, stop - first), FIJI[:, :, first:stop], nodata=NODATA)
        for left, first, stop in lefts
    ]
    path = tmp_path / "m.tif"
    report = make_mosaic(tiles, target=target, bands=[HEIGHT], path=path, tags={})
    assert np.array_equal(read_raster(path), FIJI)
    assert (report.tiles, report.gap_pixels) == (len(tiles), 0)


def test_a_raster_round_the_earth_fills_a_mosaic_across_180(tmp_path: Path) -> None:
    world = np.arange(10 * 3600, dtype="int32").reshape(1, 10, 3600) % 32000
    box = GeoBox((10, 3600), Affine(0.1, 0, -180, 0, -0.1, 0), "EPSG:4326")
    tile = write_raster(tmp_path / "world.tif", box, world.astype("int16"), nodata=NODATA)
    target = GeoBox((10, 200), Affine(0.1, 0, 170, 0, -0.1, 0), "EPSG:4326")
    path = tmp_path / "m.tif"
    report = make_mosaic([tile], target=target, bands=[HEIGHT], path=path, tags={})
    assert np.array_equal(read_raster(path), np.concatenate([world[:, :, 3500:], world[:, :, :100]], axis=2))
    assert report.tiles == 1


def test_pixels_that_do_not_go_into_360_degrees_are_refused_across_180(tmp_path: Path) -> None:
    target = GeoBox((10, 100), Affine(0.007, 0, 179.8, 0, -0.007, 0), "EPSG:4326")
    other = GeoBox((10, 100), Affine(0.007, 0, -180.0, 0, -0.007, 0), "EPSG:4326")
    tile = write_raster(tmp_path / "t.tif", other, np.ones((1, 10, 100), "int16"), nodata=NODATA)
    with pytest.raises(GridMismatchError, match=r"28\.5714 columns .* after its longitudes were moved by 360 degrees"):
        make_mosaic([tile], target=target, bands=[HEIGHT], path=tmp_path / "m.tif", tags={}, allow_gaps=True)


@pytest.mark.parametrize("left", [179.5, -180.5], ids=["to 181", "from -181"])
def test_zones_on_both_sides_of_180_are_warped_onto_degrees(tmp_path: Path, left: float) -> None:
    target = degrees(left, 100, height=60, top=-16.5)
    longitude = (left + (np.arange(100) + 0.5) / 100) % 360
    tiles = []
    for crs, edge in (("EPSG:32760", 760_000), ("EPSG:32701", 150_000)):
        box = GeoBox((1000, 1000), Affine(100, 0, edge, 0, -100, 8_200_000), crs)
        stored = np.rint((centres(box, "EPSG:4326")[0] % 360 - 179) * 10_000).astype("int16")
        tiles.append(write_raster(tmp_path / f"{crs[-5:]}.tif", box, stored[None], nodata=NODATA))
    path = tmp_path / "m.tif"
    report = make_mosaic(tiles, target=target, bands=[HEIGHT], path=path, tags={}, resampling="bilinear")
    wanted = np.broadcast_to((longitude - 179) * 10_000, (60, 100))
    assert (np.abs(read_raster(path)[0] - wanted) <= 1).mean() > 0.97, "all but the edge of the first tile"
    assert report.warped == 2


@pytest.mark.parametrize("left", [179.6, -180.4, 180.2], ids=["across 180", "from the west", "all in the west"])
def test_degrees_on_both_sides_of_180_are_warped_onto_a_zone(tmp_path: Path, left: float) -> None:
    box = degrees(left, 80, height=80, top=-16.0)
    longitude, _ = centres(box, "EPSG:4326")
    stored = np.rint((longitude % 360 - 179) * 10_000).astype("int16")
    tile = write_raster(tmp_path / "t.tif", box, stored[None], nodata=NODATA)
    target = grid(100, 100, crs="EPSG:32701", left=174_000 if left < 180.1 else 205_000, top=8_220_000)
    path = tmp_path / "m.tif"
    make_mosaic([tile], target=target, bands=[HEIGHT], path=path, tags={}, resampling="bilinear", allow_gaps=True)
    got, wanted = read_raster(path)[0], (centres(target, "EPSG:4326")[0] % 360 - 179) * 10_000
    assert (got != NODATA).mean() > 0.9
    assert np.abs(got - wanted)[got != NODATA].max() <= 2


def test_another_datum_s_degrees_are_warped_across_180(tmp_path: Path) -> None:
    box = degrees(-180.5, 100, crs="EPSG:4258")
    longitude, _ = centres(box, "EPSG:4258")
    stored = np.rint((longitude + 181) * 10_000).astype("int16")
    tile = write_raster(tmp_path / "t.tif", box, stored[None], nodata=NODATA)
    path = tmp_path / "m.tif"
    report = make_mosaic([tile], target=degrees(179.5, 100), bands=[HEIGHT], path=path, tags={}, resampling="nearest")
    assert np.array_equal(read_raster(path)[0], stored)
    assert (report.tiles, report.gap_pixels) == (1, 0)


def test_the_pole_in_a_tile_is_covered(tmp_path: Path) -> None:
    box = GeoBox((400, 400), Affine(10_000, 0, -2_000_000, 0, -10_000, 2_000_000), "EPSG:3031")
    tile = write_raster(tmp_path / "pole.tif", box, np.full((1, 400, 400), 7, "int16"), nodata=NODATA)
    target = GeoBox((30, 720), Affine(0.5, 0, -180, 0, -0.5, -75), "EPSG:4326")
    path = tmp_path / "m.tif"
    report = make_mosaic([tile], target=target, bands=[HEIGHT], path=path, tags={}, resampling="nearest")
    assert (read_raster(path) == 7).all()
    assert report.gap_pixels == 0


def test_a_tile_that_reaches_beyond_what_the_mosaic_s_crs_knows_is_refused(tmp_path: Path) -> None:
    far = GeoBox((100, 100), Affine(200_000, 0, -10_000_000, 0, -200_000, 10_000_000), "EPSG:3035")
    tile = write_raster(tmp_path / "far.tif", far, np.ones((1, 100, 100), "int16"), nodata=NODATA)
    with pytest.raises(GridMismatchError, match=r"far\.tif: expected a tile whose edges have a place in EPSG:32632"):
        make_mosaic([tile], target=ACROSS, bands=[HEIGHT], path=tmp_path / "m.tif", tags={}, resampling="nearest")


def test_nan_marks_what_lies_beside_a_warped_tile_of_floats(tmp_path: Path) -> None:
    band = BandEncoding("lst", "float32", nodata=math.nan)
    pixels = hills(EAST).astype("float32")
    narrow = EAST[:, :700]
    tile = write_raster(tmp_path / "east.tif", narrow, pixels[None, :, :700], nodata=math.nan)
    path = tmp_path / "m.tif"
    make_mosaic([tile], target=ACROSS, bands=[band], path=path, tags={}, resampling="bilinear", allow_gaps=True)
    got = read_raster(path)[0]
    beside = nearest(hills(narrow), narrow, ACROSS)[0] == NODATA
    assert (np.isnan(got) != beside).sum() <= 5
    assert np.nanmax(np.abs(got - hills(ACROSS))) <= 12
