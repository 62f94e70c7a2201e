"""`eo-pipeline doctor`: prints what was checked, what was found and how to mend it.

What does not belong here: the checks of services (`steps.diagnose_services`).
"""

import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click
import dagster as dg
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from eo_pipeline.cli.project import Project, find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import SettingsError
from eo_pipeline.orchestration.chain import Chain, of_earth_engine
from eo_pipeline.orchestration.component import EarthObservationProduct
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.steps.diagnose import Check, Finding, Result, diagnose, local_checks
from eo_pipeline.steps.diagnose_services import (
    bucket_checks,
    credentials_check,
    drive_checks,
    earth_engine_checks,
    stac_checks,
)
from eo_pipeline.storage.places import open_place

MARKS = {True: Text("ok", style="green"), False: Text("failed", style="bold red"), None: Text("-", style="dim")}
REMOTE = "gs://"


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that will hold results; its disk is checked.  [default: EO_ROOT, or this folder]",
)
def command(data: Path | None) -> None:
    """Check this machine and your accounts, with a fix for each failure.

    Writes, reads and deletes one small object in each bucket. Exit code 1 if any check failed.
    """
    quiet()
    findings = diagnose(_checks(data))
    print_findings(findings, Console())
    if any(finding.result.ok is False for finding in findings):
        sys.exit(1)


def _checks(data: Path | None) -> Iterator[Check]:
    """Every check, this machine's first."""
    try:
        settings = environment()
    except SettingsError as error:
        wrong = Result(False, str(error))
        yield from local_checks(data or Path())
        yield Check("settings", lambda: wrong)
        return
    local = not settings.root.startswith(REMOTE)
    yield from local_checks(data or Path(settings.root if local else "."))
    if local:
        yield Check("results", lambda: _check_root(settings))
    yield Check("DAGSTER_HOME", _check_instance)
    project = _project()
    here, buckets = _is_all_made_here(project), _buckets(settings, project)
    if buckets or not here:
        yield credentials_check(settings)
    if not here:
        yield from earth_engine_checks(settings)
    yield from stac_checks(settings, _archives(project))
    for name in buckets:
        yield from bucket_checks(settings, name, token=uuid.uuid4().hex)
    if settings.drive_url:
        yield from drive_checks(settings)
    yield from _product_checks(project)


def _check_root(settings: Settings) -> Result:
    with open_place(settings).workspace():
        return Result(True, f"can be written to {Path(settings.root).absolute()}")


def _check_instance() -> Result:
    home = os.environ.get("DAGSTER_HOME", "")
    try:
        with open_instance() as instance:
            return Result(True, f"{home}: {instance.get_runs_count()} runs so far")
    except (dg.DagsterError, SQLAlchemyError, OSError) as error:
        return Result(
            False,
            f"expected Dagster's history in {home}, got: {str(error).partition(chr(10))[0]}",
            "let this account write there, and correct the dagster.yaml in it (`eo-pipeline init` makes a good one)",
        )


def _project() -> Project | None:
    try:
        return find_project(Path.cwd())
    except SettingsError:
        return None


def _chains(project: Project | None) -> list[Chain]:
    """Of products whose declaration is right."""
    products = project.products.values() if project is not None else ()
    return [product.chain for product in products if product.chain is not None]


def _is_all_made_here(project: Project | None) -> bool:
    """True if there are products, and none of them needs Earth Engine."""
    chains = _chains(project)
    return bool(chains) and not of_earth_engine(chains)


def _archives(project: Project | None) -> Iterator[tuple[str, str]]:
    """Address and collection of each product's archive of scenes."""
    for chain in _chains(project):
        source = chain.product.source
        if source is not None and source.stac is not None:
            yield source.stac, source.collection


def _buckets(settings: Settings, project: Project | None) -> list[str]:
    """Every bucket that is used: of exports and of results; an empty name if products need one and none is set."""
    chains = _chains(project)
    exported = [chain.product.export for chain in of_earth_engine(chains) if chain.product.pieces is None]
    exports = [export.bucket or settings.bucket for export in exported] if chains else [settings.bucket]
    root = settings.root.removeprefix(REMOTE).partition("/")[0] if settings.root.startswith(REMOTE) else None
    return list(dict.fromkeys([*exports, *([root] if root else [])]))


def _product_checks(project: Project | None) -> Iterator[Check]:
    if project is None:
        nowhere = Result(None, "this folder is in no project", "make a project with `eo-pipeline init DIR`")
        yield Check("products", lambda: nowhere)
        return
    for name, product in sorted(project.products.items()):
        yield Check(f"product {name}", partial(_product, product))


def _product(product: EarthObservationProduct) -> Result:
    if product.chain is None:
        return Result(False, product.problem)
    declared, number = product.chain.product, len(product.chain.areas)
    period, pieces = declared.period, f"{declared.pieces}: " if declared.pieces is not None else ""
    return Result(True, f"{pieces}{number} area{'' if number == 1 else 's'}, every {period.every} from {period.start}")


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Prints one line a check, then what to do."""
    table = Table("", "", Column(overflow="fold"), box=None, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row(MARKS[finding.result.ok], finding.name, Text(finding.result.detail))
    console.print(table)
    for finding in findings:
        if finding.result.fix:
            console.print(Text(f"\n{finding.name}: {finding.result.fix}"), soft_wrap=True)
    failures = [finding for finding in findings if finding.result.ok is False]
    console.print(Text(f"\n{len(failures)} of {len(findings)} checks failed" if failures else "\nAll is well"))
