"""What is written, as plain numpy: areas, months, shards, the numbers in them, and who writes which in what order.

Everything follows from a seed, so that a killed coordinator, the judge and a quiet run all know the same. What does not
belong here: cubes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.rectangles import Rectangle, windows

SHARD, AREA_SHARDS = 64, 2
HEIGHT, WIDTH = 250, 500
"""Pixels of the cube: the last row and column of shards are cut."""
AREAS = tuple(windows(height=HEIGHT, width=WIDTH, rows=SHARD * AREA_SHARDS, columns=SHARD * AREA_SHARDS))
FIRST_YEAR = 2015
_DOUBLED, _LATE = 0.1, 0.25
_KINDS = (State.OCEAN, State.NO_IMAGES, State.EMPTY, State.WRITTEN)
_SHARES = (7, 7, 6, 80)


@dataclass(frozen=True, order=True)
class Write:
    """One writing of one partition.

    Attributes:
        area: number of the area.
        month: key of the period.
        version: 1, or 2 once the inputs of one shard have changed.
    """

    area: int
    month: str
    version: int

    @property
    def partition(self) -> str:
        """Key of the partition."""
        return f"area{self.area}|{self.month}"


@dataclass(frozen=True)
class ShardInput:
    """What one shard is made of.

    Attributes:
        region: its pixels in the cube.
        state: what is to become of it.
        seed: of its numbers.
    """

    region: Rectangle
    state: State
    seed: str

    @property
    def inputs_hash(self) -> str:
        """Digest of what it is made of."""
        return digest(self.seed, self.state)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Stored numbers (y, x) by band as the cube is to hold them: fill where nothing is."""
        shape = (self.region.height, self.region.width)
        fill: dict[str, NDArray[Any]] = {
            "red": np.zeros(shape, np.uint16),
            "classes": np.full(shape, 255, np.uint8),
            "n_obs": np.zeros(shape, np.uint8),
        }
        if self.state in (State.OCEAN, State.NO_IMAGES):
            return fill
        random = np.random.default_rng(int(digest(self.seed)[:12], 16))
        counts = random.integers(1, 9, shape).astype(np.uint8)
        if self.state is State.EMPTY:
            return fill | {"n_obs": counts}
        classes = random.integers(0, 12, shape).astype(np.uint8)
        classes[random.random(shape) < 0.2] = 255
        return {"red": random.integers(0, 5000, shape).astype(np.uint16), "classes": classes, "n_obs": counts}


@dataclass(frozen=True)
class Plan:
    """All that is written.

    Attributes:
        seed: decides everything.
        areas: the first so many.
        months: of each area.
        writers: coordinators.
    """

    seed: int
    areas: int
    months: int
    writers: int

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Keys of the months."""
        return tuple(f"{FIRST_YEAR + number // 12}-{number % 12 + 1:02d}" for number in range(self.months))

    @cached_property
    def lists(self) -> tuple[tuple[Write, ...], ...]:
        """What each coordinator writes, in order; some partitions are two coordinators', some are written again."""
        random = Random(self.seed)  # noqa: S311 - a plan, not a secret
        lists: list[list[Write]] = [[] for _ in range(self.writers)]
        twice: set[Write] = set()
        for number, month in enumerate(self.keys):
            for area in range(self.areas):
                write = Write(area, month, 1)
                lists[area % self.writers].append(write)
                if random.random() < _DOUBLED:
                    twice.add(write)
                    lists[(area + 1) % self.writers].append(write)
                late = Write(area, self.keys[random.randrange(number + 1)], 2)
                if random.random() < _LATE and Write(area, late.month, 1) not in twice | {write} and late not in twice:
                    twice.add(late)
                    lists[area % self.writers].append(late)
        return tuple(tuple(each) for each in lists)

    @cached_property
    def writes(self) -> frozenset[Write]:
        """Every writing, once."""
        return frozenset(write for each in self.lists for write in each)

    def last(self, area: int, month: str) -> Write:
        """The last writing of a partition."""
        late = Write(area, month, 2)
        return late if late in self.writes else Write(area, month, 1)

    def shards(self, write: Write) -> tuple[ShardInput, ...]:
        """What each shard of a partition is made of, row by row."""
        changed = self._random(Write(write.area, write.month, 2), "changed").randrange(AREA_SHARDS**2)
        return tuple(self._shard(write, number, changed) for number in range(len(shards_of_area(write.area))))

    def inputs_hash(self, write: Write) -> str:
        """Digest of a partition's inputs."""
        return digest(*(shard.inputs_hash for shard in self.shards(write)))

    def partitions(self) -> Iterator[tuple[int, str]]:
        """Every area and month."""
        return ((area, month) for month in self.keys for area in range(self.areas))

    def _shard(self, write: Write, number: int, changed: int) -> ShardInput:
        version = write.version if number == changed % len(shards_of_area(write.area)) else 1
        random = self._random(Write(write.area, write.month, version), str(number))
        state = random.choices(_KINDS, _SHARES)[0]
        return ShardInput(
            shards_of_area(write.area)[number], state, f"{self.seed} {write.partition} {number} {version}"
        )

    def _random(self, write: Write, what: str) -> Random:
        return Random(f"{self.seed} {write.partition} {write.version} {what}")  # noqa: S311 - a plan, not a secret


def shards_of_area(area: int) -> tuple[Rectangle, ...]:
    """Pixels of an area's shards, row by row."""
    region = AREAS[area]
    parts = windows(height=region.height, width=region.width, rows=SHARD, columns=SHARD)
    return tuple(part.shifted(rows=region.row_start, columns=region.column_start) for part in parts)


def digest(*parts: str) -> str:
    """A short digest of texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
