"""The group `eo-pipeline`: finds commands, prints help by section, reads `.env`, turns errors into one message.

What does not belong here: a command (each has its own file) or the list of them (`table`).
"""

from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import override

import click
from dotenv import load_dotenv

from eo_pipeline.cli.table import COMMANDS
from eo_pipeline.errors import EoPipelineError


class CommandGroup(click.Group):
    """A group that imports a command only when it is asked for."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which help shows them."""
        return [entry.name for entry in COMMANDS]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now, or None if there is none."""
        module = next((entry.module for entry in COMMANDS if entry.name == cmd_name), None)
        if module is None:
            return None
        command = import_module(module).command
        if not isinstance(command, click.Command):
            msg = f"expected a click command under the name 'command' in {module}, got {type(command).__name__}"
            raise TypeError(msg)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands by section without importing them."""
        for section, entries in groupby(COMMANDS, key=lambda entry: entry.section):
            with formatter.section(section):
                formatter.write_dl([(entry.name, entry.summary) for entry in entries])

    @override
    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; an error of this project becomes its message and exit code 1."""
        try:
            return super().invoke(ctx)
        except EoPipelineError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Help on one command: eo-pipeline COMMAND --help",
)
@click.version_option(package_name="eo-pipeline", prog_name="eo-pipeline")
def main() -> None:
    """Earth-observation products from Google Earth Engine to tiles, mosaics, tables and cubes.

    A product is declared in a few lines of YAML; Dagster keeps its partitions up to date. Settings come from
    the environment and from a file .env in this folder, as for Dagster; the environment wins.
    """
    load_dotenv(Path.cwd() / ".env")
