"""Tasks cut into batches: a batch costs every engine about the same, however many tasks it holds.

What does not belong here: running them.
"""

import itertools
from collections.abc import Sequence


def in_batches[Task](tasks: Sequence[Task], count: int) -> tuple[tuple[Task, ...], ...]:
    """Cut tasks into `count` batches of neighbours, or fewer if there are fewer tasks, whose sizes differ by 1 at most.

    Neighbours stay together, since they often read the same files.
    """
    if count < 1:
        raise ValueError(f"expected 1 batch or more, got {count}")
    count = min(count, len(tasks))
    edges = [number * len(tasks) // count for number in range(count + 1)] if count else [0]
    return tuple(tuple(tasks[start:stop]) for start, stop in itertools.pairwise(edges))
