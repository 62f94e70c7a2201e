"""What a table of zones may say, what it means when it does not, and what is said of wrong ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from eo_pipeline.core.product import ZoneTable
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline_tests.products import product

FEW = {"file": "fields.gpkg", "id": "field"}
CLASSES = {"output": {"B4": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}}}


def said(zones: dict[str, Any], **sections: object) -> str:
    """What is said of a table of zones, one `field: words` a line."""
    with pytest.raises(ValidationError) as caught:
        product(zones={**FEW, **zones}, **sections)
    return "\n".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in caught.value.errors())


def test_few_words_are_enough() -> None:
    assert product(zones=FEW).zones == ZoneTable(
        file="fields.gpkg",
        id="field",
        statistics=["mean", "count"],
        bands=None,
        rule="center",
        all_touched=False,
        weights=None,
        classes=None,
        areas=False,
        histogram=[],
        inner_buffer=0,
        min_valid_fraction=0,
        form="wide",
        geometry=False,
        together=False,
        where="local",
        of="mosaics",
    )


def test_everything_may_be_said() -> None:
    zones = product(
        zones={
            **FEW,
            "tolerance": 0.01,
            "statistics": ["weighted_mean", "var", "mode", "variety", "nodata_share", "valid_share", "own.stats.gini"],
            "rule": "fractional",
            "weights": "people.tif",
            "classes": "all",
            "areas": True,
            "inner_buffer": 30,
            "min_valid_fraction": 0.5,
            "form": "long",
            "geometry": True,
        },
        **CLASSES,
    ).zones
    assert zones is not None
    assert zones.functions == ["own.stats.gini"]
    assert zones.pixels is Rule.FRACTIONAL


def test_all_touched_says_the_same_as_the_rule() -> None:
    assert ZoneTable(file="z", id="n", all_touched=True).pixels is Rule.ALL_TOUCHED
    assert ZoneTable(file="z", id="n", rule="all_touched").pixels is Rule.ALL_TOUCHED
    assert ZoneTable(file="z", id="n").pixels is Rule.CENTER


def test_a_table_that_says_no_more_than_before_is_the_same_as_before() -> None:
    before = {"id": "n", "statistics": ["mean"], "bands": None, "all_touched": False}
    assert ZoneTable(file="z", id="n", statistics=["mean"]).identity == before
    assert ZoneTable(file="z", id="n", statistics=["mean"], form="wide", together=True).identity == before
    assert ZoneTable(file="z", id="n", statistics=["mean"], tolerance=0.1).identity == before


@pytest.mark.parametrize(
    "more",
    [
        {"rule": "fractional"},
        {"classes": [1]},
        {"histogram": [0, 1]},
        {"inner_buffer": 10},
        {"min_valid_fraction": 0.1},
        {"form": "long"},
        {"geometry": True},
        {"where": "earth_engine"},
        {"of": "tiles"},
        {"of": "cube"},
        {"file": None, "asset": "a/b", "where": "earth_engine"},
    ],
)
def test_whatever_changes_the_table_changes_its_identity(more: dict[str, Any]) -> None:
    assert ZoneTable(**{**FEW, **more}).identity != ZoneTable(**FEW).identity


def test_zones_inside_earth_engine_need_no_tiles_unless_something_else_does() -> None:
    there = {**FEW, "where": "earth_engine"}
    assert product(zones=there).pieces == "zones"
    assert product(zones=FEW).pieces is None
    assert product(zones=there, cube={"repository": "c"}).pieces is None
    assert product(zones=there, mosaic={"overlap": "last"}).pieces is None


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ({"rule": "majority"}, "zones.rule: Input should be 'center', 'all_touched' or 'fractional'"),
        (
            {"rule": "fractional", "all_touched": True},
            "rule: expected all_touched beside `all_touched: true`, got fractional; remove one of them",
        ),
        (
            {"statistics": ["weighted_mean"]},
            "weights: expected a raster beside the statistic weighted_mean, got none; name one",
        ),
        (
            {"weights": "people.tif"},
            "weights: expected weighted_mean among the statistics beside it, got mean, count; add it, or remove",
        ),
        ({"asset": "a/b"}, "expected exactly one of file, asset"),
        ({"file": None}, "expected exactly one of file, asset"),
        (
            {"asset_where": {"n": {"eq": 1}}},
            "asset_where: expected it beside `asset` only; leave the other zones out of the file",
        ),
        (
            {"file": None, "asset": "a/b"},
            "where: expected earth_engine beside `asset`, got local; write it, or name a file",
        ),
        ({"areas": True}, "areas: expected `classes` beside it, got none; declare them, or remove areas"),
        (
            {"classes": "all"},
            "classes: expected a list of numbers in form wide, whose columns are known beforehand, got all; list them",
        ),
        ({"classes": []}, "classes: expected numbers, each once, got []; correct them"),
        ({"classes": [1, 1]}, "classes: expected numbers, each once, got [1, 1]; correct them"),
        ({"histogram": [1]}, "histogram: expected two or more ascending edges of bins, got [1.0]; correct them"),
        ({"histogram": [0, 2, 1]}, "histogram: expected two or more ascending edges of bins, got [0.0, 2.0, 1.0]"),
        ({"histogram": [0, float("inf")]}, "histogram: expected two or more ascending edges of bins, got [0.0, inf]"),
        ({"inner_buffer": -5}, "zones.inner_buffer: Input should be greater than or equal to 0"),
        ({"min_valid_fraction": 2}, "zones.min_valid_fraction: Input should be less than or equal to 1"),
        ({"statistics": ["mean.", "count"]}, "(mean. is unknown); correct them"),
        ({"statistics": ["percentile_101"]}, "percentile_N (N from 0 to 100), package.module.function (values, weig"),
        (
            {"where": "earth_engine", "statistics": ["own.gini", "mean"], "rule": "all_touched"},
            "where: expected local beside rule all_touched, the statistic own.gini, got earth_engine, which does not",
        ),
        (
            {"where": "earth_engine", "statistics": ["weighted_mean"], "weights": "people.tif"},
            "where: expected local beside weights, got earth_engine, which does not know it; write local, or remove",
        ),
        (
            {"of": "tiles", "where": "earth_engine"},
            "of: expected where: local beside it, got earth_engine, where no tiles are read; write local, or remove of",
        ),
        ({"of": "cube"}, "zones.of: expected `cube` beside it, got none; declare the cube, or remove of"),
        (
            {"classes": [1, 2]},
            "zones.classes: expected a categorical band among those measured, got B4, B8; write output.B4.kind: cat",
        ),
    ],
)
def test_a_wrong_table_is_told_what_was_expected(zones: dict[str, Any], words: str) -> None:
    assert words in said(zones)


def test_a_histogram_needs_a_band_that_is_not_categorical() -> None:
    words = "zones.histogram: expected a band that is not categorical among those measured, got B4; write classes"
    assert words in said({"histogram": [0, 1]}, **CLASSES)
    assert product(zones={**FEW, "histogram": [0, 1]}).zones is not None


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"mosaic": {"overlap": "last"}}, "zones.of: expected mosaics beside mosaic, got tiles; mosaics are made anyw"),
        ({"cube": {"repository": "c"}}, "zones.of: expected mosaics beside cube, got tiles; mosaics are made anyway"),
        ({"export": {"destination": "asset"}}, "export.destination: expected no zones beside asset, since both are"),
        ({"chips": {"count": 2, "size": 8}}, "expected no zones beside it"),
    ],
)
def test_tiles_are_measured_only_where_there_are_tiles_and_no_mosaics(sections: dict[str, Any], words: str) -> None:
    assert words in said({"of": "tiles"}, **sections)
