"""Pixels of recipes equal plain numpy over the scenes' arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core import grids
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.pixels import compute_pixels
from eo_pipeline.errors import ProductError
from eo_pipeline_tests.scenes import BOX, COLLECTION, COLUMNS, CRS, LEFT, ROWS, TOP, Scene, Service, scenes_product

Values = NDArray[np.float64]
BOTH = {"collection": COLLECTION, "bands": ["B4", "B8"]}
RED = {"collection": COLLECTION, "bands": ["B4"]}
NDVI = {"ndvi": {"formula": "(B8 - B4) / (B8 + B4)"}}

pytestmark = pytest.mark.filterwarnings("ignore:All-NaN slice", "ignore:Mean of empty slice")


def made(service: Service, product: Product, period: str = "2024-01", native: float | None = 10) -> dict[str, Any]:
    """The recipe's pixels over the whole area."""
    assert product.area.box is not None
    [area] = grids.whole_area(product.area.lattice, product.area.box)
    image = recipes.image(
        product,
        area_key=area.key,
        geobox=area.geobox,
        period=product.period.rule.parse(period),
        native_resolution=native,
    )
    is_nan = product.bands[0].nodata != product.bands[0].nodata
    return compute_pixels(service.session, image, area.geobox, nan_where_masked=is_nan)


def stack(scenes: list[Scene], band: str) -> Values:
    """(scene, y, x) with NaN where the band is masked."""
    stored = np.stack([scene.bands[band] for scene in scenes]).astype(float)
    return np.where(stored == 0, np.nan, stored)


def classes(scenes: list[Scene], band: str) -> NDArray[np.int64]:
    return np.stack([scene.bands[band] for scene in scenes]).astype(np.int64)


def half_up(values: Values, nodata: int) -> NDArray[np.int64]:
    return np.where(np.isnan(values), nodata, np.floor(values + 0.5)).astype(np.int64)


@pytest.fixture
def january(service: Service) -> list[Scene]:
    return service.scenes[:3]


def test_masked_index_of_each_scene_then_median_with_counts(service: Service, january: list[Scene]) -> None:
    excluded = [0, 1, 3, 8, 9, 10, 11]
    product = scenes_product(
        mask={"scl_exclude": excluded},
        index=NDVI,
        composite={"reducer": "median", "counts": ["n_obs", "n_valid"]},
        output={"ndvi": {"dtype": "int16", "scale": 0.0001, "nodata": -32768}},
    )
    found = made(service, product)
    red, nir = stack(january, "B4"), stack(january, "B8")
    ndvi = np.where(np.isin(classes(january, "SCL"), excluded), np.nan, (nir - red) / (nir + red))
    np.testing.assert_array_equal(found["ndvi"], half_up(np.nanmedian(ndvi, axis=0) * 10_000, -32768))
    np.testing.assert_array_equal(found["n_valid"], (~np.isnan(ndvi)).sum(axis=0))
    np.testing.assert_array_equal(found["n_obs"], (~np.isnan(red)).sum(axis=0))
    assert {name: pixels.dtype.name for name, pixels in found.items()} == dict.fromkeys(
        ("ndvi", "n_obs", "n_valid"), "int16"
    )
    assert (found["ndvi"] == -32768).any()
    assert (found["n_valid"] == 0).any()


MASKS: dict[str, dict[str, Any]] = {
    "scl_include": {"scl_include": [4, 5]},
    "band_exclude": {"band": "SCL", "exclude": [8]},
    "band_include": {"band": "SCL", "include": [1, 2, 3]},
    "qa_pixel": {"qa_pixel": [1, 4]},
    "bits": {"band": "QA_PIXEL", "bits": {"0-1": [0, 1], 6: [1], "8-10": [0, 3, 5]}},
    "cloud_score_plus": {"cloud_score_plus": {"threshold": 0.65}},
}


