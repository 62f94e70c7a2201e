"""The products of docs/product.md that stay in Earth Engine or are tables, run exactly as they are printed."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import ee
import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.storage.tables import read_columns, read_table
from eo_pipeline_tests.docs.pages import ROOT, code_blocks
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, pipeline
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.scenes import settings_at

PAGE = (ROOT / "docs" / "product.md").read_text(encoding="utf-8")
REGIONS = ROOT / "eo_pipeline" / "cli" / "templates" / "project" / "regions"
MONTH = "2024-05"
COLLECTION = "COPERNICUS/S2_SR_HARMONIZED"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("examples") / "sandbox", speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture(scope="module")
def session(sandbox: SandboxProcess) -> Session:
    settings: Settings = settings_at(sandbox.url)
    return connect(settings)


def example(word: str, tmp_path: Path, sandbox: SandboxProcess, instance: dg.DagsterInstance) -> Pipeline:
    """The product of the page whose YAML has a word."""
    [text] = [block for block in code_blocks(PAGE, "yaml") if "type:" in block and word in block]
    shutil.copytree(REGIONS, tmp_path / "regions")
    declaration = {"name": "example", **yaml.safe_load(text)["attributes"]}
    return pipeline(declaration, url=sandbox.url, root=tmp_path / "data", instance=instance, folder=tmp_path)


def pixels(session: Session, image: Any, geobox: GeoBox) -> NDArray[Any]:
    """All bands of an image on a grid, as the service computes them."""
    height, width = geobox.shape
    a, b, c, d, e, f = list(geobox.affine)[:6]
    affine = {"scaleX": a, "shearX": b, "translateX": c, "shearY": d, "scaleY": e, "translateY": f}
    grid = {
        "crsCode": str(geobox.crs),
        "dimensions": {"width": width, "height": height},
        "affineTransform": affine,
    }
    request = {"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid}
    found: NDArray[Any] = session.call(lambda: ee.data.computePixels(request))
    return found


def scenes_of(session: Session, geobox: GeoBox) -> dict[str, tuple[str, float]]:
    """Day and cloud cover of the month's images that meet an area, by index."""
    b = geobox.boundingbox
    outline = ee.Geometry.Rectangle([b.left, b.bottom, b.right, b.top], proj=str(geobox.crs), geodesic=False)
    images = ee.ImageCollection(COLLECTION).filterDate("2024-05-01", "2024-06-01").filterBounds(outline)
    names = ("system:index", "system:time_start", "CLOUDY_PIXEL_PERCENTAGE")
    index, times, clouds = session.compute(ee.List([images.aggregate_array(name) for name in names]))
    days = pd.to_datetime(times, unit="ms").strftime("%Y-%m-%d")
    return {name: (day, cover) for name, day, cover in zip(index, days, clouds, strict=True)}


def test_the_asset_of_the_page_has_the_median_ndvi_with_its_masks(
    tmp_path: Path, sandbox: SandboxProcess, session: Session, instance: dg.DagsterInstance
) -> None:
    found = example("destination: asset", tmp_path, sandbox, instance)
    area = next(iter(found.chain.areas))
    report = found.run([MONTH], [area])
    assert report.failed == {}
    geobox = found.chain.areas[area].geobox
    layers = []
    for index in scenes_of(session, geobox):
        scene = ee.Image(f"{COLLECTION}/{index}").select(["B4", "B8", "SCL"])
        valid = scene.mask().reduce(ee.Reducer.min()).rename("valid")
        stored = pixels(session, scene.unmask(0).toDouble().addBands(valid.toDouble()), geobox)
        usable = (stored["valid"] > 0) & ~np.isin(stored["SCL"], [0, 1, 3, 8, 9, 10, 11])
        with np.errstate(invalid="ignore", divide="ignore"):
            ndvi = (stored["B8"] - stored["B4"]) / (stored["B8"] + stored["B4"])
        layers.append(np.where(usable, ndvi, np.nan))
    stack = np.stack(layers)
    counts = np.isfinite(stack).sum(axis=0)
    name = found.metadata("ee_asset", f"{area}|{MONTH}")["eo/asset"]
    image = ee.Image(name)
    masks = image.mask().rename(["ndvi_mask", "n_valid_mask"])
    got = pixels(session, image.unmask(0).toDouble().addBands(masks.toDouble()), geobox)
    np.testing.assert_array_equal(got["n_valid"], counts)
    np.testing.assert_array_equal(got["ndvi_mask"] > 0, counts > 0)
    seen = counts > 0
    assert seen.any()
    np.testing.assert_allclose(got["ndvi"][seen] / 10_000, np.nanmedian(stack[:, seen], axis=0), atol=0.5001e-4)


def test_the_table_of_the_page_has_a_row_for_each_scene_with_its_mean(
    tmp_path: Path,
    sandbox: SandboxProcess,
    session: Session,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [recipe] = [block for block in code_blocks(PAGE, "python") if "def scenes(" in block]
    (tmp_path / "recipes.py").write_text(recipe, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "recipes", raising=False)
    found = example("recipes.scenes", tmp_path, sandbox, instance)
    area = next(iter(found.chain.areas))
    assert found.run([MONTH], [area]).failed == {}
    sys.modules.pop("recipes")
    file = tmp_path / "data" / "example" / "table" / area / f"{MONTH}.parquet"
    rows = read_table(file).set_index("scene")
    geobox = found.chain.areas[area].geobox
    scenes = scenes_of(session, geobox)
    assert set(rows.index) == set(scenes)
    assert [column.units for column in read_columns(file)] == ["", "", "%", "", ""]
    for index, (day, clouds) in scenes.items():
        row = rows.loc[index]
        assert (row["day"].isoformat(), row["clouds"]) == (day, pytest.approx(clouds))
        scene = ee.Image(f"{COLLECTION}/{index}").select(["B4", "B8"])
        valid = scene.mask().reduce(ee.Reducer.min()).rename("valid")
        stored = pixels(session, scene.unmask(0).toDouble().addBands(valid.toDouble()), geobox)
        seen = (stored["valid"] > 0) & (stored["B4"] + stored["B8"] > 0)
        red, infrared = stored["B4"][seen], stored["B8"][seen]
        assert row["pixels"] == seen.sum()
        if seen.any():
            assert row["ndvi"] == pytest.approx(((infrared - red) / (infrared + red)).mean(), abs=1e-6)
