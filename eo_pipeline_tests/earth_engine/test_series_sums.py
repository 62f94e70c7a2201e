"""Replies about regions as values, and what is refused of them."""

from dataclasses import replace
from typing import Any

import pytest
from odc.geo.geobox import GeoBox

from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.region_nodes import regions_to_come
from eo_pipeline.earth_engine.series.series_requests import rows_of_images
from eo_pipeline.earth_engine.series.series_sums import Reduction, read_rows
from eo_pipeline.errors import ProductError, ServiceError
from eo_pipeline_tests.scenes import BOX, CRS, scenes_product

GRID = GeoBox.from_bbox((BOX[0], BOX[1], BOX[2], BOX[3]), CRS, resolution=10)


def reduction(product: Product | None = None, **series: Any) -> Reduction:
    plain = {"file": "f.gpkg", "id": "name", "statistics": ["mean", "median"]}
    made = product or scenes_product(series={**plain, **series})
    assert made.series is not None
    return Reduction(made, made.series, "whole", GRID, made.period.rule.parse("2024-01"), None)


def reply(**told: float) -> list[dict[str, Any]]:
    return [{"properties": {"r": 7, "i": 0, **told}}]


def test_a_reply_is_read_band_by_band() -> None:
    told = {"t_sum": 10.0, "w0_sum": 8.0, "s0_sum": 80.0, "v0_count": 9, "v0_median": 11.0, "w1_sum": 4.0, "v1": 1.0}
    [(region, image, (first, second))] = read_rows(reply(**told), reduction())
    assert (region, image) == (7, 0)
    assert (first.whole, first.valid, first.first, first.count) == (10.0, 8.0, 80.0, 9)
    assert (second.valid, second.count, second.ordered) == (4.0, 0, {"median": 1.0})


def test_an_unweighted_sum_over_other_pixels_than_those_whose_centre_is_inside_is_refused() -> None:
    told = {"t_sum": 12.0, "w0_sum": 11.0, "v0_count": 6, "w1_sum": 6.0, "v1_count": 6}
    with pytest.raises(ServiceError, match=r"over the 6 pixels whose centre is inside, got 11; write series\.weights"):
        read_rows(reply(**told), reduction(weights="none"))
    assert read_rows(reply(**{**told, "w0_sum": 6.0}), reduction(weights="none"))


def test_images_without_a_source_cannot_be_listed() -> None:
    own: dict[str, Any] = {
        "recipe": "eo_pipeline_tests.earth_engine.own_recipes.brightest",
        "source": None,
        "output": {"b": {}},
    }
    product = scenes_product(series={"file": "f.gpkg", "id": "name", "of": "period"}, **own)
    with pytest.raises(ProductError, match=r"series\.of: expected `source` beside images, got none"):
        rows_of_images(replace(reduction(product)), regions_to_come, ["20240105"])
