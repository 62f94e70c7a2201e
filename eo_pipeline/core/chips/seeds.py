"""Random numbers that follow from names: the same on every machine and in every run.

What does not belong here: what they decide.
"""

import hashlib

import numpy as np

_BYTES = 16


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A stream of random numbers that depends on the seed and the names, in their order, and on nothing else."""
    return np.random.Generator(np.random.PCG64(_number(seed, names)))


def service_seed(seed: int, *names: str | int) -> int:
    """A seed for a service that takes whole numbers from 0 to 2**31 - 1."""
    return _number(seed, names) % 2**31


def _number(seed: int, names: tuple[str | int, ...]) -> int:
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:_BYTES])
