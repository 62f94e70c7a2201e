"""A piece of work and the parts it has been halved into. What does not belong here: asking for them (`asking`)."""

from dataclasses import dataclass, field

from eo_pipeline.steps.asking.asks import Ask


@dataclass(eq=False, slots=True)
class Item[K, R]:
    """One piece of the caller's.

    Attributes:
        key: the caller's.
        requests: sent for it so far.
        over: True once it came or was lost; nothing more is asked for it.
    """

    key: K
    requests: int = 0
    over: bool = False


@dataclass(eq=False, slots=True)
class Part[K, R]:
    """What one request asks for.

    Attributes:
        item: that it belongs to.
        ask: the whole piece, or a part of it.
        parent: the part that it is a half of; None for the whole piece.
        tries: that failed; "too many" not counted.
        values: of its halves, in their order, as far as they came.
        missing: halves that did not come yet.
    """

    item: Item[K, R]
    ask: Ask[R]
    parent: "Part[K, R] | None" = None
    place: int = 0
    tries: int = 0
    values: list[R | None] = field(default_factory=list)
    missing: int = 0

    def halved(self) -> "list[Part[K, R]]":
        """Its halves; [] if there are none."""
        halves = self.ask.halves()
        self.values, self.missing = [None] * len(halves), len(halves)
        return [Part(self.item, half, self, place) for place, half in enumerate(halves)]

    def came(self, value: R) -> list[R]:
        """Note what came for it; gives the whole piece once nothing is missing, else []."""
        parent = self.parent
        if parent is None:
            return [value]
        parent.values[self.place] = value
        parent.missing -= 1
        if parent.missing:
            return []
        whole = parent.ask.join([half for half in parent.values if half is not None])
        parent.values = []
        return parent.came(whole)
