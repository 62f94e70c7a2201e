"""How often equal samples occur at each place. What does not belong here: where samples come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_NONE = np.iinfo(np.int64).max

_WIDEST = 2**31
"""Ranges of levels of which two fit into one whole number."""


def repeats(values: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many samples of its place equal each sample.

    Args:
        values: (sample, place) whole numbers.
        valid: (sample, place) True where a sample counts.

    Returns:
        (sample, place) numbers and True where they belong to a sample that counts; samples in any order.
    """
    ordered = np.sort(np.where(valid, values.astype(np.int64), _NONE), axis=0)
    place = np.arange(len(ordered))[:, None]
    new = np.ones(ordered.shape, bool)
    new[1:] = ordered[1:] != ordered[:-1]
    start = np.maximum.accumulate(np.where(new, place, 0), axis=0)
    end = np.full(ordered.shape, len(ordered))
    end[:-1] = np.where(new[1:], place[1:], len(ordered))
    end = np.minimum.accumulate(end[::-1], axis=0)[::-1]
    return end - start, ordered != _NONE


@dataclass(frozen=True)
class Pairs:
    """Pairs of grey levels at each place.

    Attributes:
        first: (pair, place) int64.
        second: (pair, place) int64.
        valid: (pair, place) True where the pair counts.
        number: (place) how many count, at least 1.
    """

    first: np.ndarray
    second: np.ndarray
    valid: np.ndarray
    number: np.ndarray

    @staticmethod
    def symmetric(first: np.ndarray, second: np.ndarray, valid: np.ndarray) -> Pairs:
        """Every pair in both orders."""
        one, other = first.astype(np.int64), second.astype(np.int64)
        both = np.concatenate([valid, valid])
        number = np.maximum(both.sum(axis=0), 1)
        return Pairs(np.concatenate([one, other]), np.concatenate([other, one]), both, number)

    @property
    def codes(self) -> np.ndarray:
        """(pair, place) one number for each combination of levels."""
        low, high = int(self.first.min(initial=0)), int(self.first.max(initial=0))
        span = high - low + 1
        if span < _WIDEST:
            return np.asarray((self.first - low) * span + (self.second - low))
        levels, index = np.unique(np.stack([self.first, self.second]), return_inverse=True)
        one, other = index.reshape(2, *self.first.shape)
        return np.asarray(one * len(levels) + other)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(place) the mean of a value (pair, place)."""
        return np.asarray(np.where(self.valid, values, 0).sum(axis=0) / self.number)

    def spread(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(place) the entropy of a whole number (pair, place), by natural logarithms, and its squared probabilities."""
        times, real = repeats(values, self.valid)
        logarithms = np.log(np.maximum(np.arange(len(values) + 1), 1))
        entropy = np.log(self.number) - np.where(real, logarithms[times], 0).sum(axis=0) / self.number
        return np.asarray(entropy), np.asarray(np.where(real, times, 0).sum(axis=0) / self.number**2)
