"""Files of zones: what is read, what is mended, and what each refusal says."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import geopandas
import pytest
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.shapes import Kind
from eo_pipeline.errors import ZonesError
from eo_pipeline.storage.vectors import checksum, read_zones

BOWTIE = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
SQUARES = [box(0, 0, 1, 1), box(2, 0, 3, 1), box(4, 0, 5, 1)]


def write(
    path: Path, ids: Sequence[object], shapes: Sequence[object], crs: str | None = "EPSG:4326", **options: str
) -> Path:
    geopandas.GeoDataFrame({"code": list(ids), "other": 1}, geometry=list(shapes), crs=crs).to_file(path, **options)
    return path


@pytest.mark.parametrize("name", ["z.gpkg", "z.shp", "z.geojson", "z.fgb"])
def test_ids_and_polygons_keep_the_order_of_the_file(tmp_path: Path, name: str) -> None:
    options = {"SPATIAL_INDEX": "NO"} if name == "z.fgb" else {}
    zones = read_zones(write(tmp_path / name, ["c", "a", "b"], SQUARES, **options), id_column="code")
    assert zones.ids == ("c", "a", "b")
    assert [shape.bounds for shape in zones.geometries] == [shape.bounds for shape in SQUARES]
    assert (zones.id_column, zones.source) == ("code", str(tmp_path / name))
    assert zones.crs.to_epsg() == 4326
    assert zones.repaired == ()


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    ids = read_zones(write(tmp_path / "z.gpkg", [30, 10, 20], SQUARES), id_column="code").ids
    assert ids == (30, 10, 20)
    assert {type(zone) for zone in ids} == {int}


def test_an_invalid_polygon_is_mended_and_reported(tmp_path: Path) -> None:
    zones = read_zones(write(tmp_path / "z.gpkg", ["ok", "tie"], [SQUARES[2], BOWTIE]), id_column="code")
    assert zones.geometries[1].is_valid
    assert zones.geometries[1].area == pytest.approx(2.0)
    (repair,) = zones.repaired
    assert repair.zone == "tie"
    assert repair.reason.startswith("Self-intersection")


def test_the_checksum_is_of_the_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "z.gpkg", [1, 2, 3], SQUARES)
    assert read_zones(path, id_column="code").checksum == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_checksum_of_a_shapefile_counts_its_parts(tmp_path: Path) -> None:
    path = write(tmp_path / "z.shp", [1, 2, 3], SQUARES)
    before = checksum(path)
    write(tmp_path / "z.shp", [1, 2, 4], SQUARES)
    assert checksum(path) != before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZonesError, match=r"gone\.gpkg: expected a file of shapes, got nothing there"):
        read_zones(tmp_path / "gone.gpkg", id_column="code")


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "z.gpkg").write_text("no vectors")
    with pytest.raises(ZonesError, match=r"z\.gpkg: expected a file of shapes that GDAL can read"):
        read_zones(tmp_path / "z.gpkg", id_column="code")


def test_a_missing_column_lists_those_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "z.gpkg", [1, 2, 3], SQUARES)
    with pytest.raises(ZonesError, match=r"z\.gpkg: expected a column 'id', got the columns code, other"):
        read_zones(path, id_column="id")


def test_null_ids_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "z.gpkg", ["a", None, "c"], SQUARES)
    with pytest.raises(ZonesError, match=r"z\.gpkg: column 'code': .*got none in 1 feature\(s\) \(from 0: 1\)"):
        read_zones(path, id_column="code")


def test_repeated_ids_are_listed(tmp_path: Path) -> None:
    path = write(tmp_path / "z.gpkg", ["a", "b", "a"], SQUARES)
    with pytest.raises(ZonesError, match=r"z\.gpkg: column 'code': expected every id once, got 1 repeated \(a\)"):
        read_zones(path, id_column="code")


def test_a_missing_crs_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "z.shp", [1, 2, 3], SQUARES, crs=None)
    with pytest.raises(ZonesError, match=r"z\.shp: expected a CRS, got none; .*its \.prj"):
        read_zones(path, id_column="code")


def test_other_geometries_are_listed(tmp_path: Path) -> None:
    shapes = [SQUARES[0], LineString([(0, 0), (1, 1)]), None]
    path = write(tmp_path / "z.geojson", ["a", "b", "c"], shapes)
    with pytest.raises(ZonesError, match=r"got 2 other or empty geometries \(code b: LineString, c: no geometry\)"):
        read_zones(path, id_column="code")


KINDS: tuple[Kind, ...] = ("polygons", "points", "lines")
LINES = [LineString([(0, 0), (1, 1)]), MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])]


@pytest.mark.parametrize(
    ("shapes", "kind"), [(SQUARES[:2], "polygons"), ([Point(1, 2), MultiPoint([(1, 1)])], "points"), (LINES, "lines")]
)
def test_points_and_lines_are_zones_where_they_may_be(tmp_path: Path, shapes: list[BaseGeometry], kind: Kind) -> None:
    path = write(tmp_path / "z.geojson", ["a", "b"], shapes)
    zones = read_zones(path, id_column="code", kinds=KINDS)
    assert zones.kind == kind
    assert list(zones.geometries) == shapes


def test_zones_of_several_kinds_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "z.geojson", ["a", "b"], [SQUARES[0], Point(1, 1)])
    words = r"z\.geojson: expected zones of one kind, got points and polygons; store each kind in a file of its own"
    with pytest.raises(ZonesError, match=words):
        read_zones(path, id_column="code", kinds=KINDS)


def test_coordinates_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    odd = Polygon([(0, 0), (1, float("nan")), (1, 1)])
    path = write(tmp_path / "z.gpkg", ["fine", "odd"], [SQUARES[0], odd])
    words = r"z\.gpkg: expected coordinates that are finite numbers, got others in 1 geometries \(code odd\); correct"
    with pytest.raises(ZonesError, match=words):
        read_zones(path, id_column="code")


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        (LineString([(1, 1), (1, 1)]), "a line with a length"),
        (Polygon([(0, 0), (1, 1), (2, 2)]), "a polygon with an area"),
    ],
)
def test_nothing_to_measure_is_refused(tmp_path: Path, shape: BaseGeometry, wanted: str) -> None:
    path = write(tmp_path / "z.gpkg", ["nil"], [shape])
    with pytest.raises(ZonesError, match=rf"zone nil: expected {wanted}, got one without; remove it"):
        read_zones(path, id_column="code", kinds=KINDS)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "z.gpkg", [], [])
    with pytest.raises(ZonesError, match=r"z\.gpkg: expected features, got a file without any"):
        read_zones(path, id_column="code")


def test_one_of_several_layers_must_be_named(tmp_path: Path) -> None:
    write(tmp_path / "z.gpkg", [1], SQUARES[:1], layer="parcels")
    path = write(tmp_path / "z.gpkg", [1, 2], SQUARES[:2], layer="regions")
    with pytest.raises(ZonesError, match=r"expected one of its layers \(parcels, regions\), got no layer; name one"):
        read_zones(path, id_column="code")
    with pytest.raises(ZonesError, match="got layer 'towns'"):
        read_zones(path, id_column="code", layer="towns")
    assert len(read_zones(path, id_column="code", layer="regions").ids) == 2
