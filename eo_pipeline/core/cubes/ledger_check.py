"""Whether the rows of the ledger tell what the shards of a slot hold.

What does not belong here: reading either (`storage.cubes.slot_findings`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_findings import BandFacts, Check, Finding, Shard, SlotFacts
from eo_pipeline.core.cubes.cube_ledger import Record, State

_NAMES = {0: "not done"} | {state.code: state.value for state in State}
_WITHOUT_PIXELS = (State.NO_IMAGES, State.OCEAN, State.FAILED)
_SHARE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class SlotLedger:
    """One slot as its ledger tells of it, and what it holds.

    Attributes:
        period: key of the slot's period.
        records: of the slot with the shards that each covers, row by row, by the shard that holds the record.
        codes: `ledger/state` of the slot (shard row, shard column).
        facts: what the slot holds.
        counted: bands whose usable share is counted, by name.
        exact: whether `counted` follows from a template, so that shares can be compared.
    """

    period: str
    records: Mapping[Shard, tuple[Record, Sequence[Shard]]]
    codes: NDArray[np.uint8]
    facts: SlotFacts
    counted: Sequence[str]
    exact: bool

    def findings(self) -> Iterator[Finding]:
        """What rows and shards say against each other."""
        held: dict[Shard, str] = {}
        for place, (record, shards) in self.records.items():
            yield from self._place_findings(place, record, shards, held)
            held |= dict.fromkeys(shards, record.area_key)
            yield from self._shard_findings(record, shards)
            yield from self._share_findings(
                f"{self.period} {record.area_key}", record.state, record.valid_share, shards
            )
        for shard, bands in self.facts.items():
            if shard not in held:
                yield from self._orphan_findings(shard, bands)

    def _place_findings(
        self, place: Shard, record: Record, shards: Sequence[Shard], held: Mapping[Shard, str]
    ) -> Iterator[Finding]:
        where = f"{self.period} {record.area_key}"
        if not shards or shards[0] != place:
            yield Finding(Check.LEDGER, where, f"expected its row at its upper left shard, got it at {_named(place)}")
        if shared := [shard for shard in shards if shard in held]:
            said = f"expected shards of its own, got {_named(shared[0])} of {held[shared[0]]}"
            yield Finding(Check.LEDGER, where, said)
        if record.shards and len(record.shards) != len(shards):
            said = f"expected a row for each of {len(shards)} shards, got {len(record.shards)}"
            yield Finding(Check.LEDGER, where, said)

    def _shard_findings(self, record: Record, shards: Sequence[Shard]) -> Iterator[Finding]:
        """Each shard against its own row, or against the area's."""
        for number, shard in enumerate(shards):
            row = record.shards[number] if number < len(record.shards) else None
            state, where = row.state if row else record.state, f"{self.period} {record.area_key} {_named(shard)}"
            if self._code(shard) != state.code:
                said = f"expected the state '{state}' as in the row, got '{self._named_code(shard)}'"
                yield Finding(Check.LEDGER, where, said)
            if state in _WITHOUT_PIXELS and (found := _holding(self.facts[shard])):
                yield Finding(Check.LEDGER, where, f"expected nothing where the row says '{state}', got {found}")
            if row:
                yield from self._share_findings(where, row.state, row.valid_share, [shard])

    def _share_findings(self, where: str, state: State, told: float, shards: Sequence[Shard]) -> Iterator[Finding]:
        """Whether a row is right about usable pixels; without a template only whether there are any."""
        if state in _WITHOUT_PIXELS or not shards:
            return
        counted = [self.facts[shard][name] for shard in shards for name in self.counted]
        valid, pixels = sum(each.valid for each in counted), sum(each.pixels for each in counted)
        written = valid if self.exact else sum(f.written for shard in shards for f in self.facts[shard].values())
        if state is State.WRITTEN and not written:
            yield Finding(Check.LEDGER, where, "expected pixels where the row says 'written', got none")
        elif state is State.EMPTY and valid:
            yield Finding(Check.LEDGER, where, f"expected no usable pixel where the row says 'empty', got {valid}")
        elif self.exact and not math.isclose(valid / pixels, told, abs_tol=_SHARE_TOLERANCE):
            said = f"expected the usable share {told:.6g} as in the row, got {valid / pixels:.6g}"
            yield Finding(Check.LEDGER, where, said)

    def _orphan_findings(self, shard: Shard, bands: Mapping[str, BandFacts]) -> Iterator[Finding]:
        """A shard that no row tells of."""
        where = f"{self.period} {_named(shard)}"
        if self._code(shard):
            yield Finding(Check.LEDGER, where, f"expected a row, got only the state '{self._named_code(shard)}'")
        if found := _holding(bands):
            yield Finding(Check.LEDGER, where, f"expected nothing without a row, got {found}")

    def _code(self, shard: Shard) -> int:
        return int(self.codes[shard.row, shard.column])

    def _named_code(self, shard: Shard) -> str:
        code = self._code(shard)
        return _NAMES.get(code, str(code))


def _holding(bands: Mapping[str, BandFacts]) -> str:
    """What a shard holds, in words; empty if nothing."""
    return ", ".join(f"{facts.written} pixels of {name}" for name, facts in bands.items() if facts.written)


def _named(shard: Shard) -> str:
    return f"shard {shard.row},{shard.column}"
