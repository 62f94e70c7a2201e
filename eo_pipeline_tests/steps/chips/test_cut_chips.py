"""Chips' pixels: those of the batch road, those that numpy computes from the scenes, and the service's own pictures."""

import io
import urllib.request
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image

from eo_pipeline.core.chips.manifest import ChipState
from eo_pipeline.core.chips.samples import WorkList
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.interactive.expression import serialised
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.steps.chips.chip_asks import around
from eo_pipeline_tests.raster_files import read_raster
from eo_pipeline_tests.recorder import Recorder
from eo_pipeline_tests.scenes import COLLECTION, COLUMNS, CRS, LEFT, NODATA, ROWS, SCORES, TOP, Service
from eo_pipeline_tests.steps.chips.cutting import SCENES, SIZE, cut, order, product, work
from eo_pipeline_tests.steps.exports import fetching
from eo_pipeline_tests.steps.exports.test_fetch_tiles import exported, mosaic

CELLS = [(0, 0), (3, 5), (12, 16), (16, 20), (-4, -4), (100, 100)]
"""Within the scenes, across their edges, and outside."""
BYTES = {"B4": {"dtype": "uint8", "scale": 40, "nodata": 255}, "B8": {"dtype": "uint8", "scale": 40, "nodata": 255}}


def files(folder: Path, wanted: WorkList) -> list[Path]:
    """Of the chips, in their order."""
    [ending] = {path.suffix for path in folder.iterdir() if not path.name.startswith(".")}
    return [folder / f"{sample.id}{ending}" for sample in wanted]


def window(whole: NDArray[Any], row: int, column: int, fill: float, size: int = SIZE) -> NDArray[Any]:
    """Pixels (band, y, x) of a larger array, and what is beyond it."""
    padded = np.full((len(whole), 700, 700), fill, whole.dtype)
    padded[:, 20 : 20 + whole.shape[1], 20 : 20 + whole.shape[2]] = whole
    return padded[:, 20 + row : 20 + row + size, 20 + column : 20 + column + size]


@pytest.mark.parametrize(("dtype", "nodata"), [("int16", -32768), ("uint16", 65535), ("float32", None)])
def test_chips_are_windows_of_the_image_that_a_task_exports(
    service: Service, interactive: Session, tmp_path: Path, dtype: str, nodata: float | None
) -> None:
    options: dict[str, Any] = {
        "dtype": dtype,
        "nodata": nodata,
        "composite": {"reducer": "mean", "counts": ["n_valid"]},
        "mask": {"scl_exclude": [3, 8, 9]},
    }
    whole = fetching.product(f"batch_{dtype}", **options)
    by_task = exported(service, whole, tmp_path / "task")
    expected = read_raster(mosaic(by_task, fetching.order(service.settings, interactive, whole), tmp_path / "task.tif"))
    cells = [cell for cell in CELLS if min(cell) >= 0]
    wanted = work(cells)
    cut(interactive, wanted, order(product(**options)), tmp_path / "chips")
    for path, (row, column) in zip(files(tmp_path / "chips", wanted), cells, strict=True):
        with rasterio.open(path) as chip:
            np.testing.assert_array_equal(chip.read(), expected[:, row : row + SIZE, column : column + SIZE])
            assert chip.dtypes == (dtype,) * 3
            assert chip.descriptions == ("B4", "B8", "n_valid")
            assert chip.transform == rasterio.Affine(10, 0, LEFT + column * 10, 0, -10, TOP - row * 10)
            assert chip.crs.to_epsg() == 32633
            assert np.array_equal(chip.nodata, np.nan if nodata is None else nodata, equal_nan=True)


def test_chips_are_the_median_of_the_scenes_and_nodata_elsewhere(
    service: Service, interactive: Session, tmp_path: Path
) -> None:
    wanted = work(CELLS)
    found = cut(interactive, wanted, order(product({"format": "npy"})), tmp_path)
    expected = []
    for name in ("B4", "B8"):
        stack = np.stack([scene.bands[name] for scene in service.scenes[:3]]).astype(float)
        median = np.ma.median(np.ma.masked_equal(stack, NODATA), axis=0).filled(np.nan)
        expected.append(np.where(np.isnan(median), -32768, np.floor(median + 0.5)).astype("i2"))
    for path, outcome, (row, column) in zip(files(tmp_path, wanted), found.outcomes, CELLS, strict=True):
        chip = window(np.stack(expected), row, column, -32768)
        np.testing.assert_array_equal(np.load(path), chip)
        assert outcome.found is not None
        assert outcome.found.nodata_share == pytest.approx(float((chip == -32768).mean()), abs=1e-12)
        assert outcome.state == (ChipState.EMPTY if (chip == -32768).all() else ChipState.WRITTEN)
    assert found.states == {ChipState.WRITTEN: 5, ChipState.EMPTY: 1, ChipState.FAILED: 0}
    assert (found.requests, found.kept) == (6, 0)


