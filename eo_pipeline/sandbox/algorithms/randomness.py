"""Random columns and random points, the same for the same seed. What does not belong here: random pixels."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import shapely

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection, Derived, Element, Listed
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.properties import property_of
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature

FAMILY = Family()

_ROUNDS = 500
"""Times that a batch of points is drawn before a region counts as too thin."""


@FAMILY.algorithm("Collection.randomColumn")
def random_column(
    collection: Collection, *, column_name: str, seed: int, distribution: str, row_keys: list[str]
) -> Collection:
    """A column of numbers in [0, 1) or of the standard normal distribution, by seed and the row's keys."""
    if distribution not in ("uniform", "normal"):
        raise ServiceError(
            f"Collection.randomColumn: Distribution must be 'uniform' or 'normal', got '{distribution}'."
        )

    def make() -> Iterator[Element]:
        for member in collection.stream_elements():
            part = _uniform(seed, [property_of(member, key) for key in row_keys])
            number = part if distribution == "uniform" else NormalDist().inv_cdf(max(part, 2**-53))
            yield member.with_properties({**member.properties, column_name: number})

    return replace(collection, source=Derived(make, collection.source.endless))


def _uniform(seed: int, keys: list[object]) -> float:
    """A number in [0, 1) that looks random."""
    digest = hashlib.blake2b(repr((seed, keys)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) * 2.0**-53


@FAMILY.algorithm("FeatureCollection.randomPoints")
def random_points(region: Geometry, points: int, seed: int) -> Collection:
    """Points that are spread evenly over a region on the sphere."""
    shape = region.to(WGS84)
    if shape.area == 0:
        raise ServiceError("FeatureCollection.randomPoints: The region must have an area.")
    shapely.prepare(shape)
    rng = np.random.default_rng(abs(seed))
    west, south, east, north = shape.bounds
    low, high = math.sin(math.radians(south)), math.sin(math.radians(north))
    found: list[tuple[float, float]] = []
    for _ in range(_ROUNDS):
        x = rng.uniform(west, east, max(points, 1000))
        y = np.rad2deg(np.arcsin(rng.uniform(low, high, len(x))))
        inside = shapely.contains_xy(shape, x, y)
        found += list(zip(x[inside].tolist(), y[inside].tolist(), strict=True))
        if len(found) >= points:
            break
    else:
        raise ServiceError("FeatureCollection.randomPoints: The region is too thin to draw points in it.")
    features = (
        Feature(Geometry(shapely.Point(place)), {"system:index": str(number)})
        for number, place in enumerate(found[: max(points, 0)])
    )
    return Collection(Listed(tuple(features)), "Feature")
