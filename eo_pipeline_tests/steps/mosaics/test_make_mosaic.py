"""Mosaics from tiles on disk, compared with the pixels the tiles were cut from."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rio_cogeo.cogeo import cog_validate
from tifffile import TiffFile

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import Overlap
from eo_pipeline.core.summaries import BandSummary
from eo_pipeline.errors import GridMismatchError, ProductError, TilesError
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline_tests.raster_files import grid, read_raster, write_raster

HEIGHT, WIDTH = 700, 1100
TARGET = grid(HEIGHT, WIDTH)
NDVI = BandEncoding("ndvi", "int16", scale=1e-4, offset=0.5, nodata=-9999, units="1", description="greenness")
LAND = BandEncoding("land", "int16", nodata=-9999, kind="categorical")
SEEN = BandEncoding("n_valid", "int16", nodata=-9999, kind="count")


def scene(bands: int = 1) -> NDArray[Any]:
    """Stored numbers (band, y, x), one in five of them nodata."""
    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 9, (bands, HEIGHT, WIDTH)).astype("int16")
    pixels[rng.random(pixels.shape) < 0.2] = -9999
    return pixels


def cut(folder: Path, name: str, pixels: NDArray[Any], rows: slice, columns: slice, **options: Any) -> Path:
    """One tile of a scene, georeferenced."""
    tile = pixels[:, rows, columns]
    place = grid(*tile.shape[1:], left=5e5 + 10 * columns.start, top=5e6 - 10 * rows.start)
    return write_raster(folder / name, place, tile, **options)


def quarters(folder: Path, pixels: NDArray[Any], **options: Any) -> list[Path]:
    """Four tiles whose names contradict where they lie."""
    return [
        cut(folder, "t-0000000300-0000000512.tif", pixels, slice(0, 300), slice(0, 512), **options),
        cut(folder, "t-0000000000-0000000000.tif", pixels, slice(300, 700), slice(512, 1100), **options),
        cut(folder, "t-0000000300-0000000000.tif", pixels, slice(0, 300), slice(512, 1100), **options),
        cut(folder, "t-0000000000-0000000512.tif", pixels, slice(300, 700), slice(0, 512), **options),
    ]


def test_tiles_go_where_their_georeferencing_says(tmp_path: Path) -> None:
    pixels = scene()
    report = make_mosaic(
        quarters(tmp_path, pixels),
        target=TARGET,
        bands=[NDVI],
        path=tmp_path / "out" / "m.tif",
        tags={"request": "abc"},
    )
    assert np.array_equal(read_raster(report.path), pixels)
    valid = pixels[pixels != -9999]
    assert (report.tiles, report.gap_pixels, report.bytes) == (4, 0, report.path.stat().st_size)
    assert report.bands == (BandSummary("ndvi", valid.size / pixels.size, 0.5, 8 * 1e-4 + 0.5),)
    assert [path.name for path in report.path.parent.iterdir()] == ["m.tif"]


@pytest.mark.parametrize("compression", ["deflate", "zstd", "lzw", "none"])
def test_the_file_is_a_valid_cog_with_its_metadata(tmp_path: Path, compression: str) -> None:
    pixels = scene(3)
    tiles = quarters(tmp_path, pixels, names=("ndvi", "land", "n_valid"), nodata=-9999)
    path = tmp_path / "m.tif"
    tags = {"product": "greenness", "request": "abc"}
    make_mosaic(tiles, target=TARGET, bands=[NDVI, LAND, SEEN], path=path, tags=tags, compression=compression)
    valid, errors, warnings = cog_validate(path, strict=True)
    assert (valid, errors, warnings) == (True, [], [])
    with rasterio.open(path) as dataset:
        assert (dataset.crs, dataset.transform, dataset.shape) == ("EPSG:32633", TARGET.affine, (HEIGHT, WIDTH))
        assert (dataset.nodata, dataset.descriptions) == (-9999, ("ndvi", "land", "n_valid"))
        assert (dataset.scales, dataset.offsets, dataset.units[0]) == ((1e-4, 1, 1), (0.5, 0, 0), "1")
        assert dataset.tags().items() >= tags.items()
        assert dataset.tags(1).items() >= {"kind": "continuous", "long_name": "greenness"}.items()
        assert dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "none").lower() == compression
        assert np.array_equal(dataset.read(), pixels)


def test_more_effort_makes_a_smaller_file(tmp_path: Path) -> None:
    tiles = quarters(tmp_path, scene())
    sizes = [
        make_mosaic(
            tiles, target=TARGET, bands=[NDVI], path=tmp_path / "m.tif", tags={}, compression="zstd", level=level
        ).bytes
        for level in (1, 19)
    ]
    assert sizes[1] < 0.95 * sizes[0]


def test_overviews_follow_the_kind_and_ignore_nodata(tmp_path: Path) -> None:
    pixels = scene(3)
    tiles = quarters(tmp_path, pixels, nodata=-9999)
    path = tmp_path / "m.tif"
    make_mosaic(tiles, target=TARGET, bands=[NDVI, LAND, SEEN], path=path, tags={})
    with rasterio.open(path, overview_level=0) as dataset:
        mean, land, seen = dataset.read()
    blocks = pixels.reshape(3, HEIGHT // 2, 2, WIDTH // 2, 2).transpose(0, 1, 3, 2, 4).reshape(3, 350, 550, 4)
    masked = np.ma.masked_equal(blocks, -9999)
    expected = masked[0].mean(axis=-1)
    assert np.array_equal(mean == -9999, np.ma.getmaskarray(expected))
    assert np.abs(mean[mean != -9999] - expected.compressed()).max() <= 0.5
    counts = np.stack([(blocks[1] == value).sum(axis=-1) for value in range(9)])
    assert np.array_equal(land == -9999, counts.sum(axis=0) == 0)
    has_class = land != -9999
    chosen = np.take_along_axis(counts, np.where(has_class, land, 0)[None].astype(int), axis=0)[0]
    assert np.array_equal(chosen[has_class], counts.max(axis=0)[has_class])
    assert (seen[..., None] == blocks[2]).any(axis=-1).all()


def test_a_surplus_ring_is_cut_and_the_first_tile_wins(tmp_path: Path) -> None:
    first, second = scene(), np.full((1, HEIGHT + 40, WIDTH + 40), 77, dtype="int16")
    ring = write_raster(tmp_path / "ring.tif", grid(740, 1140, left=5e5 - 200, top=5e6 + 200), second)
    inner = cut(tmp_path, "inner.tif", first, slice(100, 600), slice(50, 1000))
    expected = np.full_like(first, 77)
    middle = first[:, 100:600, 50:1000]
    expected[:, 100:600, 50:1000] = np.where(middle == -9999, 77, middle)
    ahead = make_mosaic([inner, ring], target=TARGET, bands=[NDVI], path=tmp_path / "1.tif", tags={})
    assert np.array_equal(read_raster(ahead.path), expected)
    behind = make_mosaic([ring, inner], target=TARGET, bands=[NDVI], path=tmp_path / "2.tif", tags={})
    assert (read_raster(behind.path) == 77).all()


def test_somebody_is_told_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    tiles = quarters(tmp_path, scene())
    make_mosaic(
        tiles[1:],
        target=TARGET,
        bands=[NDVI],
        path=tmp_path / "m.tif",
        tags={},
        allow_gaps=True,
        max_memory_mb=8,
        progress=lambda done, total: told.append((done, total)),
    )
    assert len(told) > 1
    assert told == sorted(set(told)), "each window counts once"
    assert told[-1] == (HEIGHT * WIDTH, HEIGHT * WIDTH)
    assert {total for _, total in told} == {HEIGHT * WIDTH}


def test_bands_are_found_by_name(tmp_path: Path) -> None:
    pixels = scene(2)
    tiles = quarters(tmp_path, pixels[::-1], names=("land", "ndvi"))
    report = make_mosaic(tiles, target=TARGET, bands=[NDVI, LAND], path=tmp_path / "m.tif", tags={})
    assert np.array_equal(read_raster(report.path), pixels)


def test_gaps_are_an_error_that_lists_the_rectangles(tmp_path: Path) -> None:
    tiles = quarters(tmp_path, scene())
    path = tmp_path / "out" / "m.tif"
    with pytest.raises(TilesError) as caught:
        make_mosaic(tiles[1:2], target=TARGET, bands=[NDVI], path=path, tags={})
    message = str(caught.value)
    assert "columns 0-1100, rows 0-300 (from 500000, 5000000 to 511000, 4997000)" in message
    assert "columns 0-512, rows 300-700 (from 500000, 4997000 to 505120, 4993000)" in message
    assert not path.exists()


def test_allowed_gaps_become_nodata(tmp_path: Path) -> None:
    pixels = scene()
    tiles = quarters(tmp_path, pixels)
    path = tmp_path / "m.tif"
    report = make_mosaic(tiles[1:], target=TARGET, bands=[NDVI], path=path, tags={}, allow_gaps=True)
    pixels[:, :300, :512] = -9999
    assert report.gap_pixels == 300 * 512
    assert np.array_equal(read_raster(path), pixels)


def test_tiles_with_masks_of_their_own_are_refused(tmp_path: Path) -> None:
    tiles = quarters(tmp_path, np.abs(scene()), nodata=None)
    with rasterio.open(tiles[2], "r+") as dataset:
        dataset.write_mask(np.zeros(dataset.shape, np.bool_))
    band = BandEncoding("b", "int16")
    with pytest.raises(TilesError, match=f"mark missing pixels by nodata, got masks beside the pixels of {tiles[2]};"):
        make_mosaic(tiles, target=TARGET, bands=[band], path=tmp_path / "m.tif", tags={})


def test_gaps_need_a_nodata_to_fill_them(tmp_path: Path) -> None:
    band = BandEncoding("b", "uint8")
    with pytest.raises(ProductError, match="field nodata: expected a number to fill gaps"):
        make_mosaic([], target=TARGET, bands=[band], path=tmp_path / "m.tif", tags={}, allow_gaps=True)


def test_bands_of_different_nodata_cannot_share_a_file(tmp_path: Path) -> None:
    other = BandEncoding("other", "int16", nodata=0)
    with pytest.raises(ProductError, match=r"field bands: .*ndvi: int16, nodata -9999, other: int16, nodata 0"):
        make_mosaic([], target=TARGET, bands=[NDVI, other], path=tmp_path / "m.tif", tags={})


def test_a_compression_that_there_is_not_is_refused(tmp_path: Path) -> None:
    wanted = r"field compression: expected one of deflate, zstd, lzw, lerc, none, got 'jpeg'"
    with pytest.raises(ProductError, match=wanted):
        make_mosaic([], target=TARGET, bands=[NDVI], path=tmp_path / "m.tif", tags={}, compression="jpeg")


def test_a_tile_of_another_dtype_is_named(tmp_path: Path) -> None:
    tiles = quarters(tmp_path, scene())
    tiles[2] = cut(tmp_path, "odd.tif", scene().astype("float32"), slice(0, 300), slice(512, 1100))
    with pytest.raises(TilesError, match=r"odd\.tif: band ndvi: dtype float32, expected int16"):
        make_mosaic(tiles, target=TARGET, bands=[NDVI], path=tmp_path / "m.tif", tags={})


def test_a_tile_off_the_lattice_is_named(tmp_path: Path) -> None:
    odd = write_raster(tmp_path / "odd.tif", grid(HEIGHT, WIDTH, left=5e5 + 4), scene())
    with pytest.raises(GridMismatchError, match=r"odd\.tif: .*the offset is 0\.4 columns and 0 rows"):
        make_mosaic([odd], target=TARGET, bands=[NDVI], path=tmp_path / "m.tif", tags={})


def spoil(tile: Path) -> None:
    """Overwrite the beginning of the block in the middle of a file; its header stays."""
    with TiffFile(tile) as tiff:
        offsets = tiff.pages[0].dataoffsets
    data, first = bytearray(tile.read_bytes()), offsets[len(offsets) // 2]
    data[first : first + 100] = b"\xff" * 100
    tile.write_bytes(data)


@pytest.mark.parametrize("overlap", ["first", "mean"])
def test_all_corrupt_tiles_are_named_and_nothing_is_left_behind(tmp_path: Path, overlap: Overlap) -> None:
    tiles = quarters(tmp_path, scene(), compress="deflate")
    tiles.append(cut(tmp_path, "again.tif", scene(), slice(0, 700), slice(0, 1100), compress="deflate"))
    for tile in (tiles[1], tiles[3]):
        spoil(tile)
    with pytest.raises(TilesError) as caught:
        make_mosaic(tiles, target=TARGET, bands=[NDVI], path=tmp_path / "out" / "m.tif", tags={}, overlap=overlap)
    message = str(caught.value)
    assert message.count("expected a readable raster, got") == 2
    assert all(tile.name in message for tile in (tiles[1], tiles[3]))
    assert not any(tile.name in message for tile in (tiles[0], tiles[2], tiles[4]))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("compression", ["deflate", "zstd", "lerc"])
def test_a_corrupt_block_is_not_copied(tmp_path: Path, compression: str) -> None:
    layout: dict[str, Any] = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": compression}
    tile = write_raster(tmp_path / "t.tif", TARGET, scene(), nodata=-9999, **layout)
    spoil(tile)
    path = tmp_path / "out" / "m.tif"
    with pytest.raises(TilesError, match=r"got .*t\.tif"):
        make_mosaic([tile], target=TARGET, bands=[NDVI], path=path, tags={}, compression=compression)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("compression", "predictor"), [("deflate", 2), ("zstd", 2), ("none", 1)])
def test_blocks_of_tiles_pass_unchanged(tmp_path: Path, compression: str, predictor: int) -> None:
    layout = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": compression, "predictor": predictor}
    if compression == "deflate":
        layout["zlevel"] = 1  # bytes that no writer of ours would make
    pixels = scene(2)
    tiles = [
        cut(tmp_path, "left.tif", pixels, slice(0, 700), slice(0, 512), interleave="pixel", **layout),
        cut(tmp_path, "right.tif", pixels, slice(0, 700), slice(512, 1100), interleave="pixel", **layout),
    ]
    path = tmp_path / "m.tif"
    make_mosaic(tiles, target=TARGET, bands=[NDVI, LAND], path=path, tags={}, compression=compression)
    assert np.array_equal(read_raster(path), pixels)
    with TiffFile(tiles[1]) as right, TiffFile(path) as mosaic:
        theirs, ours = ([page.dataoffsets, page.databytecounts] for page in (right.pages[0], mosaic.pages[0]))
        content, source = path.read_bytes(), tiles[1].read_bytes()
        for mine, its in ((1, 0), (2, 1), (4, 2), (5, 3)):
            first, size = ours[0][mine], ours[1][mine]
            start = theirs[0][its]
            assert content[first : first + size] == source[start : start + size]


def test_children_of_a_split_and_tiles_of_an_earlier_run_compose(tmp_path: Path) -> None:
    pixels = scene()
    children = [
        cut(tmp_path, f"{row}{column}~tile.tif", pixels, slice(top, bottom), slice(left, right))
        for row, (top, bottom) in enumerate([(0, 350), (350, 700)])
        for column, (left, right) in enumerate([(0, 600), (600, 1100)])
    ]
    children[1:2] = [
        cut(tmp_path, "01~0~tile.tif", pixels, slice(0, 350), slice(600, 850)),
        cut(tmp_path, "01~1~tile.tif", pixels, slice(0, 350), slice(850, 1100)),
    ]
    earlier = cut(tmp_path, "tile-0000000000-0000000512.tif", pixels, slice(0, 512), slice(512, 1024))
    for order, tiles in enumerate([[*children, earlier], [earlier, *children[::-1]]]):
        path = tmp_path / f"{order}.tif"
        report = make_mosaic(tiles, target=TARGET, bands=[NDVI], path=path, tags={})
        assert np.array_equal(read_raster(path), pixels)
        assert (report.tiles, report.gap_pixels) == (6, 0)


@pytest.mark.parametrize("most", [0.0, 0.05])
def test_lerc_is_off_by_no_more_than_is_allowed(tmp_path: Path, most: float) -> None:
    pixels = np.random.default_rng(2).normal(280, 10, (1, HEIGHT, WIDTH)).astype("float32")
    pixels[:, :50] = np.nan
    band = BandEncoding("lst", "float32", nodata=math.nan)
    path = tmp_path / "m.tif"
    tiles = quarters(tmp_path, pixels, nodata=math.nan)
    make_mosaic(tiles, target=TARGET, bands=[band], path=path, tags={}, compression="lerc", max_z_error=most)
    off = np.abs(read_raster(path) - pixels)
    assert np.array_equal(np.isnan(off), np.isnan(pixels))
    assert np.nanmax(off) <= most * 1.001, "floats round"
    assert (np.nanmax(off) > 0) == (most > 0)


def test_nan_survives_as_nodata(tmp_path: Path) -> None:
    pixels = scene().astype("float32")
    pixels[pixels == -9999] = np.nan
    band = BandEncoding("lst", "float32", nodata=math.nan)
    report = make_mosaic(quarters(tmp_path, pixels), target=TARGET, bands=[band], path=tmp_path / "m.tif", tags={})
    assert np.array_equal(read_raster(report.path), pixels, equal_nan=True)
    assert report.bands[0].valid_share == pytest.approx(np.isfinite(pixels).mean())
    with rasterio.open(report.path, overview_level=0) as dataset:
        assert np.isnan(dataset.read()).mean() < 0.01


def test_an_image_smaller_than_a_block_is_a_cog_too(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype="int16").reshape(1, 3, 4)
    tile = write_raster(tmp_path / "t.tif", grid(3, 4), pixels)
    report = make_mosaic([tile], target=grid(3, 4), bands=[NDVI], path=tmp_path / "m.tif", tags={})
    assert cog_validate(report.path)[0]
    assert np.array_equal(read_raster(report.path), pixels)
