"""Slot after slot of a cube against its ledger and what its bands declare.

What does not belong here: structure and alignment (`verify`), which say where the pixels are.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import batched

import numpy as np

from eo_pipeline.core.cubes.cube_findings import BandFacts, Check, Finding, Shard, SlotFacts
from eo_pipeline.core.cubes.cube_ledger import STATE, Record, State
from eo_pipeline.core.cubes.ledger_check import SlotLedger
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.ledger import read_records
from eo_pipeline.storage.cubes.pixels import judged
from eo_pipeline.storage.cubes.shard_facts import CheckedBand
from eo_pipeline.storage.cubes.slots import StoredSlots
from eo_pipeline.storage.cubes.stored_cells import stored_mask

_SHARDS_AT_ONCE = 512
"""About as many counts, of some hundred bytes, are held at once: those of whole slots."""

_WITH_PIXELS = (State.WRITTEN.code, State.EMPTY.code)


@dataclass(frozen=True)
class HowToVerify:
    """What is tolerated, and how fast a cube is read.

    Attributes:
        max_nodata: largest share of nodata in what a slot's written areas hold of a band, 0 to 1.
        threads: that read, each one shard of one band at a time.
        limit: findings after which it stops.
        since: id of a snapshot that was found right: of slots that nothing was written to since then nothing is read;
            all are read if it is empty, or if the repository no longer knows it.
    """

    max_nodata: float = 1.0
    threads: int = 8
    limit: int = 1000
    since: str = ""


@dataclass
class Tally:
    """What was read so far, and of it what the ledger calls written or empty.

    Attributes:
        slots: read.
        shards: stored ones, of all bands.
        pixels: in written areas, by band that has a nodata value.
        valid: of them.
    """

    slots: int = 0
    shards: int = 0
    pixels: Counter[str] = field(default_factory=Counter)
    valid: Counter[str] = field(default_factory=Counter)

    @property
    def nodata_shares(self) -> Mapping[str, float]:
        """Share of nodata, by band, 0 to 1."""
        return {name: 1 - self.valid[name] / pixels for name, pixels in self.pixels.items() if pixels}


def slot_findings(
    slots: StoredSlots,
    bands: Sequence[CheckedBand],
    tally: Tally,
    how: HowToVerify,
    *,
    exact: bool,
    only: Collection[int] | None = None,
) -> Iterator[Finding]:
    """What is wrong with each slot, slot by slot.

    Args:
        slots: of the snapshot.
        bands: of the cube.
        tally: is brought up to date.
        how: to read.
        exact: whether the bands are a template's, so that usable shares can be compared.
        only: slots that are looked at; all if None.
    """
    encodings = [band.encoding for band in bands]
    counted = [band.name for band in (judged(encodings) if exact else encodings) if exact or band.kind != "count"]
    records = _by_slot(slots)
    wanted = [slot for slot in range(len(slots.periods)) if only is None or slot in only]
    for slot, facts in _read(slots, bands, how.threads, tally, wanted):
        key = slots.periods[slot].key
        codes = np.asarray(array_at(slots.group, STATE)[slot], dtype=np.uint8)
        yield from SlotLedger(key, records.get(slot, {}), codes, facts, counted, exact).findings()
        for band in bands:
            name = band.encoding.name
            every = [each[name] for each in facts.values()]
            yield from _number_findings(f"{key} {name}", band, every)
            written = [each[name] for shard, each in facts.items() if codes[shard.row, shard.column] in _WITH_PIXELS]
            yield from _nodata_findings(f"{key} {name}", band, written, tally, how.max_nodata)
        tally.slots += 1


def _by_slot(slots: StoredSlots) -> dict[int, dict[Shard, tuple[Record, tuple[Shard, ...]]]]:
    """Every row of the ledger with the shards that its region covers."""
    found: dict[int, dict[Shard, tuple[Record, tuple[Shard, ...]]]] = {}
    for cell, record in read_records(slots.group).items():
        found.setdefault(cell.slot, {})[Shard(cell.row, cell.column)] = (record, _covered(slots, record.region))
    return found


def _covered(slots: StoredSlots, region: Rectangle) -> tuple[Shard, ...]:
    """Shards that a region touches, row by row; those outside the grid are left out."""
    height, width = slots.geobox.shape
    inside = region.intersection(Rectangle(0, 0, height, width))
    if inside is None:
        return ()
    rows, columns = _shard_shape(slots)
    return tuple(
        Shard(row, column)
        for row in range(inside.row_start // rows, -(-inside.row_stop // rows))
        for column in range(inside.column_start // columns, -(-inside.column_stop // columns))
    )


def _shard_shape(slots: StoredSlots) -> tuple[int, int]:
    """Pixels of a shard (y, x); `structure` has seen that there are shards, the same in all bands."""
    _, rows, columns = next(iter(slots.variables.values())).shards or (1, *slots.geobox.shape)
    return rows, columns


def _shards(slots: StoredSlots) -> dict[Shard, Rectangle]:
    """Every shard of the grid with its pixels, row by row."""
    height, width = slots.geobox.shape
    rows, columns = _shard_shape(slots)
    parts = windows(height=height, width=width, rows=rows, columns=columns)
    return {Shard(part.row_start // rows, part.column_start // columns): part for part in parts}


def _read(
    slots: StoredSlots, bands: Sequence[CheckedBand], threads: int, tally: Tally, wanted: Sequence[int]
) -> Iterator[tuple[int, SlotFacts]]:
    """The facts of each wanted slot; only stored shards are read."""
    shards, length = _shards(slots), len(slots.periods)
    shape = (length, max(shard.row for shard in shards) + 1, max(shard.column for shard in shards) + 1)
    stored = {band.encoding.name: stored_mask(slots.group, band.encoding.name, shape) for band in bands}
    sizes = {window.pixels for window in shards.values()}
    nothing = {(band.encoding.name, size): band.facts_of_nothing(size) for band in bands for size in sizes}
    with ThreadPoolExecutor(threads) as pool:
        for some in batched(wanted, max(1, _SHARDS_AT_ONCE // len(shards))):
            units = [
                (slot, shard, band)
                for slot in some
                for shard in shards
                for band in bands
                if stored[band.encoding.name][slot, shard.row, shard.column]
            ]
            facts = pool.map(lambda unit: unit[2].facts(unit[0], shards[unit[1]]), units)
            found = {
                (slot, shard, band.encoding.name): each for (slot, shard, band), each in zip(units, facts, strict=True)
            }
            tally.shards += len(units)
            for slot in some:
                yield (
                    slot,
                    {
                        shard: {name: found.get((slot, shard, name), nothing[name, window.pixels]) for name in stored}
                        for shard, window in shards.items()
                    },
                )


def _number_findings(where: str, band: CheckedBand, shards: Sequence[BandFacts]) -> Iterator[Finding]:
    """NaN that is not nodata, and numbers that the band does not declare."""
    nodata, nan = band.encoding.nodata, sum(each.nan for each in shards)
    if nan and nodata is not None and not math.isnan(nodata):
        yield Finding(Check.NODATA, where, f"expected nodata {nodata:g} where there is no value, got {nan} NaN")
    if outside := [each for each in shards if each.outside]:
        count, example = sum(each.outside for each in outside), outside[0].example
        yield Finding(Check.RANGE, where, f"expected {band.declared.text}, got {count} other pixels such as {example}")


def _nodata_findings(
    where: str, band: CheckedBand, written: Sequence[BandFacts], tally: Tally, max_nodata: float
) -> Iterator[Finding]:
    """Too much nodata where the ledger says that there were images."""
    if band.encoding.nodata is None:
        return
    pixels, valid = sum(each.pixels for each in written), sum(each.valid for each in written)
    tally.pixels[band.encoding.name] += pixels
    tally.valid[band.encoding.name] += valid
    if pixels and 1 - valid / pixels > max_nodata:
        said = f"expected at most {max_nodata:.1%} nodata in written areas, got {1 - valid / pixels:.1%}"
        yield Finding(Check.NODATA, where, said)
