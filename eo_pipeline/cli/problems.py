"""Partitions that a source could not be asked about, printed. What does not belong here: asking."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text


def print_problems(problems: Mapping[str, str], console: Console) -> None:
    """A line a cause, with the first partition and how many more there are.

    Args:
        problems: why, by Dagster's key.
        console: printed to.
    """
    causes: dict[str, list[str]] = {}
    for key, words in problems.items():
        causes.setdefault(words, []).append(key)
    for words, keys in causes.items():
        more = "" if len(keys) == 1 else f" and {len(keys) - 1} more"
        console.print(Text.assemble((f"{keys[0]}{more}", "bold red"), f": {words}"), soft_wrap=True)
