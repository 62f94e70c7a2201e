"""Cubes of the sandbox's Sentinel-2, over HTTP: against numpy, against the world's truth, and against Earth Engine."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.discard import kept_shards
from eo_pipeline.core.grids import whole_area
from eo_pipeline.core.mosaics.lattice import frame
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.sources.stac.source import StacSource
from eo_pipeline.steps.cubes.plan_region import RegionPlan, plan_region
from eo_pipeline.steps.cubes.read_shard import read_shard
from eo_pipeline.steps.cubes.recipe import scene_recipe
from eo_pipeline.steps.cubes.write_scenes_region import ScenesRegionReport, Workers, write_scenes_region
from eo_pipeline.steps.load_land import load_land
from eo_pipeline.steps.previews.preview import preview
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.sources.stac.searches import NEW, OLD, period, plain_items, source
from eo_pipeline_tests.steps.cubes.here import Here
from eo_pipeline_tests.steps.cubes.plain_files import median, observed, placed, warped
from eo_pipeline_tests.steps.cubes.products import (
    FORMULA,
    NDVI,
    RED,
    provenance_of,
    scenes_product,
    template_of,
)

COAST = (258_560, 1_490_360)
"""In zone 16, on the coast of El Salvador, where the last tiles of zone 15 end, one above the other, and two of zone 16
overlap; the sea is in the southwest. The pipeline warps rows that begin here (multiples of 2560 m)."""
DECEMBER = period("2023-12-01", "2024-01-01")
TRUTH = "SANDBOX_TRUTH_S2_SR_HARMONIZED"
CLEAR = [4, 5, 6]
UP = -0.1


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("world")) as server:
        yield server


def product_at(left: float, top: float, rows: int, columns: int, **sections: Any) -> Product:
    """Red where it is clear, of a rectangle of 10 m pixels in zone 33."""
    box = [left, top - 10 * rows, left + 10 * columns, top]
    area = {"crs": "EPSG:32633", "resolution": 10, "origin": [left, top], "box": box}
    stac = {"stac": "unused", "collection": NEW, "bands": ["red"]}
    plain = {"area": area, "mask": {"scl_include": CLEAR}, "source": stac}
    return scenes_product(**{**plain, **sections})


def written(
    plan: RegionPlan, searched: StacSource, template: CubeTemplate, address: CubeAddress, span: Period
) -> ScenesRegionReport:
    """The whole area, in this process."""
    return write_scenes_region(
        plan,
        searched,
        Workers(Here()),
        template=template,
        repository=address,
        period=span,
        area_key="whole",
        provenance=provenance_of(plan),
    )


def test_a_month_on_a_coast_where_zones_meet_is_numpys_and_near_the_truth(
    archive: SandboxProcess, tmp_path: Path
) -> None:
    """December of six passes over four tiles, two of each zone, read from their files without the pipeline."""
    left, top = COAST
    box = [left, top - 3840, left + 1920, top]
    area = {"crs": "EPSG:32616", "resolution": 10, "origin": [left, top], "box": box}
    product = product_at(
        left, top, 192, 256, area=area, period={"every": "month", "start": "2023-06", "end": "2024-01"}
    )
    searched, template, address = source(archive), template_of(product), CubeAddress(str(tmp_path / "cube"))
    kept = kept_shards(template, land=load_land(None, buffer=0.0))
    plan = plan_region(product, template, frame(template.geobox), DECEMBER, searched, kept=kept)
    report = written(plan, searched, template, address, DECEMBER)
    assert report.states == {State.WRITTEN: 13, State.OCEAN: 5}
    cube = open_or_create_cube(address, template).read()
    found = {name: np.asarray(cube[name][report.slot]) for name in ("red", "n_obs", "n_valid")}  # type: ignore[index] # arrays of the template

    to_degrees = Transformer.from_crs("EPSG:32616", "EPSG:4326", always_xy=True)
    bbox = list(to_degrees.transform_bounds(left, top - 3840, left + 1920, top))
    items = plain_items(archive, NEW, bbox, "2023-12-01T00:00:00Z/2023-12-31T23:59:59Z")
    assert {item.id.split("_")[1] for item in items} == {"T15PZQ", "T15PZR", "T16PBA", "T16PBV"}
    red, classes = (observed(items, key, template.geobox, warped) for key in ("red", "scl"))
    usable = np.isin(classes, CLEAR) & (red > 0)
    made = np.repeat(np.repeat(kept.shards, 64, axis=0), 64, axis=1)
    expected = np.nan_to_num(np.floor(median(red, usable) + 0.5))
    np.testing.assert_array_equal(found["red"], np.where(made, expected, 0))
    np.testing.assert_array_equal(found["n_obs"], np.where(made, (red > 0).sum(axis=0), 0))
    np.testing.assert_array_equal(found["n_valid"], np.where(made, usable.sum(axis=0), 0))
    assert set(np.unique(found["n_valid"][made])) == {0, 1, 2, 3}

    truths = plain_items(archive, TRUTH, bbox, "2023-12-01T00:00:00Z/2023-12-31T23:59:59Z")
    ground = observed(truths, "B4", template.geobox, warped)
    near = near_the_truth(found["red"], median(ground, usable & (ground > 0)), made & usable.any(axis=0))
    assert near > 0.9999  # classes are those of the middle of 20 m, at the edge of a cloud too

    # what GDAL's approximation is worth
    exactly = {key: observed(items, key, template.geobox, placed) for key in ("red", "scl")}
    assert np.abs(red - exactly["red"]).max() <= 1
    assert (classes != exactly["scl"]).mean() < 2e-5


def loaded(
    searched: StacSource, scenes: Sequence[Scene], grid: GeoBox, name: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(day, y, x) of a whole grid: reflectances times 10000, plus 1000 of the archive, and where they are clear."""
    is_truth = searched.collection == TRUTH
    bands = [Wanted(name, offset=None if is_truth else UP), *([] if is_truth else [Wanted("scl", offset=0.0)])]
    stack = searched.load(scenes, View(grid), bands)
    values = stack.bands[name]
    numbers = np.where(values.stored != values.nodata, values.stored.astype(np.float64), np.nan)
    return numbers, np.ones(numbers.shape, bool) if is_truth else np.isin(stack.bands["scl"].stored, CLEAR)


