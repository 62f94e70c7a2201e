"""What came of it: counts, complaints, one sentence. What does not belong here: how it was found out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eo_pipeline_tests.chaos_cubes.ending import Ending
from eo_pipeline_tests.chaos_cubes.plan import Plan

_SHOWN = 40


@dataclass(frozen=True)
class Report:
    """Everything that counts at the end.

    Attributes:
        store: where the cube is.
        plan: what was written.
        kills: by victim.
        looks: at the head, one a kill.
        reported: lines of the coordinators about writings that are done.
        trouble: what coordinators heard, by kind.
        ending: the cube when all was done.
        meanwhile: complaints of those looks.
    """

    store: str
    plan: Plan
    kills: Counter[str]
    looks: int
    reported: list[dict[str, Any]]
    trouble: Counter[str]
    ending: Ending
    meanwhile: list[str]

    @property
    def complaints(self) -> list[str]:
        """Everything that must not be; empty if all is well."""
        return [*self.meanwhile, *self.ending.complaints]

    def lines(self) -> Iterator[str]:
        """For a person; the last one sums up."""
        ending, there = self.ending, sum(not line["changed"] for line in self.reported)
        yield f"kill -9: {self.kills.total()} ({_listed(self.kills)}); {self.looks} looks at the head"
        yield f"heard by coordinators: {_listed(self.trouble)}"
        yield f"writings: {len(self.reported)}, of which {there} were there already"
        yield f"history: {ending.commits} commits, one line; each of {len(self.plan.writes)} writings is one of them"
        yield f"compared with numpy: {ending.rows} rows, {ending.shards} shards of three bands"
        yield f"compared with a quiet run: {ending.rows} rows, {ending.chunks} stored shards, byte by byte"
        yield f"collected as garbage afterwards: {ending.freed} shards"
        for complaint in self.complaints[:_SHOWN]:
            yield f"WRONG: {complaint}"
        yield self.sentence

    @property
    def sentence(self) -> str:
        """The last line."""
        wrong = self.complaints
        if wrong:
            return f"Chaos won ({self.store}, seed {self.plan.seed}): {len(wrong)} things are wrong: {wrong[0][:200]}"
        return (
            f"Chaos survived ({self.store}, seed {self.plan.seed}): {self.kills.total()} kills, {self.ending.rows} "
            f"partitions from {self.plan.writers} processes; nothing lost, nothing twice, no bit differs."
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "nothing"
