"""What came of it: counts, complaints, one sentence. What does not belong here: how it was found out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from eo_pipeline_tests.chaos.comparing import Comparison
from eo_pipeline_tests.chaos.ends import CANCELLED, LOST, MADE, RED, STOPPED, End
from eo_pipeline_tests.chaos.proof import Proof

_SHOWN = 40


@dataclass(frozen=True)
class Verdict:
    """Everything that counts at the end.

    Attributes:
        ends: of every partition.
        proof: exactly once.
        comparison: with the quiet run.
        kills: by victim.
        drawn: mischief, by name.
        struck: faults that happened, by kind, from the journal.
        runs: by status.
        retries: runs that Dagster started again.
        pressed: partitions that a person pressed again after the storm, by stage and why.
    """

    ends: Mapping[str, End]
    proof: Proof
    comparison: Comparison
    kills: Counter[str]
    drawn: Counter[str]
    struck: Counter[str]
    runs: Counter[str]
    retries: int
    pressed: Counter[str] = field(default_factory=Counter)

    @property
    def complaints(self) -> list[str]:
        """Everything that must not be; empty if all is well."""
        unexplained = [
            f"{partition} is {end.kind} at {end.stage}: {end.reason or 'nothing tells why'}"
            for partition, end in self.ends.items()
            if end.kind in {LOST, STOPPED}
        ]
        return [*unexplained, *self.proof.violations, *self.comparison.differences]

    def lines(self) -> Iterator[str]:
        """For a person; the last one sums up."""
        kinds = Counter(end.kind for end in self.ends.values())
        states = Counter(operation.state for operation in self.proof.operations.values())
        for what, counts in {
            "kill -9": self.kills,
            "mischief drawn": self.drawn,
            "faults that struck": self.struck,
            "operations": states,
            "runs": self.runs + Counter({"RETRIED": self.retries}),
            "pressed again": self.pressed,
            "partitions": kinds,
        }.items():
            yield f"{what}: {counts.total() if what != 'runs' else self.runs.total()} ({_listed(counts)})"
        yield from self._reasons()
        compared = self.comparison
        yield f"compared: {compared.mosaics} mosaics, {compared.tables} tables, {compared.regions} regions of the cube"
        for complaint in self.complaints[:_SHOWN]:
            yield f"WRONG: {complaint}"
        yield self.sentence

    def _reasons(self) -> Iterator[str]:
        for partition, end in self.ends.items():
            if end.kind in {RED, CANCELLED}:
                yield f"  {partition} is {end.kind}: {end.reason[:150]}"

    @property
    def sentence(self) -> str:
        """The last line."""
        kinds = Counter(end.kind for end in self.ends.values())
        told = ", ".join(f"{kinds[kind]} {kind}" for kind in (MADE, RED, CANCELLED))
        wrong = len(self.complaints)
        start = f"Chaos survived: {self.kills.total()} kills, {self.struck.total()} faults"
        if wrong:
            return f"Chaos won: {self.kills.total()} kills, {wrong} things are wrong: {self.complaints[0][:200]}"
        return (
            f"{start}; {told}, each for its own reason; {len(self.proof.operations)} operations, each export exactly "
            "once; no output differs from a quiet run's."
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
