"""The code says something about everything that tables tell; whether they tell what it says: `test_functions`."""

import pytest

from eo_pipeline.core.product import Index
from eo_pipeline_tests.docs.pages import PAGES, names, with_tables
from eo_pipeline_tests.docs.tables import SECTIONS, TABLES, type_name


def test_every_table_is_shown_somewhere() -> None:
    shown = [name for page in PAGES for name in names(page.read_text(encoding="utf-8"))]
    assert sorted(shown) == sorted(TABLES)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_of_a_product_has_a_meaning(section: str) -> None:
    assert [name for name, field in SECTIONS[section].model_fields.items() if not field.description] == []


def test_a_mark_that_names_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected tables among fields of products, .* got weather; correct the mark"):
        with_tables("<!-- table: weather -->\n<!-- end of table -->", TABLES)


def test_only_what_is_between_the_marks_changes() -> None:
    page = "before\n<!-- table: a -->\nold\n<!-- end of table -->\nafter old\n"
    expected = "before\n<!-- table: a -->\n\nnew\n\n<!-- end of table -->\nafter old\n"
    assert with_tables(page, {"a": lambda: "new"}) == expected
    assert with_tables(expected, {"a": lambda: "new"}) == expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (str | None, "text"),
        (list[int], "list of whole numbers"),
        (float | int, "number"),
        (str | float | int | bool | None, "text, number or true or false"),
        (dict[str, Index], "sections by name"),
    ],
)
def test_types_are_told_in_the_words_of_yaml(kind: object, name: str) -> None:
    assert type_name(kind) == name
