"""The work list: columns, rows as chips, and what is refused."""

from datetime import UTC, datetime

import geopandas
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.chips.chip_boxes import lattice_windows
from eo_pipeline.core.chips.samples import COLUMNS, Places, Sample, WorkList, checked, work_list
from eo_pipeline.core.grids import Lattice
from eo_pipeline.errors import SamplesError

UTM = Lattice("EPSG:32633", 10.0, 0.0, 0.0)


def made(*ids: str, longitude: float = 15.0, **more: object) -> WorkList:
    count = len(ids)
    names = np.array([*ids], dtype=object)
    places = Places(names, np.full(count, longitude), np.full(count, 48.0), **more)  # type: ignore[arg-type] # arrays
    windows = lattice_windows(UTM, np.arange(count, dtype=np.float64) * 1000 + 5, np.full(count, 5.0), size=4)
    return work_list(places, windows)


def test_rows_come_out_as_chips() -> None:
    when = datetime(2024, 1, 5, 10, tzinfo=UTC)
    work = made(
        "a",
        "b",
        labels=np.array(["wood", None], dtype=object),
        source_images=np.array(["c/1", None], dtype=object),
        times=np.array([int(when.timestamp() * 1000)] * 2),
    )
    first, second = work
    assert first == Sample("a", GeoBox((4, 4), Affine(10, 0, -20, 0, -10, 30), UTM.crs), "wood", None, "c/1", when)
    assert (second.id, second.label, second.split, second.source_image) == ("b", None, None, None)
    assert len(work) == 2


def test_composites_have_no_time_and_places_without_split_none() -> None:
    [sample] = made("a")
    assert (sample.time, sample.split, sample.label, sample.source_image) == (None, None, None, None)


def test_columns_and_their_types_are_the_same_whatever_is_known() -> None:
    plain, empty = made("a").table, made().table
    assert list(plain.columns) == list(empty.columns) == [column.name for column in COLUMNS]
    assert plain.dtypes.astype(str).tolist() == empty.dtypes.astype(str).tolist()
    assert plain.crs == empty.crs == "EPSG:4326"


def test_longitudes_beyond_180_come_back() -> None:
    assert made("a", longitude=181.5).table.geometry.x.tolist() == [-178.5]


def test_ids_are_unique() -> None:
    with pytest.raises(SamplesError) as told:
        made("a", "b", "a")
    assert str(told.value) == (
        "work list: expected every id once, got 1 repeated (a); give each place an id of its own"
    )


def test_ids_are_there() -> None:
    table = made("a", "b").table
    table.loc[1, "id"] = None
    with pytest.raises(SamplesError, match=r"f\.parquet: expected an id for every chip, got none in 1 row\(s\); fill"):
        checked(table, where="f.parquet")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t.drop(columns="top"),
            "expected the columns id, geometry, crs, left, top, .*got id, geometry, crs, l",
        ),
        (lambda t: t.astype({"width": "float64"}), "expected int64 in column width, got float64; plan it anew"),
        (lambda t: t.set_crs("EPSG:4258", allow_override=True), "expected places in EPSG:4326, got EPSG:4258"),
        (
            lambda t: t.assign(height=np.zeros(2, np.int64)),
            "expected chips with pixels, got none in a, b; plan it anew",
        ),
    ],
)
def test_other_tables_are_refused(change: object, message: str) -> None:
    table: geopandas.GeoDataFrame = made("a", "b").table
    with pytest.raises(SamplesError, match=message):
        checked(change(table))  # type: ignore[operator] # the lambdas above
