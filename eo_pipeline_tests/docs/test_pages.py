"""What the pages name exists: files, commands, targets, variables, modules; and their products are products."""

import re
from importlib import import_module

import pytest
import yaml

from eo_pipeline.cli.table import COMMANDS
from eo_pipeline.core.product import Mask, Product
from eo_pipeline.sandbox.frame.faults import HTTP_KINDS, OPERATION_KINDS, parse_fault
from eo_pipeline_tests.docs.pages import PAGES, ROOT, code_blocks

TEMPLATE = ROOT / "eo_pipeline/cli/templates/project/README.md"
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in (*PAGES, TEMPLATE)}
EVERYWHERE = "\n".join(TEXTS.values())
FLOORS = ("orchestration", "steps", "earth_engine", "storage", "core", "assets")


def products() -> list[dict[str, object]]:
    """Attributes of every product that a page shows."""
    parsed = [
        yaml.safe_load(block) for text in TEXTS.values() for block in code_blocks(text, "yaml") if "type:" in block
    ]
    return [product["attributes"] for product in parsed]


def test_the_pages_show_products() -> None:
    assert len(products()) == 7


@pytest.mark.parametrize("attributes", products(), ids=" ".join)
def test_a_product_of_a_page_is_a_product(attributes: dict[str, object]) -> None:
    made = Product.model_validate({"name": "example", **attributes})
    assert made.bands or made.table


def test_the_product_of_the_readme_has_ten_lines() -> None:
    [block] = code_blocks(TEXTS["README.md"], "yaml")
    assert len(block.splitlines()) <= 11


def test_the_masks_of_the_page_are_masks() -> None:
    [block] = [b for b in code_blocks(TEXTS["docs/product.md"], "yaml") if b.startswith("mask:")]
    kinds = [Mask.model_validate(yaml.safe_load(line)["mask"]) for line in block.splitlines()]
    assert len(kinds) == 8


@pytest.mark.parametrize("page", TEXTS)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    links = re.findall(r"(?<!!)\[[^\]]+\]\((?!https?:)([^)#]+)\)", re.sub(r"!\[[^\]]*\]\([^)]*\)", "", TEXTS[page]))
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).is_file()]
    assert missing == []


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )make ([a-z-]+)", EVERYWHERE, flags=re.MULTILINE))
    assert {"demo", "test", "docs"} <= named
    assert named - targets == set()


def test_every_command_that_a_page_names_exists_and_the_readme_names_all() -> None:
    named = set(re.findall(r"(?:`|^ {4})eo-pipeline ([a-z]+)", EVERYWHERE, flags=re.MULTILINE))
    commands = {entry.name for entry in COMMANDS}
    assert named == commands


def test_every_variable_that_a_page_names_is_read() -> None:
    read = "".join(path.read_text() for path in [ROOT / "eo_pipeline/core/settings.py", ROOT / "dagster.postgres.yaml"])
    named = set(re.findall(r"\bEO_[A-Z_]*[A-Z]\b", EVERYWHERE))
    assert [name for name in sorted(named) if name not in read] == []


def test_every_kind_of_fault_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_]+)`", TEXTS["docs/sandbox_faults.md"]))
    assert {*HTTP_KINDS, *OPERATION_KINDS} - explained == set()


def test_every_fault_that_a_page_shows_is_one() -> None:
    lines = re.findall(r"--fault '([^']+)'", EVERYWHERE)
    assert {parse_fault(line).kind for line in lines} == {*HTTP_KINDS, *OPERATION_KINDS}


def dotted_names() -> list[str]:
    """Names of modules and what they hold, as the page on architecture writes them."""
    found = re.findall(r"`((?:[a-z_]+\.)+[A-Za-z_]+)`", TEXTS["docs/architecture.md"])
    return sorted({name for name in found if name.split(".")[0] in FLOORS})


def test_every_module_that_the_architecture_names_exists() -> None:
    names = dotted_names()
    assert len(names) > 25
    assert [name for name in names if not exists(name)] == []


def exists(name: str) -> bool:
    """True for a module below the package (`assets` is orchestration's), or for something that a module holds."""
    whole = f"eo_pipeline.{'orchestration.' if name.startswith('assets.') else ''}{name}"
    parts = whole.split(".")
    folder = ROOT.joinpath(*parts)
    if folder.is_dir() or folder.with_suffix(".py").is_file():
        return True
    owner = ROOT.joinpath(*parts[:-1])
    return (owner.is_dir() or owner.with_suffix(".py").is_file()) and hasattr(
        import_module(".".join(parts[:-1])), parts[-1]
    )


def test_every_room_of_the_sandbox_that_is_named_exists() -> None:
    section = TEXTS["docs/architecture.md"].partition("## The sandbox's rooms")[2].partition("\n## ")[0]
    rooms = [name for line in section.splitlines() for name in re.findall(r"`([a-z_]+)/?`", line.split(" | ")[0])]
    folder = ROOT / "eo_pipeline/sandbox"
    assert len(rooms) > 10
    assert [room for room in rooms if not ((folder / room).is_dir() or (folder / f"{room}.py").is_file())] == []
