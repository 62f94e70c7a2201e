"""A store of chips on S3, served by moto, where no lock keeps two commits apart."""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.storage.chips.chip_store import StoreCommit
from eo_pipeline_tests.storage.chips.stores import pixels, write
from eo_pipeline_tests.storage.chips.test_chip_store import held
from eo_pipeline_tests.storage.cubes.test_object_store import at, endpoint

__all__ = ["endpoint"]


def test_a_partition_that_finds_its_places_taken_at_the_commit_takes_others(endpoint: str) -> None:
    address = at(endpoint, "s3://cubes/chips")
    write(address, "p1", [1, 2])
    others: list[StoreCommit] = []

    def read(place: int) -> NDArray[np.uint16]:
        if not others:
            others.append(write(address, "p2", [3, 4]))
        return pixels([5, 6, 7][place])

    mine = write(address, "p3", [5, 6, 7], read=read)
    assert others[0].slots == (2, 3)
    assert mine.slots == (4, 5, 6)
    assert {name: slot for (_, name), slot in held(address).items()} == {f"c{n}": n - 1 for n in range(1, 8)}