def usable(scenes: list[Scene], mask: str) -> NDArray[np.bool_]:
    scl, qa = classes(scenes, "SCL"), classes(scenes, "QA_PIXEL")
    score = np.stack([scene.bands["cs_cdf"] for scene in scenes])
    found: dict[str, NDArray[np.bool_]] = {
        "scl_include": np.isin(scl, [4, 5]),
        "band_exclude": scl != 8,
        "band_include": np.isin(scl, [1, 2, 3]),
        "qa_pixel": (qa & 0b10010) == 0,
        "bits": np.isin(qa & 3, [0, 1]) & ((qa >> 6) & 1 == 1) & np.isin((qa >> 8) & 7, [0, 3, 5]),
        "cloud_score_plus": score >= np.float32(0.65),
    }
    return found[mask]


@pytest.mark.parametrize("mask", MASKS)
def test_every_mask_leaves_what_is_usable(service: Service, january: list[Scene], mask: str) -> None:
    product = scenes_product(source=RED, mask=MASKS[mask], composite={"reducer": "max"})
    red = np.where(usable(january, mask), stack(january, "B4"), np.nan)
    np.testing.assert_array_equal(made(service, product)["B4"], np.nanmax(red, axis=0).astype(np.float32))


def first(values: Values) -> Values:
    """The first usable value along the scenes."""
    chosen = np.argmax(~np.isnan(values), axis=0)
    found: Values = np.take_along_axis(values, chosen[np.newaxis], axis=0)[0]
    return found


REDUCERS: dict[str, Callable[[Values], Values]] = {
    "median": lambda v: np.nanmedian(v, axis=0),
    "mean": lambda v: np.nanmean(v, axis=0),
    "max": lambda v: np.nanmax(v, axis=0),
    "min": lambda v: np.nanmin(v, axis=0),
    "first": first,
    "mosaic": lambda v: first(v[::-1]),
}


@pytest.mark.parametrize("reducer", REDUCERS)
def test_reducers_take_usable_pixels_in_time_order(service: Service, january: list[Scene], reducer: str) -> None:
    product = scenes_product(mask={"scl_include": [1, 2, 3, 4, 5, 6]}, composite={"reducer": reducer})
    found = made(service, product)
    keep = np.isin(classes(january, "SCL"), [1, 2, 3, 4, 5, 6])
    for band in ("B4", "B8"):
        wanted = REDUCERS[reducer](np.where(keep, stack(january, band), np.nan))
        np.testing.assert_allclose(found[band], wanted.astype(np.float32), rtol=1e-7)


def test_conditions_choose_scenes_by_their_properties(service: Service, january: list[Scene]) -> None:
    where = {"CLOUDY_PIXEL_PERCENTAGE": {"lt": 80, "gt": 10}}
    found = made(service, scenes_product(source={**RED, "where": where}, composite={"counts": ["n_obs"]}))
    np.testing.assert_array_equal(found["B4"], stack(january[1:2], "B4")[0].astype(np.float32))
    np.testing.assert_array_equal(found["n_obs"], ~np.isnan(stack(january[1:2], "B4")[0]))


def test_a_condition_may_name_values(service: Service, january: list[Scene]) -> None:
    where = {"CLOUDY_PIXEL_PERCENTAGE": {"in": [50, 90]}}
    found = made(service, scenes_product(source={**RED, "where": where}, composite={"counts": ["n_obs"]}))
    np.testing.assert_array_equal(found["n_obs"], (~np.isnan(stack(january[1:], "B4"))).sum(axis=0))


def test_a_period_takes_its_own_scenes_only(service: Service) -> None:
    found = made(service, scenes_product(source=RED), "2024-02")
    np.testing.assert_array_equal(found["B4"], stack(service.scenes[3:], "B4")[0].astype(np.float32))


