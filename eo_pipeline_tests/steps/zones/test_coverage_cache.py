"""Coverage that is kept for later dates: same answers without polygons, whole or absent, trusted only under its key."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.zones import coverage, ground
from eo_pipeline.steps.zones.measure_zones import results_of_zones
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline_tests.raster_files import grid, write_raster

SHAPES = tuple(shapely.Point(500_700 + 310 * number, 4_999_000).buffer(300 + 40 * number) for number in range(5))
ZONES = Zones("zones.gpkg", "code", ("a", "b", "c", "d", "e"), SHAPES, CRS("EPSG:32633"), (), "0f")
BAND = BandEncoding("b", "float32")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "BLOCK_PIXELS", 64 * 64)


def date(folder: Path, seed: int, *, left: float = 5e5) -> Path:
    pixels = np.random.default_rng(seed).normal(size=(1, 200, 250)).astype("float32")
    return write_raster(
        folder / f"{seed}.tif", grid(200, 250, left=left), pixels, tiled=True, blockxsize=64, blockysize=64
    )


def means(raster: Path, cache: Path | None, zones: Zones = ZONES, rule: Rule = Rule.FRACTIONAL) -> NDArray[np.float64]:
    sums = results_of_zones(zones, [raster], Wanted((BAND,), rule=rule), cache=cache).sums
    return np.stack([sums.total, sums.weight, sums.m2, sums.cover, sums.low])


def refuse(*_: object) -> None:
    raise AssertionError("expected kept coverage, got it computed anew")


@pytest.mark.parametrize("rule", list(Rule))
def test_a_later_date_reads_pixels_only_and_gets_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: Rule
) -> None:
    first, second = date(tmp_path, 1), date(tmp_path, 2)
    cache = tmp_path / "cache"
    plain = [means(path, None, rule=rule) for path in (first, second)]
    assert means(first, cache, rule=rule).tobytes() == plain[0].tobytes()
    monkeypatch.setattr(coverage, "pixels_of", refuse)
    monkeypatch.setattr(coverage, "placed_zones", refuse)
    assert means(second, cache, rule=rule).tobytes() == plain[1].tobytes()
    assert [path.name.startswith("coverage-") for path in cache.iterdir()] == [True]


def test_other_zones_rules_and_grids_have_coverage_of_their_own(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    path, moved = date(tmp_path, 1), date(tmp_path, 2, left=500_010)
    means(path, cache)
    means(path, cache, rule=Rule.CENTER)
    means(path, cache, zones=replace(ZONES, checksum="10"))
    means(path, cache, zones=ZONES.only({"b", "c"}))
    means(moved, cache)
    assert len(list(cache.iterdir())) == 5
    assert np.allclose(means(path, cache, zones=ZONES.only({"b", "c"})), means(path, None)[:, 1:3], rtol=1e-12)


def test_coverage_under_another_key_is_not_trusted(tmp_path: Path) -> None:
    cache, path = tmp_path / "cache", date(tmp_path, 1)
    means(path, cache, rule=Rule.CENTER)
    (other,) = cache.iterdir()
    means(path, cache)
    (kept,) = set(cache.iterdir()) - {other}
    shutil.rmtree(kept)
    other.rename(kept)
    assert np.array_equal(means(path, cache), means(path, None))


@pytest.mark.parametrize("lost", ["index.npz", "starts", "shares"])
def test_coverage_that_lost_a_file_is_made_anew(tmp_path: Path, lost: str) -> None:
    cache, path = tmp_path / "cache", date(tmp_path, 1)
    expected = means(path, cache)
    (kept,) = cache.iterdir()
    (kept / lost).unlink()
    assert means(path, cache).tobytes() == expected.tobytes()
    assert (kept / lost).exists()


def test_a_failure_leaves_no_coverage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, path = RasterHandles.read, date(tmp_path, 1)

    def fail(handles: RasterHandles, raster: Path, rectangle: Rectangle, *where: Any) -> None:
        if rectangle.row_start > 64:
            raise TilesError("expected a readable raster, got a torn one")
        read(handles, raster, rectangle, *where)

    monkeypatch.setattr(RasterHandles, "read", fail)
    with pytest.raises(TilesError, match="torn"):
        means(path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_zones_of_no_file_keep_no_coverage(tmp_path: Path) -> None:
    means(date(tmp_path, 1), tmp_path / "cache", zones=replace(ZONES, checksum=""))
    assert not (tmp_path / "cache").exists()
