"""When numbers of two places count as the same."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from odc.geo.crs import CRS

from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.steps.zones.compare_places import Difference, compare, sample_of


def rows(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"id": ["a", "b"], "period": "2024-01", **columns})


def test_numbers_may_differ_by_a_share_of_the_larger() -> None:
    here, there = rows(mean=[100.0, 10.0], count=[4, 9]), rows(mean=[100.4, 10.2], count=[4, 9])
    found = compare(here, there, "id", tolerance=0.005)
    assert found.numbers == 4
    assert found.largest == pytest.approx(0.2 / 10.2)
    assert found.beyond == (Difference("b", "mean", 10.0, 10.2),)
    assert compare(here, there, "id", tolerance=0.02).beyond == ()


def test_a_number_near_zero_among_both_signs_is_compared_with_the_largest() -> None:
    here, there = rows(mean=[-0.5, 0.0001]), rows(mean=[-0.5, 0.0002])
    assert compare(here, there, "id", tolerance=0.005).beyond == ()
    positive = compare(rows(mean=[0.5, 0.0001]), rows(mean=[0.5, 0.0002]), "id", tolerance=0.005)
    assert [one.zone for one in positive.beyond] == ["b"]


def test_null_and_a_number_are_never_the_same_and_two_nulls_are() -> None:
    here, there = rows(mean=[np.nan, np.nan]), rows(mean=[np.nan, 0.0])
    found = compare(here, there, "id", tolerance=0.9)
    assert np.isinf(found.largest)
    assert [one.zone for one in found.beyond] == ["b"]


def test_whole_numbers_that_may_be_null_are_compared() -> None:
    some = rows(variety=pd.array([3, None], dtype="Int64"))
    assert compare(some, some, "id", tolerance=0.1).largest == 0
    other = rows(variety=pd.array([4, None], dtype="Int64"))
    assert compare(some, other, "id", tolerance=0.1).beyond == (Difference("a", "variety", 3.0, 4.0),)


def test_a_sample_is_spread_over_all() -> None:
    shapes = tuple(shapely.box(n, 0, n + 1, 1) for n in range(101))
    zones = Zones("z", "id", tuple(range(101)), shapes, CRS("EPSG:32633"), (), "")
    assert sample_of(zones, 5).ids == (0, 25, 50, 75, 100)
    assert sample_of(zones.only({3, 4}), 5).ids == (3, 4)
