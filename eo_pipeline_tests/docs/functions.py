"""The tables on the sandbox's functions: who needs each, what tests it against what, how it deviates; what is assumed.

What does not belong here: the marker by which tests name functions (`sandbox.function_marks`).
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from itertools import groupby
from pathlib import Path

from eo_pipeline.sandbox.algorithms import registry
from eo_pipeline.sandbox.graph.assumptions import ASSUMPTIONS, Assumption
from eo_pipeline.sandbox.graph.registry import Entry
from eo_pipeline.sandbox.graph.signatures import published_signatures, wheel_algorithms
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.sandbox.function_marks import ORACLES, Claim

UNVERIFIED = ("inferred", "remembered")
"""Sources of settings that nobody outside this project published."""

TIERS: Mapping[str, str] = {
    name: tier
    for tier, names in json.loads((Path(__file__).parent / "function_tiers.json").read_text(encoding="utf-8")).items()
    for name in names
}
"""1: realistic scripts call it; 2: clients of others add it (xee, GDAL, the command line). All else is 3."""


@cache
def claims() -> frozenset[Claim]:
    """What the tests of the sandbox say that they check; they are collected by a process of its own.

    Raises:
        RuntimeError: they cannot be collected; the message has what pytest wrote.
    """
    command = [sys.executable, "-m", "eo_pipeline_tests.sandbox.function_marks"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"expected the sandbox's tests to be collected, got:\n{done.stderr}{done.stdout}")
    return frozenset(Claim(*row) for row in json.loads(done.stdout))


def implemented() -> Mapping[str, Entry]:
    """Every function that the sandbox implements, by wire name."""
    return registry(wheel_algorithms())


def functions_of_the_sandbox() -> str:
    """Every function that a test names, a table a family: tier, tests, sources of expected values, deviations."""
    known = implemented()
    tested = sorted({claim.function for claim in claims()} & set(known))
    families = (_family(head, list(names), known) for head, names in groupby(tested, key=_head))
    count = f"{len(tested)} of the {len(published_signatures(wheel_algorithms()))} published functions."
    return "\n\n".join([count, *families])


def _head(name: str) -> str:
    return name.partition(".")[0]


def _family(head: str, names: list[str], known: Mapping[str, Entry]) -> str:
    rows = [
        f"| `{name}` | {TIERS.get(name, '3')} | {'<br>'.join(checks(name))} | {', '.join(oracles(name))} "
        f"| {'; '.join(deviations(known[name]))} |"
        for name in names
    ]
    titles = ("function", "tier", "tested by", "against", "known deviations")
    return f"### {head}\n\n{_table(titles, rows)}"


def checks(name: str) -> list[str]:
    """The tests that check a function, as `file::test` in code marks."""
    return sorted({f"`{claim.test}`" for claim in claims() if claim.function == name})


def oracles(name: str) -> list[str]:
    """What a function is tested against, in the order of `ORACLES`."""
    said = {claim.against for claim in claims() if claim.function == name}
    return [oracle for oracle in ORACLES if oracle in said]


def deviations(entry: Entry) -> list[str]:
    """Topics of the assumptions about a function, and the published arguments that change nothing."""
    topics = [assumption.topic for assumption in ASSUMPTIONS if concerns(assumption, entry.signature.name)]
    ignored = [f"`{argument.name}`" for argument in entry.signature.arguments if argument not in entry.parameters]
    return topics + ([f"ignores {', '.join(ignored)}"] if ignored else [])


def concerns(assumption: Assumption, name: str) -> bool:
    """True if an assumption changes the results of a function."""
    return any(fnmatchcase(name, pattern) for pattern in assumption.functions)


def sources_of_expected_values() -> str:
    """What the words in "tested against" mean."""
    return "\n".join(f"- **{name}**: {meaning}" for name, meaning in ORACLES.items())


def assumptions_of_the_sandbox() -> str:
    """Everything assumed about the service's behaviour, with the functions concerned."""
    rows = (
        f"| {one.topic} | {_escaped(one.says)} | {'ours' if one.source == 'chosen' else one.source} | "
        f"{_patterns(one.functions)} |"
        for one in ASSUMPTIONS
    )
    return _table(("about", "the sandbox", "where that comes from", "functions"), rows)


def unverified_settings_of_the_sandbox() -> str:
    """Settings whose default nobody outside this project published."""
    rows = (
        f"| `{name}` | `{entry['value']}` | {_escaped(str(entry['says']))} | {entry['source']} |"
        for name, entry in Settings().describe().items()
        if entry["source"] in UNVERIFIED
    )
    return _table(("setting", "default", "meaning", "where the default comes from"), rows)


def _table(titles: tuple[str, ...], rows: Iterable[str]) -> str:
    return "\n".join([f"| {' | '.join(titles)} |", "|---" * len(titles) + "|", *rows])


def _patterns(patterns: tuple[str, ...]) -> str:
    return ", ".join(f"`{pattern}`" for pattern in patterns)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