def near_the_truth(found: NDArray[Any], truth: NDArray[np.float64], there: NDArray[np.bool_]) -> float:
    """Share of pixels within what is left of the sky where it is clear (docs/sandbox_world.md, Judging a composite)."""
    values, ground = found[there].astype(float) - 1000, truth[there]
    assert there.mean() > 0.02
    return float(np.mean((values >= 0.92 * ground - 2) & (values <= 1.02 * ground + 251)))


WEEKS = (("2022-01-22", "2022-01-26"), ("2022-02-06", "2022-02-10"), ("2022-03-08", "2022-03-12"))
"""Before baseline 04.00 begins on 2022-01-25; with it; after the archive began to take its offset out, 2022-02-27. Each
has a clear scene."""


def test_a_desert_shows_no_step_over_the_change_of_baselines(archive: SandboxProcess) -> None:
    """Composites of three spans, whose items declare three different things, lie as near to the truth."""
    desert = GeoBox((30, 40), Affine(10, 0, 450_000, 0, -10, 2_550_000), "EPSG:32635")
    recipe = scene_recipe(product_at(*COAST, 24, 24, mask={"scl_include": [5]}))
    shares = []
    for week in WEEKS:
        searched, truth = source(archive, OLD), source(archive, TRUTH)
        scenes = searched.settled(searched.inputs(desert, period(*week)))
        pixels = read_shard(recipe, searched, [recipe.of(scene) for scene in scenes], desert, frame(desert))
        assert pixels is not None
        found = pixels["red"]
        ground, _ = loaded(truth, truth.inputs(desert, period(*week)), desert, "B4")
        assert near_the_truth(found, ground[0], found > 0) == 1
        shares.append(np.median(found[found > 0] - 1000.0) / np.median(ground))
    assert max(shares) - min(shares) < 0.04  # haze alone is up to 0.02 to either side