def test_masked_floats_are_nan(service: Service, interactive: Session, tmp_path: Path) -> None:
    made = product({"format": "npy"}, output={"B4": {"dtype": "float32", "scale": 0.1}})
    cut(interactive, work([(-4, -4)]), order(made), tmp_path)
    [path] = files(tmp_path, work([(-4, -4)]))
    chip = np.load(path)
    assert np.isnan(chip[0, :4]).all()
    assert np.isnan(chip[0, :, :4]).all()
    assert np.isfinite(chip[0, 4:, 4:]).mean() > 0.8


@pytest.mark.parametrize("look", [None, {"bands": ["B4"], "min": 0, "max": 10000}])
def test_cloud_share_is_what_the_mask_took_of_what_was_seen(
    service: Service, interactive: Session, tmp_path: Path, look: dict[str, Any] | None
) -> None:
    picture = {} if look is None else {"format": "png", "visualize": look}
    made = product(picture, mask={"scl_exclude": [3, 8, 9, 10]})
    found = cut(interactive, work(CELLS), order(made), tmp_path)
    seen, usable = (np.zeros((1, ROWS, COLUMNS)) for _ in range(2))
    for scene in service.scenes[:3]:
        there = scene.bands["B4"] != NODATA
        seen[0] += there
        usable[0] += there & ~np.isin(scene.bands["SCL"], [3, 8, 9, 10])
    for outcome, (row, column) in zip(found.outcomes, CELLS, strict=True):
        assert outcome.found is not None
        both = [window(counts, row, column, 0).sum() for counts in (seen, usable)]
        expected = None if both[0] == 0 else pytest.approx(1 - both[1] / both[0], abs=1e-12)
        assert outcome.found.cloud_share == expected


@pytest.mark.parametrize("mask", [None, {"cloud_score_plus": {"band": "cs_cdf", "threshold": 0.4}}])
def test_each_image_is_cut_alone(
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, mask: dict[str, Any] | None
) -> None:
    made = product({"format": "npy", "sampling": "images"}, mask=mask)
    cells = [(2, 3), (2, 4), (4, 4)]
    wanted = work(cells, images=SCENES)
    cut(interactive, wanted, order(made), tmp_path)
    for path, scene, (row, column) in zip(files(tmp_path, wanted), service.scenes, cells, strict=False):
        stack = np.stack([scene.bands[name].astype("i2") for name in ("B4", "B8")])
        stack[stack == NODATA] = -32768
        if mask:
            stack[:, scene.bands["cs_cdf"] < np.float32(0.4)] = -32768
        np.testing.assert_array_equal(np.load(path), window(stack, row, column, -32768))
    assert {COLLECTION, SCORES} & set(_constants(recorder)) == ({SCORES} if mask else set())


def _constants(recorder: Recorder) -> list[str]:
    """Texts in the expressions that pixels were asked for with."""
    nodes = [node for entry in recorder.pixels() for node in entry.body["expression"]["values"].values()]
    found: list[str] = []

    def look(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("constantValue"), str):
                found.append(node["constantValue"])
            for member in node.values():
                look(member)
        elif isinstance(node, list):
            for member in node:
                look(member)

    look(nodes)
    return found


LOOKS: dict[str, dict[str, Any]] = {
    "grey": {"bands": ["B4"], "min": 500, "max": 9000},
    "gamma": {"bands": ["B8"], "min": 0, "max": 8000, "gamma": 1.7},
    "palette": {"bands": ["B4"], "min": 0, "max": 10000, "palette": ["000080", "yellow", "ff0000"]},
    "colours": {"bands": ["B4", "B8", "B4"], "min": 0, "max": 7000, "gamma": 1.2},
}


