"""Asking a little at a time whether recorded inputs are still those of today, round after round.

What does not belong here: whom to ask (`questions`), and what is done about an answer (`sensors`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from eo_pipeline.errors import EoPipelineError, ServiceUnreachableError
from eo_pipeline.orchestration.partitions import in_turn

ROUND = timedelta(hours=6)
"""Between the beginnings of two rounds."""

SECONDS_A_TICK = 30.0
"""Of asking; a tick of a sensor may take 60 s."""


@dataclass(frozen=True)
class Question:
    """What of one product is to be asked.

    Attributes:
        product: its name.
        recorded: fingerprint of what was used, by Dagster's partition key.
        ask: gives today's fingerprints of partitions, in their order, one by one or some at a time.
    """

    product: str
    recorded: Mapping[str, str]
    ask: Callable[[Sequence[str]], Iterator[tuple[str, str]]]


@dataclass(frozen=True)
class Late:
    """A partition whose inputs are others now.

    Attributes:
        product: name of the product.
        partition: Dagster's key.
        fingerprint: of today's inputs.
    """

    product: str
    partition: str
    fingerprint: str


@dataclass(frozen=True)
class Place:
    """Where asking stopped.

    Attributes:
        began: of this round, aware; None before the first one.
        reached: last partition that was asked about, by product.
    """

    began: datetime | None = None
    reached: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, cursor: str | None) -> Self:
        """Read a cursor; without one all begins anew, which costs time, nothing else."""
        if not cursor:
            return cls()
        known = json.loads(cursor)
        return cls(datetime.fromisoformat(known["began"]) if known["began"] else None, known["reached"])

    @property
    def text(self) -> str:
        """As a cursor."""
        return json.dumps({"began": self.began.isoformat() if self.began else "", "reached": dict(self.reached)})


@dataclass
class Look:
    """What a tick came to.

    Attributes:
        place: for the next tick.
        late: in the order found.
        asked: how many partitions.
        problems: what kept a product from being asked, in its source's words.
        left: how many partitions of this round are still to be asked about.
    """

    place: Place
    late: list[Late] = field(default_factory=list)
    asked: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    left: int = 0

    @property
    def sentence(self) -> str:
        """For a person."""
        told = [f"{self.asked} partitions asked about, {len(self.late)} have other inputs now, {self.left} to come"]
        return "; ".join([*told, *(f"{product}: {words}" for product, words in self.problems.items())])


def look(
    questions: Sequence[Question],
    place: Place,
    *,
    now: datetime,
    clock: Callable[[], float],
    seconds: float = SECONDS_A_TICK,
    every: timedelta = ROUND,
) -> Look:
    """Go on with a round, or begin the next if it is time.

    A source that does not answer costs its own product this tick only; a partition that cannot be asked about costs
    itself this round.

    Args:
        questions: of all products.
        place: of the last tick.
        now: aware.
        clock: seconds that only grow.
        seconds: after which nothing more is asked.
        every: between the beginnings of rounds.
    """
    if place.began is None or now - place.began >= every:
        place = Place(now)
    found, until = Look(place), clock() + seconds
    reached = dict(place.reached)
    for question in questions:
        _ask(question, found, reached, lambda: clock() >= until)
    found.place = Place(place.began, reached)
    return found


def _ask(question: Question, found: Look, reached: dict[str, str], is_over: Callable[[], bool]) -> None:
    """Ask about one product from where the round is, until it is over."""
    product = question.product
    keys = _after(in_turn(question.recorded), reached.get(product))
    while keys and not is_over():
        try:
            for partition, fingerprint in question.ask(keys):
                keys, reached[product] = keys[1:], partition
                found.asked += 1
                if fingerprint != question.recorded[partition]:
                    found.late.append(Late(product, partition, fingerprint))
                if is_over():
                    break
        except ServiceUnreachableError as error:
            found.problems[product] = str(error)
            break
        except EoPipelineError as error:  # it would be the same at the next tick, and the others wait
            found.problems[product] = f"{keys[0]}: {error}"
            keys, reached[product] = keys[1:], keys[0]
        else:
            break
    found.left += len(keys)


def _after(keys: Sequence[str], last: str | None) -> list[str]:
    """Those that come after a key in the order of `in_turn`; all of them after none."""
    if last is None:
        return list(keys)
    turn = last.split("|")[::-1]
    return [key for key in keys if key.split("|")[::-1] > turn]
