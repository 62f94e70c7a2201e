"""Problems of many things in one message: the first of them, and how many more. Not here: what is wrong with them."""

from collections.abc import Sequence

MOST = 50
"""Lines that an error lists."""


def problem_lines(problems: Sequence[str]) -> str:
    """A line each, indented; of very many only the first."""
    more = [f"and {len(problems) - MOST} more"] if len(problems) > MOST else []
    return "\n".join(f"  {line}" for line in [*problems[:MOST], *more])
