"""The benchmark of mosaics runs small, and notices what is wrong with a mosaic."""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio

from benchmarks.mosaic import Run, Size, comparisons
from benchmarks.mosaic import lines as lines_of
from benchmarks.mosaics.limits import all_blocks_compressed, overviews_compressed
from benchmarks.mosaics.outputs import Difference, difference, is_cog, overview_difference, same_place
from benchmarks.mosaics.peers import merge_and_rio_cogeo, vrt_and_cog_driver
from benchmarks.mosaics.scenes import EXPORTED, Scene, Storage, pixels_of, repeat_tiles, transform_of_image, write_tiles
from benchmarks.mosaics.sides import EEDL, LEVELS, MERGE, VRT, Case
from eo_pipeline_tests.benchmarks.in_process import start_no_process

SCENE = Scene(side=2, tile=512)


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_tiles(tmp_path_factory.mktemp("scene") / "tiles", SCENE, EXPORTED)


@pytest.fixture(scope="module")
def mosaic(tiles: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "mosaic.tif"
    vrt_and_cog_driver(tiles=texts(tiles), path=str(path), codec="deflate", level=6)
    return path


def texts(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]


def here(name: str) -> Path:
    """Peers that the project's own environment has; EEDL cannot be had."""
    if name == "eedl":
        raise subprocess.CalledProcessError(1, "pip")
    return Path(sys.executable)


def test_it_runs_small_and_every_line_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_process(monkeypatch, "benchmarks.mosaic")
    lines = list(comparisons(Size(SCENE, rounds=1, times=2), here))
    peers = [line.peer for line in lines]
    assert peers == [VRT.name, MERGE.name, EEDL.name, VRT.name, MERGE.name, VRT.name, VRT.name, VRT.name]
    assert {VRT.name, MERGE.name, EEDL.name} == {"VRT + COG driver", "rasterio.merge + rio-cogeo", "EEDL"}
    assert all(line.equal for line in lines)
    for line in lines:
        told = json.loads(line.to_json())
        assert told["ours"]["seconds"] > 0
        assert told["ours"]["cpu_s"] > 0
        assert told["ours"]["peak_mb"] >= told["ours"]["idle_mb"] > 0
        assert {"must", "aims", "met", "aims_met"} <= told.keys()
        assert ("skipped" in told) is (line.peer == EEDL.name)
        assert line.skipped in ("", "EEDL cannot be had here: Command 'pip' returned non-zero exit status 1.")
    for line in (line for line in lines if line.theirs):
        assert math.prod(line.told["pixels"]) in (1024**2, 2 * 1024**2)
        assert line.told["different_pixels"] == 0
        assert line.told["overviews"]["nodata_in_one_only"] == 0
        assert line.told["overviews"]["largest_difference"] <= 1
        assert 0.9 < line.told["bytes_ours"] / line.told["bytes_theirs"] < 1.1


def test_sides_run_in_processes_of_their_own(tmp_path: Path) -> None:
    aligned = write_tiles(tmp_path / "aligned", Scene(1, 512), Storage("LZW", 2, 512))
    case = Case("one tile", aligned, 512, 512, "lzw", "overviews_compressed", must={VRT.name: 4.0}, aims={})
    (line,) = lines_of(Run(Size(SCENE, rounds=1, times=2), tmp_path, here), case, (VRT,))
    assert line.equal
    assert line.ours.peak_mb > line.ours.idle_mb > 0
    assert [aim.what for aim in line.must] == ["times faster than VRT + COG driver", "times its bytes", "peak MB"]
    assert [aim.what for aim in line.aims] == ["times the limit"]


def test_the_image_is_the_same_in_one_tile_and_in_four() -> None:
    whole = pixels_of(Scene(side=1, tile=1024), 0, 0).astype(int)
    part = pixels_of(SCENE, 1, 0).astype(int)
    assert part.shape == (3, 512, 512)
    assert np.abs(whole[:, 512:, :512] - part).max() < 300  # noise alone: 25 times the normal of either
    assert np.array_equal(whole[:, 512:, :512] == 0, part == 0)


def test_the_image_has_a_wedge_of_nodata_and_is_hard_to_compress(tiles: list[Path]) -> None:
    pixels = pixels_of(SCENE, 0, 0)
    assert (pixels == 0).mean() == pytest.approx(0.25, abs=0.01)  # a triangle of 512 by 256 in 512 by 512
    assert pixels[pixels > 0].min() > 0
    assert tiles[3].stat().st_size > pixels.nbytes / 2


def test_the_larger_image_has_ten_times_the_pixels_without_gap(tiles: list[Path], tmp_path: Path) -> None:
    copies, height, width = repeat_tiles(tiles, tmp_path / "more", SCENE, times=10)
    assert (len(copies), height * width) == (40, 10 * 1024 * 1024)
    with rasterio.open(copies[-1]) as last, rasterio.open(tiles[1]) as original:
        assert np.array_equal(last.read(), original.read())
        column, row = ~transform_of_image() @ (last.transform.c, last.transform.f)
        assert (round(row), round(column)) == (height - 512, width - 512)


def test_peers_make_the_image(tiles: list[Path], mosaic: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    merge_and_rio_cogeo(tiles=texts(tiles), path=str(other), codec="zstd", level=1)
    for path in (mosaic, other):
        with rasterio.open(path) as dataset:
            assert np.array_equal(dataset.read()[:, 512:, 512:], pixels_of(SCENE, 1, 1))
            assert dataset.overviews(1) == [2]
            assert dataset.block_shapes[0] == (512, 512)
            assert dataset.profile["interleave"] == "pixel"
            assert dataset.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "2"
        assert is_cog(path)
    assert difference(mosaic, other) == Difference()


def test_a_changed_pixel_a_lost_one_and_another_place_are_noticed(mosaic: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    other.write_bytes(mosaic.read_bytes())
    with rasterio.open(other, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        pixels = dataset.read(2)
        lost, changed = (900, 900), (901, 901)
        pixels[lost] = 0
        pixels[changed] += 7
        dataset.write(pixels, 2)
    assert difference(mosaic, other) == Difference(pixels=2, largest=7.0, nodata=1)
    assert overview_difference(mosaic, other) == Difference()
    assert same_place(mosaic, other)
    with rasterio.open(other, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.transform = dataset.transform @ rasterio.Affine.translation(1, 0)
    assert not same_place(mosaic, other)
    assert not is_cog(other)


def test_the_limit_compresses_what_the_file_holds(mosaic: Path) -> None:
    size = mosaic.stat().st_size
    everything = all_blocks_compressed(path=str(mosaic), codec="deflate", level=LEVELS["deflate"])
    overviews = overviews_compressed(path=str(mosaic), codec="deflate", level=LEVELS["deflate"])
    assert everything["bytes"] == pytest.approx(size, rel=0.01)
    assert overviews["bytes"] == pytest.approx(size / 5, rel=0.1)  # one of a quarter of the pixels
    assert everything["seconds"] > 0
    assert everything["cpu_s"] > overviews["cpu_s"] > 0


def test_blocks_of_aligned_tiles_are_the_mosaics(tmp_path: Path, mosaic: Path) -> None:
    aligned = write_tiles(tmp_path / "aligned", SCENE, Storage("DEFLATE", 2, 512))
    with rasterio.open(aligned[3]) as tile, rasterio.open(mosaic) as whole:
        assert tile.block_shapes == whole.block_shapes
        assert np.array_equal(tile.read(), whole.read()[:, 512:, 512:])
        assert tile.tags(ns="IMAGE_STRUCTURE") == {
            key: whole.tags(ns="IMAGE_STRUCTURE")[key] for key in tile.tags(ns="IMAGE_STRUCTURE")
        }