def test_an_index_of_the_composite_is_made_from_reduced_bands(service: Service, january: list[Scene]) -> None:
    index = {"ndvi": {**NDVI["ndvi"], "compute": "composite"}}
    found = made(service, scenes_product(index=index, composite={"reducer": "mean", "counts": ["n_valid"]}))
    red, nir = (np.nanmean(stack(january, band), axis=0) for band in ("B4", "B8"))
    np.testing.assert_allclose(found["ndvi"], ((nir - red) / (nir + red)).astype(np.float32), rtol=1e-6)
    np.testing.assert_array_equal(found["n_valid"], (~np.isnan(stack(january, "B8"))).sum(axis=0))


def test_scale_and_offset_of_the_source_make_physical_values(service: Service, january: list[Scene]) -> None:
    product = scenes_product(source={**RED, "scale": 0.0001, "offset": -0.1}, composite={"reducer": "min"})
    wanted = np.nanmin(stack(january, "B4") * 0.0001 - 0.1, axis=0)
    np.testing.assert_allclose(made(service, product)["B4"], wanted.astype(np.float32), rtol=1e-6)


def test_halves_are_rounded_up_also_below_zero(service: Service, january: list[Scene]) -> None:
    product = scenes_product(
        source={**RED, "offset": -5000},
        composite={"reducer": "min"},
        output={"B4": {"dtype": "int16", "scale": 2, "nodata": -32768}},
    )
    least = np.nanmin(stack(january, "B4"), axis=0) - 5000
    assert ((least % 2 == 1) & (least < 0)).sum() > 50
    np.testing.assert_array_equal(made(service, product)["B4"], half_up(least / 2, -32768))


def test_what_does_not_fit_becomes_nodata_and_does_not_wrap(service: Service, january: list[Scene]) -> None:
    product = scenes_product(
        source=RED,
        composite={"reducer": "max"},
        output={"B4": {"dtype": "uint8", "scale": 20, "offset": 3000, "nodata": 255}},
    )
    stored = np.floor((np.nanmax(stack(january, "B4"), axis=0) - 3000) / 20 + 0.5)
    outside = np.isnan(stored) | (stored < 0) | (stored > 255)
    assert (stored < 0).any()
    assert (stored > 255).any()
    np.testing.assert_array_equal(made(service, product)["B4"], np.where(outside, 255, stored))


@pytest.mark.parametrize(("nodata", "stored"), [(255, 254), (0, 255)])
def test_a_count_that_the_type_cannot_hold_is_the_most_that_it_holds(
    service: Service, nodata: int, stored: int
) -> None:
    box = [16, 47.8, 16.4, 48.2]
    product = scenes_product(
        source={"collection": "ECMWF/ERA5_LAND/DAILY_AGGR", "bands": ["temperature_2m"]},
        period={"every": "year", "start": "2023"},
        composite={"reducer": "max", "counts": ["n_valid"]},
        area={"box": box, "crs": "EPSG:4326", "resolution": 0.1},
        output={"temperature_2m": {"dtype": "uint8", "offset": 200, "nodata": nodata}},
    )
    found = made(service, product, "2023", native=None)
    assert (found["n_valid"] == stored).all()


def test_floats_may_have_a_nodata_of_their_own(service: Service, january: list[Scene]) -> None:
    product = scenes_product(source=RED, mask={"scl_include": [4]}, output={"B4": {"nodata": -9999}})
    red = np.where(classes(january, "SCL") == 4, stack(january, "B4"), np.nan)
    wanted = np.nan_to_num(np.nanmedian(red, axis=0), nan=-9999)
    assert (wanted == -9999).any()
    np.testing.assert_array_equal(made(service, product)["B4"], wanted.astype(np.float32))


