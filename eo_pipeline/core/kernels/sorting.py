"""Networks of comparisons that sort many short series side by side. Does not belong here: what is sorted, and why.

They are Batcher's odd-even merge sort. Groups of eight observations and of sixteen are put in order in the processor's
registers (`fused_sorting`), whatever is left by passes over pairs of observations.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.fused_sorting import EIGHT, merge_eights, sort_eight


class Network(NamedTuple):
    """Comparisons in the order in which they are made.

    Attributes:
        eights: groups of eight observations that are sorted.
        sixteens: groups of two of those that are merged.
        pairs: (pair, 2) places that are compared in turn, the lower one first.
    """

    eights: int
    sixteens: int
    pairs: NDArray[np.int64]


@kernel
def sort_lanes(lanes: NDArray[Any], network: Network) -> None:
    """Sort each lane of (observation, lane) in place."""
    for group in range(network.eights):
        sort_eight(lanes[EIGHT * group : EIGHT * (group + 1)])
    for group in range(network.sixteens):
        merge_eights(lanes[2 * EIGHT * group : 2 * EIGHT * (group + 1)])
    pairs = network.pairs
    for pair in range(pairs.shape[0]):
        lower, upper = lanes[pairs[pair, 0]], lanes[pairs[pair, 1]]
        for lane in range(lower.size):
            one, other = lower[lane], upper[lane]
            lower[lane], upper[lane] = min(one, other), max(one, other)


@kernel
def sorting_network(count: int) -> Network:
    """The network for `count` observations."""
    eights, sixteens = count // EIGHT, count // (2 * EIGHT)
    beyond, left = EIGHT * eights, 2 * EIGHT * sixteens
    rest = merging_pairs(count - beyond, 1) + beyond
    last = merging_pairs(count - left, EIGHT) + left
    return Network(eights, sixteens, np.concatenate((rest, last, merging_pairs(count, 2 * EIGHT))))


@kernel
def merging_pairs(count: int, run: int) -> NDArray[np.int64]:
    """Places to compare of `count` numbers (pair, 2), of which each `run`, a power of two, are sorted already."""
    stages = 0
    while 1 << stages < count:
        stages += 1
    pairs = np.empty((stages * (stages + 1) // 2 * (count // 2), 2), np.int64)
    found = 0
    while run < count:
        step = run
        while step >= 1:
            for start in range(step % run, count - step, 2 * step):
                for place in range(start, min(start + step, count - step)):
                    if place // (2 * run) == (place + step) // (2 * run):
                        pairs[found, 0], pairs[found, 1] = place, place + step
                        found += 1
            step //= 2
        run *= 2
    return pairs[:found]


@kernel
def needed_for(network: Network, first: int, second: int, count: int) -> Network:
    """The network of `count` numbers without those pairs on which the numbers at two places do not depend."""
    pairs = network.pairs
    needed, kept = np.zeros(count + 1, np.bool_), np.zeros(pairs.shape[0], np.bool_)
    needed[first], needed[second] = True, True
    for pair in range(pairs.shape[0] - 1, -1, -1):
        one, other = pairs[pair]
        if needed[one] or needed[other]:
            needed[one], needed[other], kept[pair] = True, True, True
    return Network(network.eights, network.sixteens, pairs[kept])
