"""Tables of vector files and of the world."""

from pathlib import Path

import geopandas
import pytest
import shapely

from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.catalog.files import FileCatalog, load_file_catalog
from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.world.world import build_world

ZONES = geopandas.GeoDataFrame(
    {"code": ["a", "b", None], "n": [1.5, None, 3.0]},
    geometry=[shapely.box(500_000, 5_299_000, 501_000, 5_300_000), shapely.Point(500_500, 5_299_500), None],
    crs="EPSG:32633",
)


def load(folder: Path, text: str) -> FileCatalog:
    file = folder / "catalog.yaml"
    file.write_text(text)
    return load_file_catalog(file)


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def constant(value: object) -> dict[str, object]:
    return {"constantValue": value}


@pytest.mark.parametrize("name", ["zones.gpkg", "zones.geojson", "zones.shp"])
def test_the_features_of_a_file_come_in_degrees(tmp_path: Path, name: str) -> None:
    (ZONES.to_crs(4326) if name.endswith("json") else ZONES.iloc[[0, 2]] if name.endswith("shp") else ZONES).to_file(
        tmp_path / name
    )
    catalog = load(tmp_path, f"tables: {{my/zones: {{path: {name}, properties: {{title: Zones}}}}}}")
    features = catalog.table("my/zones")
    assert features is not None
    assert features[0].geometry is not None
    expected = ZONES.to_crs(4326).geometry.iloc[0]
    assert features[0].geometry.shape.symmetric_difference(expected).area < 1e-9
    assert {key: features[0].properties[key] for key in ("code", "n")} == {"code": "a", "n": 1.5}
    assert len(str(features[0].properties["system:index"])) == 20
    assert features[-1].geometry is None
    assert features[-1].properties["code"] is None
    asset = catalog.asset("my/zones")
    assert asset is not None
    assert (asset.type, asset.properties) == ("TABLE", {"title": "Zones"})


def test_a_column_may_be_the_index(tmp_path: Path) -> None:
    ZONES.iloc[:2].to_file(tmp_path / "zones.gpkg")
    features = load(tmp_path, "tables: {my/zones: {path: zones.gpkg, index: code}}").table("my/zones")
    assert [feature.properties["system:index"] for feature in features or ()] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tables: {a: {path: missing.gpkg}}", r"tables\.a\.path: expected a vector file, got .*missing\.gpkg"),
        ("tables: {a: {path: zones.gpkg, layer: b}}", r"tables\.a\.path: expected a vector file"),
        ("tables: {a: {path: zones.gpkg, index: id}}", r"index to name one of the columns \['code', 'n'\]"),
        ("tables: {a: {}}", r"tables\.a: expected the field path, got none"),
    ],
)
def test_mistakes_name_file_and_field(tmp_path: Path, text: str, message: str) -> None:
    ZONES.to_file(tmp_path / "zones.gpkg")
    with pytest.raises(CatalogFileError, match=message):
        load(tmp_path, text)


def test_a_table_is_loaded_filtered_and_reduced(tmp_path: Path) -> None:
    ZONES.to_file(tmp_path / "zones.gpkg")
    engine = GraphEngine(load(tmp_path, "tables: {my/zones: {path: zones.gpkg}}"))
    table = call("Collection.loadTable", tableId=constant("my/zones"))
    kept = call("Filter.equals", leftField=constant("code"), rightValue=constant("a"))
    rows = engine.value({"values": {"0": call("Collection.filter", collection=table, filter=kept)}, "result": "0"})
    assert isinstance(rows, dict)
    assert [row["properties"]["code"] for row in rows["features"]] == ["a"]
    assert rows["id"] == "my/zones"
    with pytest.raises(ServiceError, match="Collection asset 'my/other' not found") as caught:
        engine.value({"values": {"0": call("Collection.loadTable", tableId=constant("my/other"))}, "result": "0"})
    assert caught.value.code == 404


def test_the_world_has_its_countries() -> None:
    world = build_world()
    countries = {str(one.properties["ADM0_NAME"]): one for one in world.table("FAO/GAUL/2015/level0") or ()}
    assert len(countries) == 177
    for name, place in (("Austria", (14.5, 47.5)), ("Brazil", (-50, -10)), ("Kenya", (38, 0.5))):
        geometry = countries[name].geometry
        assert geometry is not None
        assert geometry.shape.contains(shapely.Point(place))
    assert countries["Austria"].properties["ADM0_CODE"] == 40
    assert world.table("FAO/GAUL/2015/level9") is None
    asset = world.asset("FAO/GAUL/2015/level0")
    assert asset is not None
    assert asset.type == "TABLE"
