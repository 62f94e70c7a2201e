"""Scenes that tests of neighbourhoods share. What does not belong here: tests."""

from __future__ import annotations

import numpy as np

from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, record

RNG = np.random.default_rng(11)
SHAPE = (40, 48)
LABELS = RNG.integers(0, 3, SHAPE).astype("u1")
"""Values 0..2 that hang together in small segments."""

MASK = RNG.random(SHAPE) > 0.03
"""False at a few pixels."""

ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
HEIGHTS = (300 + 40 * np.sin(COLUMNS / 5) * np.cos(ROWS / 7) + 2 * COLUMNS - ROWS + RNG.random(SHAPE)).astype("f4")
"""Smooth hills with some noise, metres."""

SPARSE = (RNG.random(SHAPE) > 0.97).astype("u1")
"""1 at a few pixels, 0 elsewhere."""

COST = RNG.integers(1, 20, SHAPE).astype("u1")
"""What it costs to walk through a pixel."""

SCENE = record(
    "C/hood",
    {
        "L": ArrayBand(LABELS, UTM, mask=MASK),
        "Z": ArrayBand(HEIGHTS, UTM, mask=MASK),
        "whole": LABELS,
        "height": HEIGHTS,
        "sparse": SPARSE,
        "cost": COST,
    },
)