def picture_of(service: Service, made: Product, look: dict[str, Any], cell: tuple[int, int], road: str) -> Any:
    """The service's own picture (y, x, 4) of the scenes' median, by the client's road."""
    row, column = cell
    collection = ee.ImageCollection([ee.Image(name) for name in SCENES])
    if made.mask is not None:
        collection = collection.map(lambda scene: scene.updateMask(scene.select("SCL").neq(8)))
    image = collection.select(["B4", "B8"]).median()
    for band in made.bands:  # as it is stored, and physical again
        stored = image.select(band.name).subtract(band.offset).divide(band.scale).add(0.5).floor()
        stored = stored.updateMask(stored.gte(0).And(stored.lte(254))) if band.dtype == "uint8" else stored
        image = image.addBands(stored.multiply(band.scale).add(band.offset), None, True)
    grid = {
        "dimensions": {"width": SIZE, "height": SIZE},
        "affineTransform": {
            "scaleX": 10, "shearX": 0, "translateX": LEFT + column * 10,
            "shearY": 0, "scaleY": -10, "translateY": TOP - row * 10,
        },
        "crsCode": "EPSG:32633",
    }  # fmt: skip
    if road == "pixels":
        drawn = image.visualize(**look)
        png = service.session.call(
            lambda: ee.data.computePixels({"expression": drawn, "fileFormat": "PNG", "grid": grid})
        )
    else:
        region = ee.Geometry.Rectangle(
            [LEFT + column * 10, TOP - (row + SIZE) * 10, LEFT + (column + SIZE) * 10, TOP - row * 10],
            "EPSG:32633",
            False,
        )
        on_grid = image.reproject("EPSG:32633", [10, 0, LEFT, 0, -10, TOP])
        options = {"region": region, "dimensions": f"{SIZE}x{SIZE}", "crs": "EPSG:32633", "format": "png", **look}
        url = service.session.call(lambda: on_grid.getThumbURL(options))
        with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 - http to our own process
            png = reply.read()
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


