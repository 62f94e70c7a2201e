"""What chips, series and points may say, what they mean when they do not, and what is said of wrong ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from eo_pipeline.core.product import Chips, Points, Series
from eo_pipeline_tests.products import SMALL, product

AREA = SMALL["area"]
RANDOM = {"count": 5}
STRATA = {"image": "ESA/WorldCover/v200/2021", "band": "Map", "scale": 100}
OF_FILE = {"sampling": "points", "file": "plots.gpkg", "id": "plot"}
SPLIT = {"split": {"train": 0.8, "test": 0.2}, "split_block": 5000}
RGB = {"bands": ["B4", "B8", "B4"], "min": 0, "max": 0.3}
SERIES = {"file": "regions.gpkg", "id": "code"}
POINTS = {"file": "stations.gpkg", "id": "station"}


def said(**sections: object) -> str:
    """What is said of a declaration, one `field: words` a line."""
    with pytest.raises(ValidationError) as caught:
        product(**sections)
    return "\n".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in caught.value.errors())


def test_few_words_are_enough() -> None:
    assert product(chips=RANDOM).chips == Chips(
        sampling="random", count=5, seed=1, within="centre", size=256, crs="product", format="geotiff", tolerance=0
    )
    assert product(series=SERIES).series == Series(
        file="regions.gpkg",
        id="code",
        of="images",
        statistics=["mean", "count"],
        weights="area",
        edges="planar",
        min_valid_fraction=0,
        csv=False,
        tolerance=0,
    )
    assert product(points=POINTS).points == Points(file="stations.gpkg", id="station", cell=256, tolerance=0)


def test_a_product_knows_what_it_asks_for_piece_by_piece() -> None:
    assert product().pieces is None
    assert product(chips=RANDOM).pieces == "chips"
    assert product(series=SERIES).pieces == "series"
    assert product(points=POINTS).pieces == "points"


@pytest.mark.parametrize(
    "chips",
    [
        {"sampling": "stratified", "count": 3, "strata": STRATA},
        {"sampling": "grid"},
        {"sampling": "grid", "step": 128, "within": "whole"},
        {**OF_FILE, "label": "class"},
        {"sampling": "images"},
        {"sampling": "images", "count": 3},
        {**RANDOM, "crs": "utm", "resolution": 10},
        {**RANDOM, "format": "png", "visualize": RGB},
        {**RANDOM, "format": "png", "visualize": {"bands": ["B4"], "min": 0, "max": 1, "palette": ["000000", "white"]}},
        {**RANDOM, "format": "zarr", "repository": "chips/small.icechunk"},
        {**RANDOM, **SPLIT},
    ],
)
def test_every_kind_of_chips_can_be_declared(chips: dict[str, Any]) -> None:
    assert product(chips=chips).chips == Chips.model_validate(chips)


def test_a_grid_steps_by_the_size_of_its_chips() -> None:
    assert Chips(sampling="grid", size=64).spacing == 64
    assert Chips(sampling="grid", size=64, step=32).spacing == 32


def test_a_csv_of_points_names_its_coordinates() -> None:
    made = product(points={"file": "stations.CSV", "id": "station", "x": "lon", "y": "lat"})
    assert made.points is not None
    assert made.points.is_csv


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"chips": RANDOM, "series": SERIES},
        "chips: expected no series beside it, since one product is one thing; declare another product for the rest",
    ),
    ({"points": POINTS, "zones": {"file": "z", "id": "n"}}, "points: expected no zones beside it"),
    ({"series": SERIES, "mosaic": {"allow_gaps": True}}, "series: expected no mosaic beside it"),
    ({"series": SERIES, "cube": {"repository": "c"}}, "series: expected no cube beside it"),
    (
        {"chips": RANDOM, "table": {"recipe": "a.b", "columns": {"n": {}}}, "source": None},
        "table: expected no chips beside it, since they are about pixels",
    ),
    (
        {"chips": RANDOM, "export": {"bucket": "b", "route": "interactive"}},
        "export.bucket: expected no field of export beside chips, got bucket, route; no task writes anything of it, "
        "remove the section",
    ),
    ({"points": POINTS, "export": {"destination": "drive"}}, "export.destination: expected no field of export beside"),
    ({"chips": {}}, "count: expected how many chips of each area with sampling random, got none; add it"),
    (
        {"chips": {"sampling": "stratified", "strata": STRATA}},
        "count: expected how many chips of each class with sampling stratified, got none; add it",
    ),
    (
        {"chips": {"sampling": "grid", "count": 3}},
        "count: expected none with sampling grid, which tells how many there are; remove it",
    ),
    (
        {"chips": {"sampling": "stratified", "count": 3}},
        "strata: expected this field with sampling stratified, got none; add it",
    ),
    ({"chips": {"sampling": "points", "file": "a"}}, "id: expected this field with sampling points, got none; add it"),
    (
        {"chips": {**RANDOM, "file": "a"}},
        "file: expected it with sampling points only, got sampling random; remove one of them",
    ),
    ({"chips": {**RANDOM, "label": "a"}}, "label: expected it with sampling points only, got sampling random"),
    ({"chips": {**RANDOM, "step": 3}}, "step: expected it with sampling grid only, got sampling random"),
    ({"chips": {**RANDOM, "crs": "utm"}}, "resolution: expected this field with crs utm, got none; add it"),
    ({"chips": {**RANDOM, "resolution": 10}}, "resolution: expected it with crs utm only, got crs product"),
    ({"chips": {**RANDOM, "format": "png"}}, "visualize: expected this field with format png, got none; add it"),
    ({"chips": {**RANDOM, "visualize": RGB}}, "visualize: expected it with format png only, got format geotiff"),
    ({"chips": {**RANDOM, "format": "zarr"}}, "repository: expected this field with format zarr, got none; add it"),
    ({"chips": {**RANDOM, "repository": "r"}}, "repository: expected it with format zarr only, got format geotiff"),
    (
        {"chips": {"sampling": "images", "format": "zarr", "repository": "r"}},
        "size: expected it with sampling images and format zarr, whose chips have one size; add it",
    ),
    ({"chips": {**RANDOM, "size": 5000}}, "chips.size: Input should be less than or equal to 4096"),
    ({"chips": {**RANDOM, "tolerance": 1}}, "chips.tolerance: Input should be less than 1"),
    ({"chips": {**RANDOM, "split": {"a": 1}}}, "split_block: expected it beside split, got none; add it"),
    ({"chips": {**RANDOM, "split_block": 5}}, "split: expected it beside split_block, got none; add it"),
    (
        {"chips": {**RANDOM, **SPLIT, "split": {"train": 0.8, "test": 0.3}}},
        "split: expected shares whose sum is 1, got 1.1; correct them",
    ),
    (
        {"chips": {**RANDOM, **SPLIT, "split": {"train": 1.2, "test": -0.2}}},
        "split: expected shares above 0 and at most 1, got other ones of train, test; correct them",
    ),
    (
        {"chips": {**RANDOM, **SPLIT, "split_block": 2559}},
        "chips.split_block: expected at least a chip's side, 2560 units of EPSG:32633, got 2559; chips of different "
        "splits would overlap",
    ),
    (
        {"chips": {**RANDOM, "format": "png", "visualize": {**RGB, "bands": ["B4", "B5", "B8"]}}},
        "chips.visualize.bands: B5 is not among the bands, which are B4, B8; name some of those",
    ),
    (
        {"chips": {**RANDOM, "format": "png", "visualize": {**RGB, "bands": ["B4", "B8"]}}},
        "bands: expected one band, or three for red, green and blue, got 2",
    ),
    (
        {"chips": {**RANDOM, "format": "png", "visualize": {**RGB, "max": 0}}},
        "max: expected more than min (0), got 0; swap or correct them",
    ),
    (
        {"chips": {**RANDOM, "format": "png", "visualize": {**RGB, "palette": ["red"]}}},
        "palette: expected none beside three bands; name one band or remove the palette",
    ),
    (
        {
            "chips": {
                **RANDOM,
                "format": "png",
                "visualize": {**RGB, "bands": ["B4"], "palette": ["red"], "gamma": 2},
            }
        },
        "gamma: expected none beside a palette; remove one of them",
    ),
    (
        {"chips": {"sampling": "images"}, "recipe": "a.b", "output": {"B4": {}}},
        "chips.sampling: expected `source` beside images, got `recipe`: the images behind a function are not known",
    ),
    (
        {"chips": {"sampling": "images"}, "composite": {"reducer": "mean"}},
        "composite: expected none beside chips.sampling images, since each image stands alone; remove it",
    ),
    ({"series": {"id": "a"}}, "series: Value error, expected exactly one of file, asset"),
    ({"series": {**SERIES, "asset": "a"}}, "series: Value error, expected exactly one of file, asset"),
    ({"series": {**SERIES, "where": {"a": {"eq": 1}}}}, "where: expected it beside `asset` only; leave the other"),
    (
        {"series": {**SERIES, "statistics": ["mean", "average", "p101"]}},
        "statistics: expected mean, std, min, max, median, count, sum or p0 to p100, got average, p101; correct them",
    ),
    ({"series": {**SERIES, "statistics": ["p5", "p5"]}}, "statistics: expected each once, got p5 more than once"),
    ({"series": {**SERIES, "names": ["code"]}}, "names: expected other columns than `id`, got code; remove it there"),
    ({"series": {**SERIES, "weights": "sun"}}, "series.weights: Input should be 'area', 'pixel' or 'none'"),
    (
        {"series": SERIES, "composite": {"counts": ["n_obs"]}},
        "composite: expected none beside series.of images, since each image stands alone; remove it",
    ),
    (
        {"series": {**SERIES, "of": "period"}, "composite": {"counts": ["n_obs"]}},
        "composite.counts: expected none beside series, whose rows tell count and valid_fraction; remove it",
    ),
    ({"points": {"id": "a"}}, "points: Value error, expected exactly one of file, asset"),
    (
        {"points": {"file": "a.csv", "id": "a", "x": "lon"}},
        "y: expected the column of coordinates beside a CSV, got none; add it",
    ),
    ({"points": {**POINTS, "crs": "EPSG:4326"}}, "crs: expected it beside a file that ends with .csv only; remove it"),
    ({"points": {**POINTS, "cell": 4000}}, "points.cell: Input should be less than or equal to 2048"),
]


@pytest.mark.parametrize(("sections", "words"), WRONG)
def test_a_wrong_section_is_told_what_was_expected(sections: dict[str, Any], words: str) -> None:
    assert words in said(**sections)
