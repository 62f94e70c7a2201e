"""What is wrong with an export's tiles, each by name and kind, and the one message that lists them all.

What does not belong here: finding it out (`collect_tiles`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eo_pipeline.storage.stored import Flaw


@dataclass(frozen=True)
class FlawedTile:
    """One tile that is not what it should be.

    Attributes:
        flaw: in what way.
        name: of the object.
        words: more about it; may be empty.
        stored: True if it is so where the export wrote it, so that another download does not help.
    """

    flaw: Flaw
    name: str
    words: str = ""
    stored: bool = True

    def __str__(self) -> str:
        return f"  {self.flaw}: {self.name}{': ' if self.words else ''}{self.words}"


def describe_flaws(flaws: Sequence[FlawedTile], *, expected: int, source: str, evidence: Sequence[str] = ()) -> str:
    """All of them, a line each, by kind and name; and what to do.

    Args:
        flaws: at least one.
        expected: how many tiles there should be.
        source: where they are looked for.
        evidence: why those that are missing were there and gone, in sentences.
    """
    kinds = list(Flaw)
    ordered = sorted(flaws, key=lambda flaw: (kinds.index(flaw.flaw), flaw.name))
    lines = [f"expected {expected} whole tiles at {source}, got {len(flaws)} that are not:", *map(str, ordered)]
    if evidence:
        lines.append(f"missing ones were deleted after the export: {'; '.join(evidence)}")
    return "\n".join([*lines, f"those that are whole are kept; {_remedy(flaws)}"])


def _remedy(flaws: Sequence[FlawedTile]) -> str:
    export = "another export makes the others anew: materialise the submission with resubmit: true"
    if all(flaw.stored for flaw in flaws):
        return export
    again = "run the partition again to fetch the others"
    kinds = " or ".join(sorted({flaw.flaw for flaw in flaws if flaw.stored}))
    return f"{again}; if what is {kinds} stays so, {export}" if kinds else again
