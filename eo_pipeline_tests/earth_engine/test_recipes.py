"""What Earth Engine is asked for, as the real client writes it, compared with graphs that a person reviewed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from eo_pipeline.core.product import Product
from eo_pipeline_tests.golden.recipe_expressions import PRODUCTS, as_text, golden_path
from eo_pipeline_tests.scenes import Service


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_expression_is_the_reviewed_one(service: Service, name: str) -> None:
    assert service.session.url
    assert as_text(name) == golden_path(name).read_text(encoding="utf-8"), (
        "write the files again with python -m eo_pipeline_tests.golden.recipe_expressions and review the diff"
    )


def test_every_reviewed_file_belongs_to_a_recipe() -> None:
    folder = golden_path("any").parent
    assert {path.stem for path in Path(folder).glob("*.json")} == set(PRODUCTS)


def text(name: str) -> str:
    return golden_path(name).read_text(encoding="utf-8")


SAID_BY_DEFAULT: Mapping[str, Mapping[str, object]] = {
    "mask": {"snow": False, "water": False, "opening": 0, "dilation": 0},
    "composite": {"quality": None},
}


@pytest.mark.parametrize("name", [name for name in PRODUCTS if PRODUCTS[name].mask is not None])
def test_what_is_as_by_default_changes_no_expression_and_so_no_digest(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert service.session.url
    declared = PRODUCTS[name].model_dump(mode="json", by_alias=True, exclude_unset=True)
    for section, fields in SAID_BY_DEFAULT.items():
        declared[section] = {**fields, **declared.get(section, {})}
    monkeypatch.setitem(PRODUCTS, name, Product.model_validate(declared))
    assert as_text(name) == text(name)


@pytest.mark.parametrize("name", PRODUCTS)
def test_only_a_coarser_product_is_averaged(name: str) -> None:
    assert ("Image.reduceResolution" in text(name)) is (name == "coarse_average")


@pytest.mark.parametrize(
    ("name", "cast"),
    [("scl_ndvi_median_counts", "toInt16"), ("coarse_average", "toUint16"), ("plain_first", "toFloat")],
)
def test_every_band_of_an_export_has_one_type(name: str, cast: str) -> None:
    found = {word.split('"')[0] for word in text(name).split('"Image.') if word.startswith("to")}
    assert found == {cast}
