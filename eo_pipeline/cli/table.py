"""The commands that exist: section, name, one line of help and the module that holds each.

What does not belong here: the commands themselves. Reading this table imports none of them, so that `--help` and every
single command start fast.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CommandEntry:
    """One command of `eo-pipeline`.

    Attributes:
        section: heading under which `--help` shows it.
        name: what a person types.
        summary: one line; the first sentence of the command's own help.
        module: the module that defines it under the name `command`.
    """

    section: str
    name: str
    summary: str
    module: str


COMMANDS = (
    CommandEntry("Start", "init", "Make a project of your own in a folder.", "eo_pipeline.cli.init"),
    CommandEntry(
        "Start",
        "doctor",
        "Check this machine and your accounts, with a fix for each failure.",
        "eo_pipeline.cli.doctor",
    ),
    CommandEntry(
        "Start",
        "features",
        "Copy features of an Earth Engine table into a file, for areas, zones, regions or points.",
        "eo_pipeline.cli.features",
    ),
    CommandEntry(
        "Products",
        "preview",
        "Show the true pixels of a small window, the first chips, or the first rows of a table, before any task.",
        "eo_pipeline.cli.preview",
    ),
    CommandEntry(
        "Products",
        "plan",
        "Estimate what partitions of a product would take, before anything is spent.",
        "eo_pipeline.cli.plan",
    ),
    CommandEntry(
        "Products",
        "run",
        "Take partitions of a product through every stage, without a daemon.",
        "eo_pipeline.cli.run",
    ),
    CommandEntry(
        "Products",
        "status",
        "Tell how far a product is, or every product of the project.",
        "eo_pipeline.cli.status",
    ),
    CommandEntry(
        "Products",
        "budget",
        "Tell what was computed in a month, what may be, and what is held back.",
        "eo_pipeline.cli.budget",
    ),
    CommandEntry(
        "Products",
        "cancel",
        "End exports of a product on Earth Engine, and what waits for its turn.",
        "eo_pipeline.cli.cancel",
    ),
    CommandEntry(
        "Products",
        "delete",
        "Delete partitions of a product from every store.",
        "eo_pipeline.cli.delete",
    ),
    CommandEntry(
        "Products",
        "cube",
        "Verify a cube, list its history, go back, tag releases, free old versions, find what is stale.",
        "eo_pipeline.cli.cube.group",
    ),
    CommandEntry(
        "Without an account",
        "measure",
        "Measure zones over rasters or a cube, without a product or an account.",
        "eo_pipeline.cli.measure",
    ),
    CommandEntry(
        "Without an account",
        "demo",
        "Run two built-in products through a real Dagster daemon against the sandbox.",
        "eo_pipeline.cli.demo",
    ),
    CommandEntry(
        "Without an account",
        "ui",
        "Look at the project's products in Dagster's UI, with the sandbox behind it.",
        "eo_pipeline.cli.ui",
    ),
    CommandEntry(
        "Without an account",
        "sandbox",
        "Serve Earth Engine, Cloud Storage, Drive and STAC on this machine.",
        "eo_pipeline.cli.sandbox",
    ),
)
