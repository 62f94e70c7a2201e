"""One shard from scenes on disk: against plain numpy, and the same whatever the blocks are."""

import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.product import Product
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.sources.stac.source import StacSource
from eo_pipeline.steps.cubes.plan_region import plan_region
from eo_pipeline.steps.cubes.read_shard import read_shard
from eo_pipeline_tests.steps.cubes import plain
from eo_pipeline_tests.steps.cubes.archive import MadeScene, grid_at, made_scene, write_archive
from eo_pipeline_tests.steps.cubes.products import FORMULA, JUNE, MASK, NDVI, RED, SOURCE, scenes_product, template_of

SCENES = [
    made_scene("a", 3, grid_at(-60, -20), seed=1),
    made_scene("b", 3, grid_at(60, -20), seed=2),
    made_scene("c", 8, grid_at(-17, -21), seed=3, baseline="03.01"),
    made_scene("d", 8, grid_at(-90, -40), seed=4),
    made_scene("e", 13, grid_at(-10, -12), seed=5),
    made_scene("f", 18, grid_at(-10, -14), seed=6, baseline="02.14"),
    made_scene("g", 28, grid_at(-30, -40), seed=7),
]
"""Two beside each other, one of an old baseline over one of a new, and some alone; no lattice of classes but one."""
WHOLE = Rectangle(0, 0, 128, 128)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> StacSource:
    """All scenes but c, whose classes lie on another lattice."""
    return write_archive(tmp_path_factory.mktemp("archive"), ALIKE)


ALIKE = [scene for scene in SCENES if scene.id != "c"]


def made(source: StacSource, product: Product, **options: Any) -> Mapping[str, NDArray[Any]]:
    """The pixels of the product's whole area in June, as one shard."""
    template = template_of(product)
    plan = plan_region(product, template, _all_of(template), JUNE, source)
    scenes = [plan.recipe.of(scene) for scene in plan.scenes]
    pixels = read_shard(plan.recipe, source, scenes, template.geobox, _all_of(template), **options)
    assert pixels is not None
    return pixels


def _all_of(template: CubeTemplate) -> Rectangle:
    height, width = template.geobox.shape
    return Rectangle(0, 0, height, width)


def region(side: int = 128) -> Any:
    return grid_at(0, 0, side)


@pytest.mark.parametrize("dilation", [0, 3])
def test_medians_and_counts_are_those_of_numpy(archive: StacSource, dilation: int) -> None:
    pixels = made(archive, scenes_product(mask={**MASK, "dilation": dilation}))
    red = plain.observed(ALIKE, "red", region(), dilation=dilation)
    np.testing.assert_array_equal(pixels["red"], plain.half_up(plain.median(red), 0, "uint16"))
    np.testing.assert_array_equal(pixels["n_valid"], (~np.isnan(red)).sum(axis=0))
    seen = np.stack([plain.joined(day, "red", region()) > 0 for day in plain.days_of(ALIKE)])
    np.testing.assert_array_equal(pixels["n_obs"], seen.sum(axis=0))
    assert {str(band.dtype) for band in pixels.values()} == {"uint16"}
    assert len(seen) == 5
    assert (pixels["n_valid"] == 0).any()
    assert (pixels["n_valid"] > 2).any()


@pytest.mark.parametrize(("factor", "sides"), [(1, (9, 23)), (4, (5, 11))])
def test_blocks_of_any_size_give_the_same(tmp_path: Path, factor: int, sides: tuple[int, ...]) -> None:
    """With a halo, a scene in another zone, and classes on two lattices."""
    zone_32 = made_scene("h", 23, grid_at(0, 0, 200, "EPSG:32632"), seed=8)
    moved = MadeScene("h", zone_32.instant, _in_zone_32(zone_32), zone_32.bands)
    source = write_archive(tmp_path, [*SCENES, moved])
    product = scenes_product(
        side=32 if factor == 1 else 16,
        resolution=10 * factor,
        source={**SOURCE, "native_resolution": 10},
        mask={**MASK, "dilation": 2},
        index={"ndvi": {"formula": FORMULA}},
        output={"red": RED, "ndvi": NDVI},
    )
    whole = made(source, product)
    for side in sides:
        parts = made(source, product, memory=_OBSERVED * 8 * (side * factor) ** 2)
        for name, expected in whole.items():
            np.testing.assert_array_equal(parts[name], expected)
            assert name == "n_obs" or len(np.unique(expected)) > 2


