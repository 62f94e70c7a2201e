"""Zones on tiles that no mosaic was made of, against rasterio's own merge, plain numpy, and the mosaic."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from rasterio.merge import merge
from rasterstats import zonal_stats
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import Overlap
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import GridMismatchError, ProductError, TilesError
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline.steps.zones import ground
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline_tests.raster_files import grid, write_raster

NODATA = -9999
TARGET = grid(220, 260)
BAND = BandEncoding("a", "int16", nodata=NODATA)
CORNERS = ((-20, -30), (80, 100), (76, -30), (-20, 96), (60, 60))
NAMES = ("count", "sum", "min", "max", "median", "nodata")
SHAPES = (
    shapely.Point(501_000, 4_999_100).buffer(700),
    shapely.Polygon([(500_105, 4_999_905), (502_300, 4_999_500), (500_700, 4_998_105)]),
    shapely.box(500_000, 4_997_800, 502_600, 5_000_000),
)
JANUARY = Period(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2023, 2, 1, tzinfo=dt.UTC), "2023-01")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "BLOCK_PIXELS", 64 * 64)


def zones(shapes: tuple[BaseGeometry, ...] = SHAPES) -> Zones:
    return Zones("z.gpkg", "code", tuple(range(len(shapes))), shapes, CRS("EPSG:32633"), (), "")


def scattered(folder: Path) -> list[Path]:
    """Five tiles of 120 x 140 pixels that overlap and reach beyond the target; a part of it is bare."""
    rng, paths = np.random.default_rng(3), []
    for number, (row, column) in enumerate(CORNERS):
        pixels = rng.integers(-500, 500, (1, 120, 140)).astype("int16")
        pixels[rng.random(pixels.shape) < 0.3] = NODATA
        place = grid(120, 140, left=5e5 + 10 * column, top=5e6 - 10 * row)
        paths.append(
            write_raster(
                folder / f"{number}.tif", place, pixels, nodata=NODATA, tiled=True, blockxsize=64, blockysize=64
            )
        )
    return paths


def by_rasterio(paths: list[Path], overlap: str) -> NDArray[Any]:
    box = TARGET.boundingbox
    merged, _ = merge(paths, bounds=(box.left, box.bottom, box.right, box.top), method=overlap, nodata=NODATA)
    found: NDArray[Any] = merged[0]
    return found


def by_numpy(paths: list[Path]) -> NDArray[Any]:
    """Means, halves up."""
    total, count = np.zeros(TARGET.shape, "int64"), np.zeros(TARGET.shape, "int64")
    for path in paths:
        alone = by_rasterio([path], "first")
        total += np.where(alone == NODATA, 0, alone)
        count += alone != NODATA
    return np.where(count == 0, NODATA, np.floor(total / np.maximum(count, 1) + 0.5))


def measured(paths: list[Path], wanted: Wanted, **options: Any) -> pd.DataFrame:
    return measure_zones(zones(), paths, wanted, JANUARY, **options)


@pytest.mark.parametrize("overlap", ["first", "last", "min", "max", "mean"])
def test_tiles_are_measured_as_the_mosaic_that_was_never_written(tmp_path: Path, overlap: Overlap) -> None:
    paths = scattered(tmp_path)
    table = measured(paths, Wanted((BAND,), NAMES), areas=[TARGET], overlap=overlap)
    merged = by_numpy(paths) if overlap == "mean" else by_rasterio(paths, overlap)
    expected = zonal_stats(SHAPES, merged, affine=TARGET.affine, nodata=NODATA, stats=list(NAMES))
    for name in NAMES:
        assert table[f"a_{name}"].tolist() == [row[name] for row in expected], name
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}


def test_tiles_in_another_crs_are_measured_as_the_mosaic_is(tmp_path: Path) -> None:
    """Every window of the mosaic is painted anew, and gives the same pixels."""
    target = GeoBox((900, 700), TARGET.affine, "EPSG:32633")
    rng = np.random.default_rng(5)
    east = write_raster(
        tmp_path / "east.tif",
        GeoBox((760, 560), TARGET.affine, "EPSG:32633"),
        rng.integers(0, 999, (1, 760, 560)).astype("int16"),
        nodata=NODATA,
    )
    west = write_raster(
        tmp_path / "west.tif",
        grid(900, 900, crs="EPSG:32632", left=970_000, top=5_020_000),
        rng.integers(0, 999, (1, 900, 900)).astype("int16"),
        nodata=NODATA,
    )
    options: dict[str, Any] = {"overlap": "first", "resampling": "bilinear"}
    mosaic = tmp_path / "m.tif"
    report = make_mosaic([east, west], target=target, bands=[BAND], path=mosaic, tags={}, allow_gaps=True, **options)
    assert report.warped == 1
    wanted = Wanted((BAND,), (*NAMES, "std", "variety"), rule=Rule.FRACTIONAL)
    far = zones((*SHAPES, shapely.box(505_000, 4_991_500, 506_990, 4_999_000)))
    tiles = measure_zones(far, [east, west], wanted, JANUARY, areas=[target], **options)
    whole = measure_zones(far, [mosaic], wanted, JANUARY)
    pd.testing.assert_frame_equal(tiles, whole, rtol=1e-12)
    assert tiles["a_count"].iloc[3] > 10_000


def test_pixels_between_tiles_are_no_values_of_integers_without_nodata(tmp_path: Path) -> None:
    band = BandEncoding("a", "uint8")
    left = write_raster(tmp_path / "z.tif", grid(2, 3), np.array([[[1, 0, 1], [1, 1, 1]]], "uint8"))
    right = write_raster(tmp_path / "a.tif", grid(2, 3, left=5e5 + 40), np.full((1, 2, 3), 7, "uint8"))
    around = zones((shapely.box(499_990, 4_999_970, 500_090, 5_000_010),))
    row = measure_zones(around, [left, right], Wanted((band,), ("count", "sum", "min", "nodata")), JANUARY).iloc[0]
    assert (row["a_count"], row["a_sum"], row["a_min"], row["a_nodata"]) == (12, 47, 0, 40 - 12)


def test_a_mean_of_classes_is_refused(tmp_path: Path) -> None:
    classes = BandEncoding("a", "int16", nodata=NODATA, kind="categorical")
    with pytest.raises(ProductError, match=r"field overlap: expected first, last, min or max.*got mean for a; choose"):
        measured(scattered(tmp_path), Wanted((classes,)), overlap="mean")


def test_bands_of_different_nodata_are_refused(tmp_path: Path) -> None:
    bands = (BAND, BandEncoding("b", "int16", nodata=0))
    with pytest.raises(
        ProductError, match=r"one nodata for all bands .*got a: int16, nodata -9999, b: int16, nodata 0"
    ):
        measured(scattered(tmp_path), Wanted(bands))


def test_a_tile_in_another_crs_is_refused_unless_it_is_to_be_warped(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "west.tif", grid(9, 9, crs="EPSG:32632"), np.ones((1, 9, 9), "int16"), nodata=NODATA)
    with pytest.raises(GridMismatchError, match=r"west\.tif: expected a raster on the pixels of .*the CRS differs"):
        measured([path], Wanted((BAND,)), areas=[TARGET])


def test_a_damaged_tile_that_is_warped_is_named(tmp_path: Path) -> None:
    pixels = np.random.default_rng(7).integers(0, 9, (1, 512, 512)).astype("int16")
    place = grid(512, 512, crs="EPSG:32632", left=970_000, top=5_018_500)
    layout: dict[str, Any] = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
    path = write_raster(tmp_path / "west.tif", place, pixels, nodata=NODATA, **layout)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    with pytest.raises(TilesError, match=r"expected a readable raster, got .*west\.tif: "):
        measured([path], Wanted((BAND,)), areas=[TARGET], resampling="nearest")