def blocks(values: NDArray[Any], side: int = 4) -> NDArray[Any]:
    """(y, x, side * side) of a coarser grid's source pixels."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    return values.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows, columns, side * side)


COARSE = {"box": BOX, "crs": CRS, "resolution": 40, "origin": [LEFT, TOP]}


def test_a_coarser_product_averages_what_was_masked_at_native_resolution(
    service: Service, january: list[Scene]
) -> None:
    product = scenes_product(
        area=COARSE,
        mask={"scl_exclude": [8, 9, 10]},
        index=NDVI,
        composite={"counts": ["n_valid"]},
        output={"ndvi": {"dtype": "int16", "scale": 0.0001, "nodata": -32768}},
    )
    found = made(service, product)
    red, nir = stack(january, "B4"), stack(january, "B8")
    ndvi = np.where(np.isin(classes(january, "SCL"), [8, 9, 10]), np.nan, (nir - red) / (nir + red))
    fine = np.nanmedian(ndvi, axis=0)
    wanted = half_up(np.nanmean(blocks(fine), axis=2) * 10_000, -32768)
    assert found["ndvi"].shape == (ROWS // 4, COLUMNS // 4)
    np.testing.assert_array_equal(found["ndvi"], wanted)
    valid = (~np.isnan(ndvi)).sum(axis=0).astype(float)
    np.testing.assert_array_equal(found["n_valid"], half_up(blocks(valid).mean(axis=2), 0))


def test_classes_of_a_coarser_product_are_the_most_frequent_ones(service: Service, january: list[Scene]) -> None:
    product = scenes_product(
        area=COARSE,
        source={"collection": COLLECTION, "bands": ["SCL"]},
        composite={"reducer": "first"},
        output={"SCL": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}},
    )
    found = made(service, product)["SCL"]
    cells = blocks(january[0].bands["SCL"])
    counts = np.stack([(cells == kind).sum(axis=2) for kind in range(12)])
    assert (np.take_along_axis(counts, found[np.newaxis].astype(int), 0)[0] == counts.max(axis=0)).all()


def test_a_product_as_fine_as_its_source_is_not_averaged(service: Service, january: list[Scene]) -> None:
    found = made(service, scenes_product(source=RED, composite={"reducer": "first"}), native=None)
    np.testing.assert_array_equal(found["B4"], first(stack(january, "B4")).astype(np.float32))


def test_a_recipe_of_one_s_own_is_encoded_like_the_others(service: Service, january: list[Scene]) -> None:
    product = scenes_product(
        source=None,
        recipe="eo_pipeline_tests.earth_engine.own_recipes.brightest",
        output={"bright": {"dtype": "int32", "scale": 10, "nodata": -1}},
    )
    wanted = half_up(np.nanmax(stack(january, "B4"), axis=0) / 10, -1)
    found = made(service, product, native=None)
    assert list(found) == ["bright"]
    np.testing.assert_array_equal(found["bright"], wanted)


@pytest.mark.parametrize("dotted", ["nowhere.recipe", "eo_pipeline_tests.earth_engine.own_recipes.absent", "brightest"])
def test_a_recipe_that_cannot_be_imported_is_named(service: Service, dotted: str) -> None:
    product = scenes_product(source=None, recipe=dotted, output={"bright": {}})
    with pytest.raises(ProductError, match=rf"recipe: expected an importable function .*, got '{dotted}' \(.*install"):
        made(service, product)


def test_far_too_coarse_a_product_is_refused_before_it_is_computed(service: Service) -> None:
    product = scenes_product(area={**COARSE, "resolution": 10_000, "box": [0, 0, 10_000, 10_000]})
    with pytest.raises(ProductError) as caught:
        made(service, product)
    assert str(caught.value) == (
        "area.resolution: expected at most 255 source pixels along one pixel, got 1000 (10000 m from 10 m); "
        "choose a finer resolution or set source.native_resolution"
    )


def test_images_cannot_be_listed_without_a_source(service: Service) -> None:
    product = scenes_product(source=None, recipe="a.b", output={"b": {}})
    [area] = grids.whole_area(product.area.lattice, BOX)
    with pytest.raises(ProductError, match="expected `source` in the product, got none; its images cannot be listed"):
        recipes.images(product, area.geobox, product.period.rule.parse("2024-01"))
