"""A collection of seven small scenes that tests of this folder ask about. What does not belong here: expectations."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline_tests.sandbox.graph_support import (
    UTM,
    ArrayBand,
    record,
    utm_grid,
    value,
)

RNG = np.random.default_rng(3)

DAY = 86_400_000

JANUARY = 1_577_836_800_000
"""2020-01-01T00:00 UTC in milliseconds since 1970."""

GRID = utm_grid(8, 8)

DATA = RNG.integers(1, 200, (7, 8, 8)).astype("u2")

MASKS = RNG.random((7, 8, 8)) > 0.35
MASKS[:, 0, 0] = False


def scenes() -> list[ImageRecord]:
    return [
        record(
            f"C/s{number}",
            {"B": ArrayBand(DATA[number], UTM, mask=MASKS[number]), "Q": DATA[6 - number]},
            time=JANUARY + number * DAY,
            CLOUD=float(number * 10),
            TILE="33T" if number % 2 else "32T",
            TAGS=["x", number],
        )
        for number in range(7)
    ]


SCENES = scenes()


def names(collection: Any) -> Any:
    return value(collection.aggregate_array("system:index"), *SCENES)


def all_scenes() -> Any:
    return ee.ImageCollection("C")
