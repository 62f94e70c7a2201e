"""Files of named places: points and inner points of polygons, with classes, in the CRS asked for."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.errors import SamplesError, ZonesError
from eo_pipeline.storage.labelled_places import LabelledPlaces, read_labelled_places

RING = shapely.Point(500_000, 5_000_000).buffer(300).difference(shapely.Point(500_000, 5_000_000).buffer(200))


def read(path: Path, label: str | None = "class", crs: str = "EPSG:32633") -> LabelledPlaces:
    return read_labelled_places(path, id_column="plot", label_column=label, crs=crs)


def write(folder: Path, ids: list[object], labels: list[object], shapes: list[BaseGeometry | None]) -> Path:
    path = folder / "plots.gpkg"
    frame = geopandas.GeoDataFrame({"plot": ids, "class": labels}, geometry=shapes, crs="EPSG:32633")
    frame.to_file(path, driver="GPKG")
    return path


def test_points_stay_where_they_are_and_polygons_have_a_place_inside(tmp_path: Path) -> None:
    point = shapely.Point(400_000.5, 5_100_000.25)
    found = read(write(tmp_path, ["a", "b"], ["wood", "water"], [point, RING]))
    assert (found.x[0], found.y[0]) == (400_000.5, 5_100_000.25)
    assert RING.contains(shapely.Point(found.x[1], found.y[1]))
    assert found.ids.tolist() == ["a", "b"]
    assert found.labels is not None
    assert found.labels.tolist() == ["wood", "water"]


def test_a_single_point_may_be_stored_as_several(tmp_path: Path) -> None:
    found = read(write(tmp_path, ["a"], ["x"], [shapely.MultiPoint([(3, 4)])]))
    assert (found.x.tolist(), found.y.tolist()) == ([3], [4])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [([3, 4], ["3", "4"]), ([3, None], ["3", None]), ([0.5, None], ["0.5", None]), (["x", None], ["x", None])],
)
def test_classes_are_texts_whatever_the_file_holds(
    tmp_path: Path, labels: list[object], expected: list[object]
) -> None:
    found = read(write(tmp_path, [1, 2], labels, [shapely.Point(1, 1), shapely.Point(2, 2)]))
    assert found.labels is not None
    assert found.labels.tolist() == expected
    assert found.ids.tolist() == ["1", "2"]


def test_places_come_in_the_crs_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, ["a"], ["x"], [shapely.Point(500_000, 0)])
    found = read(path, None, crs="EPSG:4326")
    np.testing.assert_allclose([found.x, found.y], [[15.0], [0.0]], atol=1e-9)
    assert found.labels is None


def test_an_id_of_two_places_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, ["a", "b", "a"], [1, 2, 3], [shapely.Point(n, n) for n in range(3)])
    with pytest.raises(SamplesError) as told:
        read(path)
    assert str(told.value) == (
        f"{path}: column 'plot': expected every id once, got 1 repeated (a); choose a column that names each place"
    )


def test_a_place_without_an_id_is_told_by_its_row(tmp_path: Path) -> None:
    path = write(tmp_path, ["a", None], [1, 2], [shapely.Point(1, 1), shapely.Point(2, 2)])
    with pytest.raises(
        SamplesError, match=r"column 'plot': expected an id for every place, got none in 1 feature\(s\)"
    ):
        read(path)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (shapely.LineString([(0, 0), (1, 1)]), "LineString"),
        (None, "no geometry"),
        (shapely.MultiPoint([(0, 0), (1, 1)]), "MultiPoint"),
        (shapely.Point(), "Point"),
    ],
)
def test_other_shapes_are_named(tmp_path: Path, shape: BaseGeometry | None, kind: str) -> None:
    path = write(tmp_path, ["a", "b"], [1, 2], [shapely.Point(1, 1), shape])
    with pytest.raises(SamplesError) as told:
        read(path)
    assert str(told.value) == (
        f"{path}: expected points or polygons, got 1 other or empty shapes (b: {kind}); remove them"
    )


def test_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, ["a"], [1], [shapely.Point(1, 1)])
    with pytest.raises(ZonesError, match="expected a column 'kind', got the columns plot, class; name one of those"):
        read(path, "kind")
