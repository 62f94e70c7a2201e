"""Which submissions that were held back may go now: urgent ones first, then in the order of periods and areas.

What does not belong here: how many there is room for (`core.exports.queue`), and starting them (`sensors`, `run`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from eo_pipeline.core.exports.queue import QueueLook, room
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.ranges import rectangles

MOST = 500
"""Submissions that are released at one look."""

Allowance = Callable[[Chain, int], str]
"""The reason why a product may not start that many exports more; empty if it may."""


def unlimited(_chain: Chain, _exports: int) -> str:
    """Nothing is held back."""
    return ""


@dataclass(frozen=True)
class Held:
    """A submission that is held back.

    Attributes:
        chain: the product.
        recorded: the submission.
    """

    chain: Chain
    recorded: Recorded

    @property
    def priority(self) -> int:
        """Of its tasks."""
        return self.recorded.submission.priority

    @property
    def turn(self) -> tuple[int, str, str]:
        """Where it stands in line."""
        key = PartitionKey.parse(self.recorded.partition)
        return -self.priority, key.period, key.area

    @property
    def reason(self) -> str:
        """Why."""
        held = self.recorded.submission.held
        return held.reason if held is not None else ""

    @property
    def is_sent(self) -> bool:
        """True if all its tasks were sent before the services refused: it is looked at again, and needs no room."""
        parts = self.recorded.submission.parts
        return bool(parts) and all(part.operation for part in parts)

    def is_due(self, now: datetime) -> bool:
        """True if trying again may help by now."""
        held = self.recorded.submission.held
        return held is None or not held.until or datetime.fromisoformat(held.until) <= now


def released(held: Sequence[Held], look: QueueLook, *, allowance: Allowance, now: datetime) -> list[Held]:
    """Those that may go, as long as there is room in the queue and compute left."""
    due = [one for one in held if one.is_due(now)]
    looked_at = [one for one in due if one.is_sent][:MOST]
    return looked_at + _fitting([one for one in due if not one.is_sent], look, allowance, MOST - len(looked_at))


def _fitting(due: Sequence[Held], look: QueueLook, allowance: Allowance, most: int) -> list[Held]:
    """Those that there is room for, in their order."""
    chosen: list[Held] = []
    by_product: dict[str, int] = {}
    for one in sorted(due, key=lambda one: one.turn):
        name = one.chain.product.name
        if len(chosen) >= min(most, room(look, priority=one.priority).tasks):
            break
        if allowance(one.chain, by_product.get(name, 0) + 1):
            continue
        by_product[name] = by_product.get(name, 0) + 1
        chosen.append(one)
    return chosen


@dataclass(frozen=True)
class Group:
    """Partitions of one product and priority that one run may take.

    Attributes:
        chain: the product.
        priority: of their tasks.
        keys: a full rectangle of consecutive areas and periods.
    """

    chain: Chain
    priority: int
    keys: Sequence[PartitionKey]


def groups(instance: dg.DagsterInstance, chosen: Sequence[Held], *, size: int) -> Iterator[Group]:
    """Cut what may go into runs, in the order in which they may go."""
    together: dict[tuple[str, int], list[Held]] = {}
    for one in chosen:
        together.setdefault((one.chain.product.name, one.priority), []).append(one)
    for (_, priority), some in together.items():
        chain = some[0].chain
        keys = [PartitionKey.parse(one.recorded.partition) for one in some]
        periods = chain.by_period.get_partition_keys(dynamic_partitions_store=instance)
        for rectangle in rectangles(keys, areas=list(chain.areas), periods=periods, size=size):
            yield Group(chain, priority, rectangle)
