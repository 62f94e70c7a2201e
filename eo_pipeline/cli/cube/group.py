"""`eo-pipeline cube verify|history|rollback|tag|gc|stale`.

What does not belong here: doing it (`storage.cubes`) and printing it (`tables`).
"""

import sys
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console
from rich.text import Text

from eo_pipeline.cli.cube.chosen import choose
from eo_pipeline.cli.cube.stale import stale
from eo_pipeline.cli.cube.tables import (
    print_collected,
    print_releases,
    print_roll_back,
    print_verified,
    print_versions,
)
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.storage.cubes import (
    HowToVerify,
    collect_garbage,
    read_history,
    read_releases,
    roll_back,
    tag_release,
    verify_cube,
)


@click.group()
def command() -> None:
    """Verify a cube, list its history, go back, tag releases, free old versions, find what is stale.

    CUBE is a product of the project, or where a cube is: a path with a slash in it, s3:// or gs://. A cube of plain
    Zarr can be verified and asked what is stale; it has no versions to list, name, go back to or free.
    """
    quiet()


command.add_command(stale)


@command.command()
@click.argument("cube")
@click.option("--at", metavar="VERSION", help="Snapshot or tag.  [default: the head]")
@click.option(
    "--max-nodata", type=click.FloatRange(0, 1), default=1.0, show_default=True,
    help="Largest share of nodata in what is written of a period.",
)  # fmt: skip
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="That read at once.")
def verify(cube: str, at: str | None, max_nodata: float, threads: int) -> None:
    """Check structure, alignment, ledger against data, nodata and value ranges.

    Reads every stored shard, writes nothing. Exit code 1 if anything is wrong.
    """
    chosen, console = choose(cube), Console()
    how = HowToVerify(max_nodata=max_nodata, threads=threads)
    verified = verify_cube(chosen.address, chosen.template(), version=at, how=how)
    print_verified(chosen.name, verified, console)
    if verified.findings:
        sys.exit(1)


@command.command()
@click.argument("cube")
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True, help="Only so many of the newest.")
def history(cube: str, limit: int) -> None:
    """List commits, the newest first, and releases outside this history."""
    chosen, console = choose(cube), Console()
    versions = read_history(chosen.address, limit=limit + 1)
    print_versions(versions[:limit], console)
    if len(versions) > limit:
        console.print("... and earlier ones: --limit shows more.")
        return
    line = {version.snapshot for version in versions}
    print_releases((r for r in read_releases(chosen.address).values() if r.snapshot not in line), console)


@command.command()
@click.argument("cube")
@click.argument("version")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(cube: str, version: str, *, yes: bool) -> None:
    """Make an earlier version the head again; VERSION is a snapshot or a tag.

    What was committed since is no longer part of the cube; it can be gone back to until garbage is collected.
    Partitions written since are made again by the next run that is asked for them.
    """
    chosen, console = choose(cube), Console()
    planned = roll_back(chosen.address, version, dry_run=True)
    print_roll_back(chosen.name, planned, console)
    if planned.head.snapshot == planned.before.snapshot:
        return
    if not yes:
        click.confirm("Go back?", abort=True)
    done = roll_back(chosen.address, planned.head.snapshot, seen=planned.before.snapshot)
    _say(f"Done. To undo: eo-pipeline cube rollback {chosen.name} {done.before.snapshot}", console)


@command.command()
@click.argument("cube")
@click.argument("name")
@click.option("--at", metavar="VERSION", help="Snapshot or another tag.  [default: the head]")
def tag(cube: str, name: str, at: str | None) -> None:
    """Name a version for ever: a release, which never expires."""
    chosen = choose(cube)
    tagged = tag_release(chosen.address, name, at)
    _say(f"{chosen.name}: {name} is {tagged.snapshot} ({tagged.message}).", Console())


@command.command()
@click.argument("cube")
@click.option(
    "--older-than", "days", type=click.FloatRange(0), default=30.0, show_default=True, metavar="DAYS",
    help="Versions committed before expire; the head and releases stay.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only tell.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def gc(cube: str, days: float, *, dry_run: bool, yes: bool) -> None:
    """Expire old versions and delete what no version holds, such as what killed writers left.

    Refused while somebody writes to a local cube; on an object store whatever is younger than a day stays.
    """
    chosen, console, now = choose(cube), Console(), datetime.now(UTC)
    before = now - timedelta(days=days)
    told = collect_garbage(chosen.address, older_than=before, now=now, dry_run=True)
    print_collected(chosen.name, told, console)
    if dry_run or told.is_nothing:
        return
    if not yes:
        click.confirm("Delete it? This cannot be undone.", abort=True)
    print_collected(chosen.name, collect_garbage(chosen.address, older_than=before, now=now, dry_run=False), console)


def _say(sentence: str, console: Console) -> None:
    console.print(Text(sentence), soft_wrap=True)