@pytest.mark.parametrize("road", ["pixels", "thumbnail"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", LOOKS)
def test_pictures_are_the_service_s_own(  # noqa: PLR0917 - pytest gives them by name
    service: Service, interactive: Session, recorder: Recorder, tmp_path: Path, name: str, masked: bool, road: str
) -> None:
    look = LOOKS[name]
    made = product({"format": "png", "visualize": look}, mask={"scl_exclude": [8]} if masked else None)
    cells = [(2, 3), (15, 19)]
    found = cut(interactive, work(cells), order(made), tmp_path)
    for path, outcome, (row, column) in zip(files(tmp_path, work(cells)), found.outcomes, cells, strict=True):
        with Image.open(path) as picture:
            assert picture.mode in ("RGB", "RGBA")
            ours = np.asarray(picture.convert("RGBA"))
        theirs = picture_of(service, made, look, (row, column), road)
        opaque = theirs[..., 3] == 255
        np.testing.assert_array_equal(ours[..., 3], theirs[..., 3])
        np.testing.assert_array_equal(ours[opaque], theirs[opaque])
        assert opaque.any()
        assert outcome.found is not None
        assert outcome.found.nodata_share == pytest.approx(1 - opaque.mean(), abs=1e-12)
    asked = {entry.path.rpartition("/")[2] for entry in recorder.asked}
    assert asked == {"image:computePixels"}


def test_a_picture_shows_physical_values_as_they_are_stored(
    service: Service, interactive: Session, tmp_path: Path
) -> None:
    look = {"bands": ["B4", "B8", "B4"], "min": 1000, "max": 9000}
    made = product({"format": "png", "visualize": look}, output=BYTES)
    cut(interactive, work([(0, 0)]), order(made), tmp_path)
    with Image.open(tmp_path / "c0-0.png") as picture:
        ours = np.asarray(picture.convert("RGBA"))
    theirs = picture_of(service, made, look, (0, 0), "pixels")
    np.testing.assert_array_equal(ours, theirs)
    shown = ours[..., 0].astype(float) / 255 * 8000 + 1000
    stack = np.stack([scene.bands["B4"][:SIZE, :SIZE] for scene in service.scenes[:3]]).astype(float)
    median = np.ma.median(np.ma.masked_equal(stack, NODATA), axis=0)
    inside = (median > 1100) & (median < 8900)
    assert np.abs(shown - median)[inside].max() <= 20 + 8000 / 255 / 2


def test_chips_of_another_crs_are_the_service_s_own_pixels_there(
    service: Service, interactive: Session, tmp_path: Path
) -> None:
    wanted = work([(1, 1)], crs="EPSG:32632")
    box = next(iter(wanted)).geobox
    centre = ee.Geometry.Point([LEFT + 100, TOP - 100], "EPSG:32633")
    place = service.session.compute(centre.transform("EPSG:32632", 0.001).coordinates())
    table = wanted.table.assign(left=[float(round(place[0], -1) - 40)], top=[float(round(place[1], -1) + 40)])
    moved = WorkList(table)
    cut(interactive, moved, order(product({"format": "npy"})), tmp_path)
    grid = {
        "dimensions": {"width": SIZE, "height": SIZE},
        "affineTransform": {
            "scaleX": 10, "shearX": 0, "translateX": float(table["left"][0]),
            "shearY": 0, "scaleY": -10, "translateY": float(table["top"][0]),
        },
        "crsCode": "EPSG:32632",
    }  # fmt: skip
    image = ee.ImageCollection([ee.Image(name) for name in SCENES]).select("B4").median().add(0.5).floor().unmask(-1)
    theirs = service.session.call(
        lambda: ee.data.computePixels({"expression": image.toInt16(), "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    )
    ours = np.load(tmp_path / "c1-1.npy")[0]
    np.testing.assert_array_equal(np.where(ours == -32768, -1, ours), theirs["B4"])
    assert (ours > 0).mean() > 0.9
    assert str(box.crs) == "EPSG:32632"


def test_coarser_chips_are_averages_of_native_pixels_whatever_the_area_s_resolution(
    service: Service, interactive: Session, tmp_path: Path
) -> None:
    chips = {"format": "npy", "crs": "utm", "resolution": 20, "size": 6}
    wanted = work([(2, 4)], size=6)
    coarse = WorkList(wanted.table.assign(resolution=20.0))
    made = product(chips, mask={"scl_exclude": [8]}, output={"B4": {"dtype": "float64"}})
    found = cut(interactive, coarse, order(made), tmp_path)
    stack = np.array([scene.bands["B4"] for scene in service.scenes[:3]], dtype=float)
    there = stack != NODATA
    clear = there & np.array([scene.bands["SCL"] != 8 for scene in service.scenes[:3]])
    seen, usable = (np.sum(each, axis=0)[2:14, 4:16].astype(float) for each in (there, clear))
    stack = np.ma.masked_array(stack, ~clear)
    median = np.ma.median(stack, axis=0)[2:14, 4:16]
    expected = median.reshape(6, 2, 6, 2).mean(axis=(1, 3)).filled(np.nan)
    np.testing.assert_allclose(np.load(tmp_path / "c2-4.npy")[0], expected, rtol=1e-12)
    [outcome] = found.outcomes
    assert outcome.found is not None
    means = [np.floor(counts.reshape(6, 2, 6, 2).mean(axis=(1, 3)) + 0.5).sum() for counts in (seen, usable)]
    assert outcome.found.cloud_share == pytest.approx(1 - means[1] / means[0], abs=1e-12)


def test_a_geotiff_tells_what_it_is(service: Service, interactive: Session, tmp_path: Path) -> None:
    output = {"B4": {"dtype": "uint16", "scale": 0.5, "nodata": 65535, "units": "1", "description": "red"}}
    cut(interactive, work([(1, 1)]), order(product(output=output)), tmp_path)
    with rasterio.open(tmp_path / "c1-1.tif") as chip:
        assert (chip.scales, chip.offsets, chip.units) == ((0.5,), (0.0,), ("1",))
        assert chip.tags(1)["long_name"] == "red"
        said = {"product": "cut", "partition": "whole|2024-01", "chip": "c1-1", "label": "1", "split": "train"}
        assert said.items() <= chip.tags().items()


@pytest.mark.parametrize("metres", [10.0, 40.0])
def test_a_chip_far_from_every_image_is_empty_and_one_near_them_is_made_of_all_of_them(
    service: Service, interactive: Session, tmp_path: Path, metres: float
) -> None:
    """60 km away nothing is left but the one image that keeps the composite from being of none."""
    made = product({"crs": "utm", "resolution": metres}, mask={"scl_exclude": [3]})
    source = order(made).source
    area = source.geobox
    everything = recipes.images(made, area, source.period)
    for left, count in ((LEFT, 3), (LEFT + 60_000, 1)):
        chip = GeoBox((SIZE, SIZE), Affine(metres, 0, left, 0, -metres, TOP), CRS)
        near = around(serialised(everything.filter(source.near).aggregate_array("system:index")), chip)
        found = service.session.compute(ee.deserializer.fromCloudApiJSON(near.text.decode()))
        assert found == ["20240105", "20240115", "20240125"][:count]
    outcome = cut(interactive, work([(0, 6000), (0, 0)]), order(made), tmp_path).outcomes
    assert [one.state for one in outcome] == [ChipState.EMPTY, ChipState.WRITTEN]
