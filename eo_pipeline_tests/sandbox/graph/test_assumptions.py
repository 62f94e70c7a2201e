"""The list of assumptions stays true: each names what decides, and the telling ones are tried."""

from __future__ import annotations

import importlib

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.graph.assumptions import ASSUMPTIONS, Assumption
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, pixels, record, utm_grid, value


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda one: one.topic)
def test_what_decides_exists(assumption: Assumption) -> None:
    module, _, name = assumption.decided_in.partition(":")
    assert hasattr(importlib.import_module(f"eo_pipeline.sandbox.{module}"), name)


def test_topics_are_listed_once() -> None:
    topics = [assumption.topic for assumption in ASSUMPTIONS]
    assert len(set(topics)) == len(topics)


def test_division_by_zero_gives_zero() -> None:
    quotient = ee.Image(5).divide(ee.Image(0)).addBands(ee.Image(5).mod(0))
    for data, mask in pixels(quotient, utm_grid(2, 2)):
        assert (data == 0).all()
        assert (mask == 1).all()
    assert value(ee.Number(5).divide(0)) == 0
    assert value(ee.Array([5, 6]).divide([0, 3]).add(ee.Array([5, 6]).mod([0, 4]))) == [0, 4]


def test_a_count_of_nothing_is_masked_at_a_pixel_and_zero_in_a_region() -> None:
    nothing = ArrayBand(np.ones((4, 4), "u1"), UTM, mask=np.zeros((4, 4), bool))
    images = [record("C/a", {"B": nothing}), record("C/b", {"B": nothing})]
    ((_, mask),) = pixels(ee.ImageCollection("C").count(), utm_grid(4, 4), *images)
    assert not mask.any()
    region = ee.Geometry.Rectangle([500_000, 4_999_960, 500_040, 5_000_000], "EPSG:32633", False)
    counted = ee.Image("C/a").reduceRegion(ee.Reducer.count(), region, 10)
    assert value(counted, *images) == {"B": 0}


def test_casts_cut_and_stop_at_the_limits() -> None:
    image = ee.Image([-1.7, 1.7, 300.0]).toByte()
    assert [int(data[0, 0]) for data, _ in pixels(image, utm_grid(1, 1))] == [0, 1, 255]
