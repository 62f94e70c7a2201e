"""`eo-pipeline features TABLE FILE`: an Earth Engine table as a file.

What does not belong here: asking for it and writing it (`steps.copy_features`).
"""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from eo_pipeline.cli.quiet import quiet
from eo_pipeline.core.product import Condition
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.errors import SettingsError
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.steps.copy_features import copy_features


@click.command()
@click.argument("table")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only these; one NAME with several is any of them. A text of digits is written 'NAME=\"07\"'.",
)
def command(table: str, file: Path, conditions: Sequence[str]) -> None:
    """Copy features of an Earth Engine table into a file, for areas, zones, regions or points.

    FILE ends in .gpkg, .geojson or .fgb and must not exist.
    """
    quiet()
    session = connect(environment(), interactive=True)
    count = copy_features(session, table, file, where=_where(conditions))
    Console().print(f"{count} features in {file}", soft_wrap=True)


def _where(conditions: Sequence[str]) -> dict[str, Condition]:
    """Values as JSON has them, so that 664 is a number and "664" a text; what is no JSON, such as 007, is a text."""
    wanted: dict[str, list[str | int | float]] = {}
    for text in conditions:
        name, sign, value = text.partition("=")
        if not name or not sign or not value:
            raise SettingsError(f"--where: expected NAME=VALUE, got {text!r}")
        wanted.setdefault(name, []).append(_value(value))
    return {name: Condition.model_validate({"in": values}) for name, values in wanted.items()}


def _value(text: str) -> str | int | float:
    try:
        found = json.loads(text, parse_constant=str)
    except ValueError:
        return text
    return found if isinstance(found, str | int | float) and not isinstance(found, bool) else text