_OBSERVED = 16
"""Bytes of one pixel of one scene: two bands stored, an index, and 4 beside."""


def test_an_index_is_of_each_scene_or_of_the_composite(archive: StacSource) -> None:
    """And of a product whose first value it is, counts are of the bands that it is made of."""
    red, nir = (plain.observed(ALIKE, name, region()) * 0.0001 - 0.1 for name in ("red", "nir"))
    of_each = plain.median((nir - red) / (nir + red))
    of_medians = (plain.median(nir) - plain.median(red)) / (plain.median(nir) + plain.median(red))
    for compute, expected in (("per_scene", of_each), ("composite", of_medians)):
        index = {"ndvi": {"formula": FORMULA, "compute": compute}}
        pixels = made(archive, scenes_product(index=index, output={"ndvi": NDVI, "red": RED}))
        wanted = plain.half_up(expected * 10_000, -32768, "int16")
        assert (np.abs(pixels["ndvi"].astype(int) - wanted) <= 1).all()  # a product's last digit decides ties
        assert (pixels["ndvi"] == wanted).mean() > 0.999
        np.testing.assert_array_equal(pixels["red"], made(archive, scenes_product())["red"])
        seen = ~np.isnan(nir) if compute == "composite" else ~np.isnan(red + nir)
        np.testing.assert_array_equal(pixels["n_valid"], seen.sum(axis=0))


