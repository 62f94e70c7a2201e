"""One line of a benchmark of rasters: this project, a peer and a limit side by side, and whether aims are met.

Does not belong here: what is measured, and how (`harness`).
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.aims import Aim, rounded
from benchmarks.harness import Json, Measurement


@dataclass(frozen=True)
class Cost:
    """What one side took.

    Attributes:
        load_s: seconds of what a process does once before the first call, in no other number; median of the rounds.
        seconds: by the clock, median of the rounds.
        cpu_s: of all cores together, median of the rounds.
        idle_mb: resident memory before it began, imports included, MB (1e6 bytes); the most of any round.
        peak_mb: highest resident memory of its processes, MB; the most of any round.
    """

    load_s: float
    seconds: float
    cpu_s: float
    idle_mb: float
    peak_mb: float

    @staticmethod
    def of(measurements: Sequence[Measurement]) -> "Cost":
        """Of the rounds of one side."""
        return Cost(
            load_s=statistics.median(measured.load_s for measured in measurements),
            seconds=statistics.median(measured.seconds for measured in measurements),
            cpu_s=statistics.median(measured.cpu_s for measured in measurements),
            idle_mb=max(measured.idle_mb for measured in measurements),
            peak_mb=max(measured.peak_mb for measured in measurements),
        )


@dataclass(frozen=True)
class Line:
    """One line of the result.

    Attributes:
        name: what was done.
        ours: what it took us.
        peer: name of the other method; empty if ours stands beside a limit only.
        theirs: what it took the peer; None if it was not measured.
        limit: what no method can avoid, in the same run; None if there is no such measure.
        equal: True if outputs were compared before anything was timed, and are equal within what `told` says.
        must: what has to be reached.
        aims: what would be better still.
        told: further facts, such as differences of the outputs and their sizes.
        skipped: why the peer was not measured; empty if it was.
    """

    name: str
    ours: Cost
    peer: str
    theirs: Cost | None
    limit: Cost | None
    equal: bool
    must: tuple[Aim, ...] = ()
    aims: tuple[Aim, ...] = ()
    told: Mapping[str, Json] = field(default_factory=dict)
    skipped: str = ""

    def to_json(self) -> str:
        """One line; fractions with four significant digits; ratios are theirs by ours, above 1 we are better."""
        facts = {key: value for key, value in asdict(self).items() if value not in ("", None, {})}
        return json.dumps(
            rounded(
                facts
                | self._ratios()
                | {"must": _reached(self.must), "aims": _reached(self.aims)}
                | {"met": all(aim.met for aim in self.must), "aims_met": all(aim.met for aim in self.aims)}
            )
        )

    def _ratios(self) -> dict[str, float]:
        ratios = {}
        if self.theirs is not None:
            ratios = {
                "ratio": self.theirs.seconds / self.ours.seconds,
                "cpu_ratio": self.theirs.cpu_s / self.ours.cpu_s,
            }
        if self.limit is not None:
            ratios["times_limit"] = self.ours.seconds / self.limit.seconds
        return ratios


def faster(than: str, ours: Cost, theirs: Cost, least: float) -> Aim:
    """To need so many times fewer seconds."""
    return Aim(f"times faster than {than}", theirs.seconds / ours.seconds, least=least)


def _reached(aims: Sequence[Aim]) -> list[dict[str, Json]]:
    """Aims with whether they are met, without the bounds that they do not have."""
    return [{**{key: value for key, value in asdict(aim).items() if value is not None}, "met": aim.met} for aim in aims]
