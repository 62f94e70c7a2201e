"""Pages with tables that follow from the code, between marks `<!-- table: NAME -->` and `<!-- end of table -->`.

What does not belong here: the tables themselves (`tables`).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_TABLE = re.compile(r"<!-- table: (?P<name>[a-z ]+) -->\n.*?<!-- end of table -->", re.DOTALL)


class Table(Protocol):
    """Writes one table as Markdown, without a line break at its end."""

    def __call__(self) -> str:
        """The table."""
        ...


def names(text: str) -> list[str]:
    """Tables that a page shows, in order."""
    return [found["name"] for found in _TABLE.finditer(text)]


def with_tables(text: str, tables: Mapping[str, Table]) -> str:
    """The page with its tables written anew; all else stays.

    Raises:
        ValueError: a mark names a table that nobody writes.
    """
    if unknown := [name for name in names(text) if name not in tables]:
        raise ValueError(f"expected tables among {', '.join(tables)}, got {', '.join(unknown)}; correct the mark")
    return _TABLE.sub(
        lambda found: f"<!-- table: {found['name']} -->\n\n{tables[found['name']]()}\n\n<!-- end of table -->", text
    )


def code_blocks(text: str, language: str) -> list[str]:
    """Contents of the page's fenced blocks in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
