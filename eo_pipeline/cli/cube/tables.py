"""How versions, findings and garbage are printed.

What does not belong here: finding any of it (`storage.cubes`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.plan_tables import byte_text
from eo_pipeline.core.cubes.cube_findings import Check
from eo_pipeline.storage.cubes import Collected, RolledBack, Verified, Version

_WHOLE = ("snapshot",)
"""Columns that are copied into other commands: never broken."""


def print_versions(versions: Sequence[Version], console: Console) -> None:
    """A line a version, the newest first."""
    table = _table("snapshot", "committed", "what", "run", "inputs", "tags")
    for version in versions:
        written = version.written_at.strftime("%Y-%m-%d %H:%M:%S")
        tags = ", ".join(version.tags)
        table.add_row(version.snapshot, written, version.message, version.run_id[:8], version.inputs_hash[:12], tags)
    console.print(table)


def print_verified(name: str, verified: Verified, console: Console) -> None:
    """A sentence, shares of nodata, a line a check, then every finding."""
    _say(f"{name}: {verified.slots:,} slots, {verified.shards:,} stored shards read.", console)
    shares = ", ".join(f"{band} {share:.1%}" for band, share in verified.nodata_shares.items())
    if shares:
        _say(f"Nodata in written areas: {shares}.", console)
    counts = Counter(finding.check for finding in verified.findings)
    table = _table("check", "findings")
    for check in Check:
        table.add_row(
            check.value, str(counts[check]) if counts[check] else "none", style="red" if counts[check] else "green"
        )
    console.print(table)
    for finding in verified.findings:
        console.print(Text.assemble((finding.where, "bold red"), f": {finding.said}"), soft_wrap=True)
    if verified.more:
        _say("More was found and is not listed: mend the first ones, and verify again.", console)


def print_roll_back(name: str, rolled: RolledBack, console: Console) -> None:
    """Where the head goes, and what is no longer part of the cube then."""
    head, before = rolled.head, rolled.before
    if head.snapshot == before.snapshot:
        _say(f"{name} is at {head.snapshot} ({head.message}) already.", console)
        return
    _say(f"{name}: from {before.snapshot} ({before.message}) to {head.snapshot} ({head.message}).", console)
    if rolled.undone:
        _say(f"{len(rolled.undone)} commits are no longer part of it then:", console)
        print_versions(rolled.undone, console)


def print_collected(name: str, collected: Collected, console: Console) -> None:
    """Which versions leave the history, and what is freed."""
    _say(f"{name}: {_expire(collected)}, {len(collected.kept)} stay.", console)
    if collected.expired and collected.dry_run:
        print_versions(collected.expired, console)
    freed = f"{collected.chunks:,} chunks and {collected.files:,} other objects of {byte_text(collected.bytes)}"
    if collected.dry_run:
        more = ", and what these versions alone hold" if collected.expired else ""
        _say(f"To be deleted: {freed} that no version holds{more}.", console)
    else:
        _say(f"Deleted: {freed}.", console)


def _expire(collected: Collected) -> str:
    if collected.dry_run:
        return f"{len(collected.expired)} versions would expire"
    return f"{len(collected.expired)} versions have expired"


def print_releases(releases: Iterable[Version], console: Console) -> None:
    """Releases that were rolled back, or before which everything has expired."""
    if apart := tuple(releases):
        _say("Releases outside this history:", console)
        print_versions(apart, console)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in _WHOLE)
    return table


def _say(sentence: str, console: Console) -> None:
    console.print(Text(sentence), soft_wrap=True)
