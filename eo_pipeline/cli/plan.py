"""`eo-pipeline plan PRODUCT`: what partitions would take, before anything is spent.

What does not belong here: estimating (`orchestration.estimates.plans`), and how it looks (`cli.plan_tables`).
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from eo_pipeline.cli.piece_lines import piece_lines
from eo_pipeline.cli.pieces_table import print_pieces_plan
from eo_pipeline.cli.plan_tables import print_outcomes, print_plan
from eo_pipeline.cli.progress import shown_progress
from eo_pipeline.cli.project import Project as Folder
from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.cli.scenes_table import print_scene_plan
from eo_pipeline.cli.selection import areas_named, periods_between, wanted_partitions
from eo_pipeline.cli.tiles_table import print_tiles_plan
from eo_pipeline.core.estimates.plan import Plan
from eo_pipeline.core.estimates.spending import spending
from eo_pipeline.errors import SettingsError
from eo_pipeline.orchestration.estimates.piece_plans import plan_pieces
from eo_pipeline.orchestration.estimates.plans import Project, make_plan, outcome_of, sample_of
from eo_pipeline.orchestration.estimates.scene_plans import plan_scenes
from eo_pipeline.orchestration.estimates.tile_plans import plan_copies
from eo_pipeline.orchestration.resources import EarthEngineResource, environment
from eo_pipeline.orchestration.run import run_partitions
from eo_pipeline.orchestration.scenes.opening import open_inputs
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.scenes.tiles import TilesWork
from eo_pipeline.orchestration.schedules import ended_periods
from eo_pipeline.storage.places import Place, cube_address, open_place
from eo_pipeline.storage.plan_files import read_plans, save_plan

_SHOWN = 5
"""Partitions of a sample that are named."""


@click.command()
@click.argument("product")
@click.option("--partitions", help="Periods A..B, or one.  [default: all that have ended]")
@click.option("--area", "areas", multiple=True, help="Key of an area; may be repeated.  [default: all]")
@click.option("--sample", "count", type=click.IntRange(min=1), help="Export so many partitions first: spends.")
@click.option("--past", is_flag=True, help="List earlier plans and what came of them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    product: str, partitions: str | None, areas: tuple[str, ...], count: int | None, *, past: bool, as_json: bool
) -> None:
    """Estimate what partitions of a product would take, before anything is spent.

    Exports, files, bytes, local disk, EECU-hours, hours and money, from exports that have finished: of this product, or
    of others with its source. Of chips, series and points: requests, and hours at the project's quota. Asks Earth
    Engine nothing and starts nothing, except with --sample. Of what is composed here: shards, scenes and bytes, as its
    source tells; of aligned tiles: tiles, shards and bytes of each period. Exit code 1
    if a source cannot be asked.
    """
    quiet()
    if past:
        _refuse_beside_past({"--partitions": partitions, "--area": areas, "--sample": count})
    folder = find_project(Path.cwd())
    project = _project(folder, product)
    if project.chain.product.made_here:
        _refuse_made_here({"--sample": count, "--past": past}, product)
        _show_made_here(project, partitions, areas, as_json=as_json)
        return
    if count is not None and project.chain.product.pieces is not None:
        raise SettingsError(
            f"--sample: expected a product of tiles, a table or assets, got one of {project.chain.product.pieces}; "
            f"make a partition of it: `eo-pipeline run {product}` with --area and --partitions"
        )
    place = open_place(project.settings)
    console = Console()
    if past:
        _show_past(project, place, console, as_json=as_json)
        return
    now = datetime.now(UTC)
    ended = [p.key for p in ended_periods(project.chain, project.instance, EarthEngineResource(), now=now)]
    chosen = areas_named(areas, project.chain)
    periods = periods_between(partitions, ended)
    if count is not None:
        _export_sample(folder, project, chosen, periods, count)
    if project.chain.product.pieces is not None:
        print_pieces_plan(plan_pieces(project, wanted_partitions(chosen, periods)), console, as_json=as_json)
        return
    plan = make_plan(project, wanted_partitions(chosen, periods), now=datetime.now(UTC))
    _show(project, place, plan, console, as_json=as_json)


def _refuse_beside_past(options: Mapping[str, object]) -> None:
    if given := [name for name, value in options.items() if value]:
        raise SettingsError(
            f"--past: expected no other choice beside it, got {', '.join(given)}; leave that out: every plan of the "
            "product is listed"
        )


def _refuse_made_here(options: Mapping[str, object], product: str) -> None:
    if given := [name for name, value in options.items() if value]:
        raise SettingsError(
            f"{given[0]}: expected a product that is exported, got {product}, whose pixels are composed here: nothing "
            "is charged; leave it out"
        )


def _show_made_here(project: Project, partitions: str | None, areas: Sequence[str], *, as_json: bool) -> None:
    """Of a product that is made here: its source is asked about every partition."""
    chain, cube = project.chain, project.chain.product.cube
    assert cube is not None  # noqa: S101  # a product that is made here has one
    ended = [p.key for p in ended_periods(chain, project.instance, EarthEngineResource(), now=datetime.now(UTC))]
    wanted = wanted_partitions(areas_named(areas, chain), periods_between(partitions, ended))
    keys, address = [key.text for key in wanted], cube_address(project.settings, cube.repository, cube.store)
    work = open_inputs(chain, ScenesResource(), project.instance)
    if isinstance(work, TilesWork):
        with _shown_asked() as asked:
            copies = plan_copies(work, address, keys, asked)
        print_tiles_plan(copies, Console(), as_json=as_json)
        problems = copies.problems
    else:
        with _shown_asked() as asked:
            plan = plan_scenes(work, address, keys, asked)
        print_scene_plan(plan, Console(), as_json=as_json)
        problems = plan.problems
    if problems:
        sys.exit(1)


@contextmanager
def _shown_asked() -> Iterator[Callable[[int, int], None]]:
    """Something to call with how many partitions were asked about, of how many."""
    with shown_progress(Console(stderr=True)) as show:
        yield lambda done, total: show({"asked": (done, total)})


def _project(folder: Folder, product: str) -> Project:
    chain = folder.chain(product)
    others = [found.chain for name, found in folder.products.items() if name != product and found.chain is not None]
    return Project(open_instance(), chain, others, environment())


def _show(project: Project, place: Place, plan: Plan, console: Console, *, as_json: bool) -> None:
    export = project.chain.product.export
    in_bucket = export.destination == "cloud_storage"
    money = spending(plan, project.settings, in_bucket=in_bucket, kept=not export.delete_remote)
    file = save_plan(place, plan)
    if as_json:
        click.echo(json.dumps({**plan.to_json(), "dollars": money.to_json()}, indent=1))
    else:
        print_plan(plan, money, console, saved=str(file))


def _show_past(project: Project, place: Place, console: Console, *, as_json: bool) -> None:
    outcomes = [outcome_of(project, plan) for plan in read_plans(place, project.chain.product.name)]
    if as_json:
        click.echo(json.dumps([outcome.to_json() for outcome in outcomes], indent=1))
    else:
        print_outcomes(project.chain.product.name, outcomes, console)


def _export_sample(folder: Folder, project: Project, areas: Sequence[str], periods: Sequence[str], count: int) -> None:
    """Export a few partitions for real; what was exported already is not exported again."""
    chosen = sample_of(areas, periods, count)
    missing = make_plan(project, chosen, now=datetime.now(UTC)).exports
    console = Console(stderr=True)
    listed = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
    there = len(chosen) - len(missing)
    console.print(
        f"About to export {len(missing)} partitions for real, which is charged{': ' if missing else ''}{listed}"
        + (f" ({there} of the sample are there already or under way)" if there else ""),
        soft_wrap=True,
        markup=False,
    )
    with shown_progress(console) as show:
        report = run_partitions(
            folder.definitions(piece_lines(console)),
            project.chain,
            chosen,
            instance=project.instance,
            poll_seconds=min(5, project.settings.poll_seconds),
            progress=lambda stage, done, total: show({stage: (done, total)}),
        )
    for (stage, words), partitions in report.causes.items():
        console.print(f"{stage} of {', '.join(partitions)} failed: {words}", soft_wrap=True, markup=False)
