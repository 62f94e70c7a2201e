"""The marker `functions`: which of the sandbox's functions a test checks, and what its expected values come from.

    @pytest.mark.functions("Image.add", "Image.subtract", against="numpy")
    @pytest.mark.functions("Number.{name}", against="python")    # {name} is a parameter of the test

A text may hold several names, so that a parameter can. A test that names a function and does not have it evaluated
fails (`conftest`). `python -m eo_pipeline_tests.sandbox.function_marks` collects the tests below this folder, runs
none, and prints all claims as JSON.
What does not belong here: the page that lists them (`docs.functions`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import pytest

from eo_pipeline.sandbox.graph.evaluate import Functions
from eo_pipeline.sandbox.graph.registry import Entry

_HERE = Path(__file__).parent

ORACLES = {
    "numpy": "the same computation written plainly in numpy",
    "scipy": "scipy's function",
    "scikit-image": "scikit-image's function",
    "rasterio": "GDAL's result through rasterio",
    "shapely": "shapely's result on the same coordinates",
    "pyproj": "pyproj's transformation, or its geodesics on the ellipsoid",
    "python": "plain Python: its operators, lists, texts and the modules math, statistics, re and datetime",
    "worked example": "a result worked out by hand from the function's published description",
}
"""Where expected values may come from; never from the sandbox itself."""


@dataclass(frozen=True, order=True)
class Claim:
    """A test says that it checks a function."""

    function: str
    """Wire name."""
    against: str
    """One of `ORACLES`."""
    test: str
    """File below this folder, two colons, name of the test function."""


def claims_of(item: pytest.Item) -> list[Claim]:
    """What a collected test says that it checks.

    Raises:
        ValueError: a marker names no function, or an unknown source of expected values.
    """
    callspec = getattr(item, "callspec", None)
    parameters = {} if callspec is None else callspec.params
    test = f"{_place(item.path)}::{getattr(item, 'originalname', item.name)}"
    return [
        Claim(name, _oracle(mark), test) for mark in item.iter_markers("functions") for name in _names(mark, parameters)
    ]


def _place(file: Path) -> str:
    return file.relative_to(_HERE).as_posix() if file.is_relative_to(_HERE) else file.name


def _names(mark: pytest.Mark, parameters: dict[str, object]) -> list[str]:
    names = [name for text in mark.args for name in str(text).format(**parameters).split()]
    if not names:
        raise ValueError("expected the names of functions in the marker `functions`, got none; name them")
    return names


def _oracle(mark: pytest.Mark) -> str:
    said = mark.kwargs.get("against")
    if said not in ORACLES:
        raise ValueError(f"expected against= one of {', '.join(ORACLES)}, got {said!r}; correct the marker `functions`")
    return str(said)


@contextmanager
def evaluated() -> Iterator[set[str]]:
    """Wire names of the functions that any evaluator of this process called, and that returned, while this lasts."""
    names: set[str] = set()
    find = Functions.find

    def noting(functions: Functions, name: str) -> Entry:
        entry = find(functions, name)

        def function(**arguments: object) -> object:
            result = entry.function(**arguments)
            names.add(name)
            return result

        return replace(entry, function=function)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Functions, "find", noting)
        yield names


class _Collector:
    """A plugin that keeps every claim of the collected tests."""

    def __init__(self) -> None:
        self.claims: set[Claim] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.claims = {claim for item in items for claim in claims_of(item)}


def main() -> int:
    """Print the claims of all tests below this folder; 1 if they cannot be collected."""
    collector = _Collector()
    with redirect_stdout(sys.stderr):
        code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", str(_HERE)], [collector])
    sys.stdout.write(json.dumps([astuple(claim) for claim in sorted(collector.claims)]))
    return 0 if code == pytest.ExitCode.OK else 1


if __name__ == "__main__":
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.exit(main())
