"""The harness itself: a sum by its formula against the same sum by a loop."""

from collections.abc import Iterator

from benchmarks.harness import Comparison, Side, compare


def formula(*, count: int) -> int:
    """Sum of 0..count-1 in one step."""
    return count * (count - 1) // 2


def loop(*, count: int) -> int:
    """The same sum, number by number."""
    total = 0
    for number in range(count):
        total += number
    return total


def nothing(*, count: int) -> int:
    """What calling a function costs."""
    return count


def comparisons() -> Iterator[Comparison]:
    """One comparison."""

    def side(name: str) -> Side:
        return Side(name, "benchmarks.self_test", name, {"count": 1_000_000})

    yield compare("sum", ours=side("formula"), peer=side("loop"), equal=int.__eq__, limit=side("nothing"))