@pytest.mark.parametrize("dilation", [0, 2])
def test_a_coarser_product_is_masked_at_native_resolution_then_averaged(archive: StacSource, dilation: int) -> None:
    product = scenes_product(
        side=16, resolution=80, source={**SOURCE, "native_resolution": 10}, mask={**MASK, "dilation": dilation}
    )
    pixels = made(archive, product)
    red = plain.observed(ALIKE, "red", region(), dilation=dilation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # pixels without any
        means = np.nanmean(plain.median(red).reshape(16, 8, 16, 8), axis=(1, 3))
    np.testing.assert_array_equal(pixels["red"], plain.half_up(means, 0, "uint16"))
    valid = (~np.isnan(red)).sum(axis=0).reshape(16, 8, 16, 8).mean(axis=(1, 3))
    np.testing.assert_array_equal(pixels["n_valid"], np.floor(valid + 0.5))
    template = template_of(product)
    asked = plan_region(scenes_product(side=16, resolution=80), template, _all_of(template), JUNE, archive)
    assert asked.recipe.factor == 8  # as the items tell


def test_a_cube_in_degrees_is_masked_around_clouds_as_one_in_metres(archive: StacSource) -> None:
    """Disks are in pixels of the classes, 20 m wide wherever they are looked at."""
    step = 0.0001
    x, y = Transformer.from_crs(32633, 4326, always_xy=True).transform(600_200, 5_339_800)
    left, top = round(x / step) * step, round(y / step) * step
    box = [left, top - 64 * step, left + 64 * step, top]
    degrees: dict[str, Any] = {"crs": "EPSG:4326", "resolution": step, "origin": [left, top], "box": box}
    shares, areas = [], list[dict[str, Any]]([{}, {"area": degrees}])
    for area in areas:
        whole, grown = (
            made(archive, scenes_product(mask={**MASK, "dilation": by}, **area))["n_valid"].astype(int) for by in (0, 2)
        )
        shares.append(grown.sum() / whole.sum())
    assert 0.1 < shares[0] < 0.9
    assert shares[1] == pytest.approx(shares[0], rel=0.2)


@pytest.mark.parametrize("reducer", ["mean", "min", "max", "first", "mosaic", "percentile_20"])
def test_other_composites_are_numpys(archive: StacSource, reducer: str) -> None:
    chooses = reducer in ("min", "max", "first", "mosaic")
    counts = ["source_day"] if chooses else []
    pixels = made(archive, scenes_product(composite={"reducer": reducer, "counts": counts}))
    red = plain.observed(ALIKE, "red", region())
    there = ~np.isnan(red)
    days = np.array([(day[0].instant.date() - date(1970, 1, 1)).days for day in plain.days_of(ALIKE)])
    ranked = {
        "min": np.where(there, red, np.inf).argmin(axis=0),
        "max": np.where(there, red, -np.inf).argmax(axis=0),
        "first": there.argmax(axis=0),
        "mosaic": len(red) - 1 - there[::-1].argmax(axis=0),
    }
    if chooses:
        place = ranked[reducer]
        expected = np.take_along_axis(red, place[None], axis=0)[0]
        np.testing.assert_array_equal(pixels["source_day"], np.where(there.any(axis=0), days[place], 0))
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pixels without any
            expected = np.nanmean(red, axis=0) if reducer == "mean" else np.nanpercentile(red, 20, axis=0)
    wanted = plain.half_up(expected, 0, "uint16")
    if reducer == "percentile_20":  # numpy interpolates in floats: 1234.5 may come out as 1234.4999
        assert (np.abs(pixels["red"].astype(int) - wanted) <= 1).all()
    else:
        np.testing.assert_array_equal(pixels["red"], wanted)


def test_the_best_pixel_is_that_of_the_greenest_day(archive: StacSource) -> None:
    index = {"ndvi": {"formula": FORMULA}}
    composite = {"reducer": "best_pixel", "quality": "ndvi", "counts": ["source_day"]}
    pixels = made(archive, scenes_product(index=index, composite=composite, output={"red": RED, "ndvi": NDVI}))
    red, nir = (plain.observed(ALIKE, name, region()) for name in ("red", "nir"))
    reflectance = (red * 0.0001 - 0.1, nir * 0.0001 - 0.1)
    ndvi = (reflectance[1] - reflectance[0]) / (reflectance[1] + reflectance[0])
    best = np.where(np.isnan(ndvi), -np.inf, ndvi).argmax(axis=0)
    none = np.isnan(ndvi).all(axis=0)
    expected = np.where(none, np.nan, np.take_along_axis(red, best[None], axis=0)[0])
    np.testing.assert_array_equal(pixels["red"], plain.half_up(expected, 0, "uint16"))
    days = np.array([(day[0].instant.date() - date(1970, 1, 1)).days for day in plain.days_of(ALIKE)])
    np.testing.assert_array_equal(pixels["source_day"], np.where(none, 0, days[best]))


def test_the_medoid_is_an_observation_nearest_to_the_others(archive: StacSource) -> None:
    output = {"red": RED, "nir": RED}
    pixels = made(archive, scenes_product(side=32, shard=32, composite={"reducer": "medoid"}, output=output))
    both = np.stack([plain.observed(ALIKE, name, region(32)) for name in ("red", "nir")])
    both[:, np.isnan(both).any(axis=0)] = np.nan
    apart = np.sqrt(((both[:, :, None] - both[:, None]) ** 2).sum(axis=0))
    total = np.nansum(apart, axis=1)
    nearest = np.where(np.isnan(both[0]), np.inf, total).argmin(axis=0)
    for number, name in enumerate(("red", "nir")):
        expected = np.take_along_axis(both[number], nearest[None], axis=0)[0]
        assert (pixels[name] == plain.half_up(expected, 0, "uint16")).mean() > 0.999  # two days are equally far apart


@pytest.mark.parametrize("output", [{"dtype": "float32"}, {"dtype": "int16", "scale": 0.0001, "nodata": -32768}])
def test_bands_are_packed_as_the_product_says(archive: StacSource, output: dict[str, Any]) -> None:
    """In floats, and with an offset of 0, under which a reflectance below 0 stays one."""
    pixels = made(archive, scenes_product(output={"red": output}))["red"]
    reflectance = (plain.median(plain.observed(ALIKE, "red", region())) - 1000) * 0.0001
    if output["dtype"] == "float32":
        np.testing.assert_allclose(pixels, reflectance, atol=1e-6)
    else:
        wanted = plain.half_up((plain.median(plain.observed(ALIKE, "red", region())) - 1000), -32768, "int16")
        np.testing.assert_array_equal(pixels, wanted)


def _in_zone_32(scene: MadeScene) -> Any:
    """The same pixels where the region lies in the zone to its west."""
    x, y = Transformer.from_crs(32633, 32632, always_xy=True).transform(600_000, 5_340_000)
    return GeoBox(scene.grid.shape, Affine(10, 0, round(x, -1) - 400, 0, -10, round(y, -1) + 500), "EPSG:32632")
