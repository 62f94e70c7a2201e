"""The benchmark of zonal statistics runs small, and notices answers that differ."""

import json
import sys
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.features import rasterize

from benchmarks.zonal import comparisons
from benchmarks.zones.answers import STATISTICS, differences, read_answers, write_answers
from benchmarks.zones.ground import Size
from benchmarks.zones.limits import reading
from benchmarks.zones.peers import exactextract, rasterstats
from benchmarks.zones.scenes import valid_pixels, write_polygons, write_raster, write_small_polygons
from eo_pipeline_tests.benchmarks.in_process import start_no_process

PIXELS, ZONES = 700, 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("zonal")
    write_raster(made / "raster.tif", PIXELS, 1)
    write_polygons(made / "zones.fgb", PIXELS, ZONES)
    write_small_polygons(made / "small.fgb", PIXELS, 20)
    return made


def test_it_runs_small_and_every_line_compares(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_process(monkeypatch, "benchmarks.zonal")
    size = Size(pixels=600, zones=30, across=20, sample=50, rounds=1)
    lines = list(comparisons(size, lambda _: Path(sys.executable)))
    assert [line.peer for line in lines] == ["rasterstats", "exactextract", "", "", "", ""]
    for line in lines:
        assert line.equal, line.told
        told = json.loads(line.to_json())
        assert told["ours"]["seconds"] > 0
        assert {"must", "aims", "met", "aims_met"} <= told.keys()


def test_polygons_are_valid_overlap_and_come_in_all_kinds(folder: Path) -> None:
    frame = geopandas.read_file(folder / "zones.fgb")
    assert len(frame) == ZONES
    assert list(frame["zone"]) == list(range(1, ZONES + 1))
    assert frame.is_valid.all()
    assert (shapely.get_num_geometries(frame.geometry) == 2).sum() == 4
    assert sum(len(part.interiors) for part in frame.geometry.explode()) == 6
    assert frame.geometry.area.sum() > frame.geometry.union_all().area * 1.2
    with rasterio.open(folder / "raster.tif") as dataset:
        assert not frame.within(shapely.box(*dataset.bounds)).all()


def test_small_polygons_share_out_the_raster(folder: Path) -> None:
    frame = geopandas.read_file(folder / "small.fgb")
    assert frame.is_valid.all()
    assert frame.geometry.area.sum() == pytest.approx(PIXELS**2 * 100)
    assert frame.geometry.union_all().area == pytest.approx(PIXELS**2 * 100)
    for measure in (rasterstats, exactextract):
        path = folder / "small.npy"
        measure(zones=str(folder / "small.fgb"), raster=str(folder / "raster.tif"), answers=str(path))
        assert read_answers(path)[0].sum() == pytest.approx(valid_pixels(folder / "raster.tif"), rel=1e-7)


def test_the_raster_has_values_around_a_fifth_and_a_corner_without(folder: Path) -> None:
    with rasterio.open(folder / "raster.tif") as dataset:
        values = dataset.read(1)
        assert dataset.dtypes == ("float32",)
    there = ~np.isnan(values)
    assert valid_pixels(folder / "raster.tif") == there.sum() == PIXELS**2 - sum(range(PIXELS // 4 + 1))
    assert np.nanmean(values) == pytest.approx(0.2, abs=0.1)
    assert 0.01 < np.nanstd(values) < 0.1


def test_answers_of_peers_are_those_of_their_pixels(folder: Path) -> None:
    frame = geopandas.read_file(folder / "zones.fgb", rows=5)
    with rasterio.open(folder / "raster.tif") as dataset:
        values, transform = dataset.read(1).astype(np.float64), dataset.transform
    path = folder / "five.npy"
    assert (
        rasterstats(zones=str(folder / "zones.fgb"), raster=str(folder / "raster.tif"), answers=str(path), first=5) == 5
    )
    for shape, answers in zip(frame.geometry, read_answers(path).T, strict=True):
        inside = values[rasterize([shape], out_shape=values.shape, transform=transform) == 1]
        inside = inside[~np.isnan(inside)]
        wanted = [len(inside), inside.mean(), inside.std(), inside.min(), inside.max()]
        assert answers == pytest.approx(wanted, rel=1e-5)


def test_reading_reads_every_pixel_once(folder: Path) -> None:
    assert reading(raster=str(folder / "raster.tif"), threads=3) == PIXELS**2


def test_differences_are_relative_and_infinite_where_one_has_no_number(tmp_path: Path) -> None:
    def answers(mean: list[float | None]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        columns = {name: [1.0] * len(mean) for name in STATISTICS} | {"mean": mean}
        assert write_answers(str(tmp_path / "answers.npy"), columns) == len(mean)
        return read_answers(tmp_path / "answers.npy")

    ours = answers([100.0, None, -2.0])
    assert differences(ours, answers([100.0, None, -2.0])) == dict.fromkeys(STATISTICS, 0.0)
    assert differences(ours, answers([101.0, None, -2.0]))["mean"] == pytest.approx(1 / 101)
    assert differences(ours, answers([100.0, None, 2.0]))["mean"] == 2.0
    assert differences(ours, answers([100.0, 0.0, -2.0]))["mean"] == float("inf")
    assert differences(ours, answers([100.0]))["mean"] == 0.0
    assert differences(answers([100.0]), ours)["mean"] == float("inf")
