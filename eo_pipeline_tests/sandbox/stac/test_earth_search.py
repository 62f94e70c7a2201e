"""Names and offsets as Earth Search has them; examples are published items."""

import datetime as dt

import pytest

from eo_pipeline.sandbox.stac.earth_search.names import clue, folder, item_id
from eo_pipeline.sandbox.stac.earth_search.radiometry import COLLECTION_0, COLLECTION_1, radiometry
from eo_pipeline.sandbox.stac.settings import StacSettings

TIME = dt.datetime(2023, 6, 4, 10, 6, 12, tzinfo=dt.UTC)


def test_names_of_both_collections() -> None:
    old = item_id(COLLECTION_0, spacecraft="B", tile="05QKB", time=TIME, sequence=1)
    new = item_id(COLLECTION_1, spacecraft="B", tile="05QKB", time=TIME, sequence=1)
    assert (old, new) == ("S2B_5QKB_20230604_1_L2A", "S2B_T05QKB_20230604T100612_L2A")
    assert folder(COLLECTION_0, tile="05QKB", time=TIME, item=old) == f"sentinel-s2-l2a-cogs/5/Q/KB/2023/6/{old}"


@pytest.mark.parametrize(
    ("collection", "item"),
    [(COLLECTION_0, "S2B_5QKB_20230604_1_L2A"), (COLLECTION_1, "S2B_T05QKB_20230604T100612_L2A")],
)
def test_an_id_tells_where_and_when(collection: str, item: str) -> None:
    told = clue(collection, item)
    assert told is not None
    assert told.tile == "05QKB"
    assert told.start <= TIME < told.end


@pytest.mark.parametrize("item", ["S2B_5QKB_20231304_1_L2A", "S2B_05QKB_20230604_1_L2A", "", "S2B_5QKB_20230604_1_L1C"])
def test_other_ids_tell_nothing(item: str) -> None:
    assert clue(COLLECTION_0, item) is None


@pytest.mark.parametrize(
    ("collection", "baseline", "day", "expected"),
    [
        (COLLECTION_0, "03.01", "2021-08-01", (0.0, False, 0)),
        (COLLECTION_0, "04.00", "2022-02-10", (-0.1, False, 1000)),
        (COLLECTION_0, "04.00", "2022-02-27", (-0.1, True, 0)),
        (COLLECTION_0, "05.09", "2023-06-04", (-0.1, True, 0)),
        (COLLECTION_1, "03.01", "2021-08-01", (-0.1, False, 1000)),
        (COLLECTION_1, "05.09", "2023-06-04", (-0.1, False, 1000)),
    ],
)
def test_offsets_follow_the_baseline(
    collection: str, baseline: str, day: str, expected: tuple[float, bool, int]
) -> None:
    how = radiometry(collection, "item", baseline, day, StacSettings())
    assert (how.offset, how.applied, how.added) == expected


def test_collection_1_is_reprocessed() -> None:
    assert radiometry(COLLECTION_1, "item", "02.14", "2020-01-01", StacSettings()).baseline == "05.00"


def test_habits_are_settings() -> None:
    honest = StacSettings(declares_applied_offset=False, mislabelled=frozenset({"item"}))
    how = radiometry(COLLECTION_0, "item", "05.09", "2023-06-04", honest)
    assert (how.offset, how.applied, how.added) == (0.0, False, 0)
