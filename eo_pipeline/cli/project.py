"""The project that a command works on: its folder, its products, its Dagster instance.

What does not belong here: what a command does with them.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from eo_pipeline.errors import ProductError, SettingsError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.component import EarthObservationProduct
from eo_pipeline.orchestration.definitions import project_definitions
from eo_pipeline.orchestration.product_files import read_products


@dataclass(frozen=True)
class Project:
    """A folder with a `pyproject.toml` that has a `[tool.dg]` section.

    Attributes:
        root: the folder.
        defs: folder of the products.
    """

    root: Path
    defs: Path

    @cached_property
    def products(self) -> dict[str, EarthObservationProduct]:
        """Every product by name, right or wrong."""
        _importable(self.root)
        return {product.name: product for product in read_products(self.defs, self.root)}

    def chain(self, name: str) -> Chain:
        """A product's chain.

        Raises:
            ProductError: there is no such product, or its declaration is wrong.
        """
        found = self.products.get(name)
        if found is None:
            known = ", ".join(sorted(self.products)) or "none"
            raise ProductError(f"expected a product of {self.defs}, got {name!r}; there are {known}")
        if found.chain is None:
            raise ProductError(found.problem)
        return found.chain

    def definitions(self, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
        """Everything that Dagster loads of this project; resources are laid over its own."""
        _importable(self.root)
        return project_definitions(self.defs, resources=resources)


def _importable(root: Path) -> None:
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))


def find_project(start: Path) -> Project:
    """The project that a folder lies in.

    Raises:
        SettingsError: there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        settings = _dg_settings(folder / "pyproject.toml")
        if settings:
            module = str(settings.get("project", {}).get("defs_module", "defs"))
            return Project(folder, folder.joinpath(*module.split(".")))
    raise SettingsError(
        f"expected a project (a pyproject.toml with [tool.dg]) at {start.resolve()} or above, found none; "
        "make one with `eo-pipeline init DIR` and run this inside it"
    )


def _dg_settings(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        settings: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("dg", {})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: expected TOML, got: {error}; correct it") from error
    return settings


def open_instance() -> dg.DagsterInstance:
    """The Dagster instance of DAGSTER_HOME, whose event log is the ledger.

    Raises:
        SettingsError: DAGSTER_HOME is not a folder, or holds a dagster.yaml that Dagster cannot read.
    """
    home = os.environ.get("DAGSTER_HOME", "")
    if not Path(home).is_absolute() or not Path(home).is_dir():
        raise SettingsError(
            f"DAGSTER_HOME: expected a folder that keeps what was done, got {home!r}; copy .env.example to .env, or "
            "export DAGSTER_HOME with the absolute path of a folder"
        )
    try:
        return dg.DagsterInstance.get()
    except (dg.DagsterInvalidConfigError, yaml.YAMLError) as error:
        raise SettingsError(
            f"{Path(home) / 'dagster.yaml'}: expected Dagster's settings, got: {_cause(error)}; correct it "
            "(`eo-pipeline init` makes a good one)"
        ) from error


def _cause(error: Exception) -> str:
    """What Dagster or YAML says, without the long list of all that is allowed."""
    if isinstance(error, dg.DagsterInvalidConfigError):
        return "; ".join(found.message.partition(" Expected:")[0].rstrip(".") for found in error.errors)
    return " ".join(str(error).split())