def test_over_the_change_of_baselines_earth_engine_stac_and_cube_agree(archive: SandboxProcess, tmp_path: Path) -> None:
    """Monthly medians of a desert: January has scenes of both baselines, March none with the offset in its pixels."""
    left, top = 450_000, 2_550_000
    area = {"crs": "EPSG:32635", "resolution": 10, "origin": [left, top], "box": [left, top - 300, left + 400, top]}
    common = {
        "area": area,
        "mask": {"scl_include": [5]},
        "period": {"every": "month", "start": "2022-01", "end": "2022-04"},
    }
    here = product_at(
        left, top, 30, 40, **common, source={"stac": "unused", "collection": OLD, "bands": ["red"]}, output={"red": RED}
    )
    harmonized = {"collection": "COPERNICUS/S2_SR_HARMONIZED", "bands": ["B4"], "scale": 0.0001}
    there = product_at(left, top, 30, 40, **common, source=harmonized, output={"B4": NDVI}, cube=None)
    searched, session = source(archive, OLD), connect(settings_at(archive.url))
    template = replace(template_of(here), start=datetime(2022, 1, 1, tzinfo=UTC))
    address, (whole,) = CubeAddress(str(tmp_path / "cube")), whole_area(there.area.lattice, there.area.box or ())
    declared = set()
    for month in here.period.rule.periods(template.start, datetime(2022, 4, 1, tzinfo=UTC)):
        plan = plan_region(here, template, frame(template.geobox), month, searched)
        report = written(plan, searched, template, address, month)
        group = open_or_create_cube(address, template).read()
        found = {name: np.asarray(group[name][report.slot]) for name in ("red", "n_obs", "n_valid")}  # type: ignore[index] # arrays of the template
        cube = found["red"]

        scenes = searched.settled(plan.scenes)
        declared |= {scene.band("red").offset for scene in scenes}
        red, _ = loaded(searched, scenes, template.geobox, "red")
        classes = searched.load(scenes, View(template.geobox), [Wanted("scl")]).bands["scl"].stored
        stac = np.nan_to_num(np.floor(median(np.nan_to_num(red), (classes == 5) & np.isfinite(red)) + 0.5))
        np.testing.assert_array_equal(cube, stac)
        assert (cube > 0).mean() > 0.9

        theirs = preview(session, there, whole, month)
        seen = cube > 0
        for name in ("n_obs", "n_valid"):
            np.testing.assert_array_equal(theirs.pixels[name], found[name])
        assert found["n_obs"].min() > 3
        np.testing.assert_array_equal(theirs.pixels["B4"] != -32768, seen)
        assert np.abs(cube[seen].astype(int) - 1000 - theirs.pixels["B4"][seen]).max() <= 1  # halves are rounded twice
    assert len(declared) > 1, "the change is in these months"


def test_earth_engine_makes_the_same_of_the_same_scenes(archive: SandboxProcess) -> None:
    """In one tile alone: Earth Engine counts an overlap of tiles twice. Its red is 1000 less, as its collection is."""
    left, top = 550_000, 5_350_000
    common = {
        "mask": {"scl_exclude": [0, 1, 3, 8, 9, 10]},
        "index": {"ndvi": {"formula": FORMULA}},
        "period": {"every": "10 days", "start": "2023-06-20", "end": "2023-08-01"},
    }
    here = product_at(
        left,
        top,
        48,
        48,
        **{**common, "source": {"stac": "unused", "collection": NEW, "bands": ["red", "nir"]}},
        output={"red": RED, "ndvi": NDVI},
    )
    searched, template = source(archive), template_of(here)
    span = here.period.rule.periods(datetime(2023, 6, 20, tzinfo=UTC), datetime(2023, 7, 10, tzinfo=UTC))[0]
    plan = plan_region(here, template, frame(template.geobox), span, searched)
    scenes = [plan.recipe.of(scene) for scene in plan.scenes]
    ours = read_shard(plan.recipe, searched, scenes, template.geobox, plan.region)
    assert ours is not None
    there = product_at(
        left,
        top,
        48,
        48,
        **{**common, "index": {"ndvi": {"formula": "(B8 - B4) / (B8 + B4)"}}},
        source={"collection": "COPERNICUS/S2_SR_HARMONIZED", "bands": ["B4", "B8"], "scale": 0.0001},
        output={"B4": {**NDVI}, "ndvi": NDVI},
        cube=None,
    )
    session = connect(settings_at(archive.url))
    (area,) = whole_area(there.area.lattice, there.area.box or ())
    theirs = preview(session, there, area, span)
    assert theirs.images == len(plan.scenes) > 1
    assert (ours["n_valid"].astype(int) == theirs.pixels["n_valid"]).all()
    assert (ours["n_obs"].astype(int) == theirs.pixels["n_obs"]).all()
    nothing = theirs.pixels["ndvi"] == -32768
    np.testing.assert_array_equal(ours["ndvi"] == -32768, nothing)
    assert (~nothing).mean() > 0.1
    red = np.abs(ours["red"].astype(int) - 1000 - theirs.pixels["B4"])[~nothing]
    ndvi = np.abs(ours["ndvi"].astype(int) - theirs.pixels["ndvi"])[~nothing]
    assert max(red.max(), ndvi.max()) <= 1  # halves, of numbers that are scaled there and stored here
    assert (red == 0).mean() > 0.5
    assert (ndvi == 0).mean() > 0.99
