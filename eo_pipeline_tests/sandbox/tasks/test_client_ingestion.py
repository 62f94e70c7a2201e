"""Images and tables from Cloud Storage become assets, as the real clients ask for it."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ee
import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.io import MemoryFile

from eo_pipeline_tests.sandbox.clients import LEFT, PROJECT, SIDE, TOP, Clients
from eo_pipeline_tests.sandbox.following import ended

ROOT = f"projects/{PROJECT}/assets"
NAME = "projects/sandbox-project/assets/"


def values(*, bands: int = 1, dtype: str = "i2") -> np.ndarray:
    """(band, row, column): 60 x 80 pixels, every one of them another number."""
    return np.arange(bands * 60 * 80).reshape(bands, 60, 80).astype(dtype)


def geotiff(data: np.ndarray, *, column: int = 0, row: int = 0, **profile: Any) -> bytes:
    """A GeoTIFF whose first pixel is (column, row) of the lattice of the tests."""
    affine = rasterio.Affine(SIDE, 0, LEFT + column * SIDE, 0, -SIDE, TOP - row * SIDE)
    given = {"crs": "EPSG:32633", "count": data.shape[0], "dtype": data.dtype.name, "transform": affine, **profile}
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", height=data.shape[1], width=data.shape[2], **given) as file:
            file.write(data)
        return bytes(memory.read())


def put(clients: Clients, name: str, content: bytes) -> str:
    """An object in the bucket `tiles`; gives its address."""
    clients.storage.bucket("tiles").blob(name).upload_from_string(content)
    return f"gs://tiles/{name}"


def followed(started: Mapping[str, Any]) -> dict[str, Any]:
    """The ended operation of an ingestion."""

    class Started:
        operation_name = started["name"]

    return ended(Started())


def image(name: str, *sources: str, overwrite: bool = False, **manifest: Any) -> dict[str, Any]:
    """The ended operation of the ingestion of one tileset."""
    tilesets = [{"id": "ts", "sources": [{"uris": [uri]} for uri in sources]}]
    started = ee.data.startIngestion("id", {"name": f"{NAME}{name}", "tilesets": tilesets, **manifest}, overwrite)
    return followed(started)


def table(name: str, *uris: str, source: Mapping[str, Any] | None = None, **manifest: Any) -> dict[str, Any]:
    """The ended operation of the ingestion of one source."""
    sources = [{"uris": list(uris), **(source or {})}]
    return followed(ee.data.startTableIngestion("", {"name": f"{NAME}{name}", "sources": sources, **manifest}))


def pixels(name: str, *, width: int = 80, height: int = 60) -> np.ndarray:
    """Pixels from the first one of the lattice on."""
    affine = {"scaleX": SIDE, "translateX": LEFT, "scaleY": -SIDE, "translateY": TOP}
    grid = {"crsCode": "EPSG:32633", "dimensions": {"width": width, "height": height}, "affineTransform": affine}
    expression = ee.Image(f"{ROOT}/{name}").unmask(-1, False)
    array: np.ndarray = ee.data.computePixels({"expression": expression, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    return array


def test_an_image_is_ingested_with_its_bands(clients: Clients) -> None:
    address = put(clients, "in/two.tif", geotiff(values(bands=2)))
    operation = image(
        "two",
        address,
        bands=[
            {"id": "second", "tilesetId": "ts", "tilesetBandIndex": 1, "pyramidingPolicy": "MODE"},
            {"id": "first", "tilesetId": "ts", "tilesetBandIndex": 0},
        ],
        properties={"origin": "test"},
        start_time="2024-03-01T00:00:00Z",
        end_time={"seconds": 1709337600},
    )
    metadata = operation["metadata"]
    assert (metadata["type"], metadata["description"]) == ("INGEST_IMAGE", f"Asset ingestion: {ROOT}/two")
    assert metadata["destinationUris"] == [f"https://code.earthengine.google.com/?asset={ROOT}/two"]
    assert metadata["batchEecuUsageSeconds"] == pytest.approx(2 * 60 * 80 / 1e6 * 0.5)
    found = pixels("two")
    np.testing.assert_array_equal(found["first"], values(bands=2)[0])
    np.testing.assert_array_equal(found["second"], values(bands=2)[1])
    asset = ee.data.getAsset(f"{ROOT}/two")
    assert asset["properties"] == {"origin": "test"}
    assert (asset["startTime"], asset["endTime"]) == ("2024-03-01T00:00:00.000000Z", "2024-03-02T00:00:00.000000Z")
    assert [band["pyramidingPolicy"] for band in asset["bands"]] == ["MODE", "MEAN"]


def test_tiles_become_one_image(clients: Clients) -> None:
    """Four tiles with an overlap of five columns; a hole of ten rows stays masked, and later tiles lie above."""
    data = values()
    west = put(clients, "in/west.tif", geotiff(data[:, :50, :45]))
    east = put(clients, "in/east.tif", geotiff(data[:, :50, 40:] + 5000, column=40))
    assert image("tiled", west, east)["metadata"]["state"] == "SUCCEEDED"
    found = pixels("tiled")["b1"]
    want = np.full((60, 80), -1)
    want[:50, :45] = data[0, :50, :45]
    want[:50, 40:] = data[0, :50, 40:] + 5000
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize(
    ("name", "profile", "manifest", "masked"),
    [
        ("nodata", {"nodata": 17}, {}, [17]),
        ("missing", {"nodata": 17}, {"missingData": {"values": [3, 4]}}, [3, 4]),
        ("all", {}, {}, []),
    ],
)
def test_missing_values_are_masked(clients: Clients, name: str, profile: Any, manifest: Any, masked: list[int]) -> None:
    address = put(clients, f"in/{name}.tif", geotiff(values(), **profile))
    image(name, address, **manifest)
    want = np.where(np.isin(values()[0], masked), -1, values()[0])
    np.testing.assert_array_equal(pixels(name)["b1"], want)


def test_the_last_band_may_be_the_mask(clients: Clients) -> None:
    data = values(bands=3)
    data[2] = data[0] % 3 > 0
    image("alpha", put(clients, "in/alpha.tif", geotiff(data)), maskBands={"tilesetId": "ts"})
    found = pixels("alpha")
    assert found.dtype.names == ("b1", "b2")
    np.testing.assert_array_equal(found["b2"], np.where(data[2] == 1, data[1], -1))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no tiff", "Source file is not a valid GeoTIFF."),
        (
            b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>",
            "Source file is not a valid GeoTIFF.",
        ),
        (
            geotiff(values(), crs=None),
            "Unable to determine the projection of the source file; specify a crs.",
        ),
    ],
)
def test_files_of_another_kind_end_the_task(clients: Clients, content: bytes, message: str) -> None:
    operation = image("bad", put(clients, "in/bad.tif", content))
    assert operation["error"]["message"] == message
    assert ee.data.getInfo(f"{ROOT}/bad") is None


def test_what_cannot_be_one_image_ends_the_task(clients: Clients) -> None:
    first = put(clients, "in/a.tif", geotiff(values()))
    other = put(clients, "in/b.tif", geotiff(values(dtype="f4"), column=80))
    assert image("mixed", first, other)["error"]["message"].startswith("All sources of a tileset must have the same")
    between = put(clients, "in/c.tif", geotiff(values(), column=1, transform=rasterio.Affine(10, 0, 5, 0, -10, 5)))
    assert image("between", first, between)["error"]["message"].startswith("All sources of a tileset must lie on one")
    gone = image("gone", "gs://tiles/in/nothing.tif")["error"]["message"]
    assert gone == (
        "Cannot read source file 'gs://tiles/in/nothing.tif': it does not exist or the caller does not have access."
    )
    bands = [{"id": "x", "tilesetBandIndex": 7}]
    assert image("beyond", first, bands=bands)["error"]["message"] == "Band 'x' asks for band 7 of 1 in its tileset."


def test_a_taken_id_is_overwritten_only_on_demand(clients: Clients) -> None:
    address = put(clients, "in/again.tif", geotiff(values()))
    image("again", address)
    assert image("again", address)["error"]["message"] == f"Cannot overwrite asset '{ROOT}/again'."
    assert "error" not in image("again", address, overwrite=True)


CSV = """name,longitude,latitude,count,when
"Zürich, city",8.54,47.37,3,2020-01-01
Bern,7.45,46.95,,2021-02-03
"""


def rows(name: str) -> list[tuple[Any, dict[str, Any]]]:
    """Coordinates and properties of a table's features."""
    info = ee.FeatureCollection(f"{ROOT}/{name}").getInfo()
    return [(feature["geometry"]["coordinates"], feature["properties"]) for feature in info["features"]]


def test_a_csv_file_is_ingested(clients: Clients) -> None:
    operation = table("cities", put(clients, "in/cities.csv", CSV.encode()), properties={"year": 2020})
    assert operation["metadata"]["type"] == "INGEST_TABLE"
    both = {"longitude": 8.54, "latitude": 47.37}, {"longitude": 7.45, "latitude": 46.95}
    assert rows("cities") == [
        ([8.54, 47.37], {"name": "Zürich, city", "count": 3, "when": "2020-01-01", **both[0]}),
        ([7.45, 46.95], {"name": "Bern", "when": "2021-02-03", **both[1]}),
    ]
    assert ee.data.getAsset(f"{ROOT}/cities")["properties"] == {"year": 2020}


def test_shapes_of_a_csv_file_are_read(clients: Clients) -> None:
    """GeoJSON in `.geo`, as the service's own exports have it, and WKT in a column that is named."""
    square = shapely.box(15, 47, 15.5, 47.5)
    geojson = json.dumps(shapely.geometry.mapping(square)).replace('"', '""')
    table("geojson", put(clients, "in/geo.csv", f'a,.geo\n1,"{geojson}"\n'.encode()))
    source = {"primaryGeometryColumn": "shape", "csvDelimiter": ";"}
    table("wkt", put(clients, "in/wkt.csv", f"a;shape\n1;{square.wkt}\n".encode()), source=source)
    for name in ("geojson", "wkt"):
        [(coordinates, properties)] = rows(name)
        assert properties == {"a": 1}
        assert shapely.Polygon(coordinates[0]).equals(square)


def shapefile(folder: Path) -> Path:
    """Two squares in UTM, with numbers and texts."""
    frame = geopandas.GeoDataFrame(
        {"size": [1.5, 2.5], "label": ["ä", "b"]},
        geometry=[shapely.box(500000, 5300000, 501000, 5301000), shapely.box(502000, 5300000, 503000, 5301000)],
        crs="EPSG:32633",
    )
    path = folder / "squares.shp"
    frame.to_file(path, encoding="utf-8")
    return path


def test_a_shapefile_is_ingested_alone_and_zipped(clients: Clients, tmp_path: Path) -> None:
    path = shapefile(tmp_path)
    parts = [path.with_suffix(ending) for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg")]
    uris = [put(clients, f"in/{part.name}", part.read_bytes()) for part in parts]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for part in parts:
            file.write(part, f"inside/{part.name}")
        file.writestr("../../escaped.prj.txt", "x")
    assert "error" not in table("alone", *uris)
    assert "error" not in table("zipped", put(clients, "in/squares.zip", archive.getvalue()))
    want = geopandas.read_file(path).to_crs("EPSG:4326")
    for name in ("alone", "zipped"):
        found = rows(name)
        assert [properties for _, properties in found] == [{"size": 1.5, "label": "ä"}, {"size": 2.5, "label": "b"}]
        for (coordinates, _), shape in zip(found, want.geometry, strict=True):
            assert shapely.Polygon(coordinates[0]).symmetric_difference(shape).area < 1e-12


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.zip", b"nothing", "Source file is not a valid zip file"),
        ("x.shp", b"<OGRVRTDataSource/>", "Source must be a CSV file, a shapefile with its companions"),
        ("x.csv", b"a,b\n\xff\xfe,1\n", "Source file is not a valid CSV file"),
        ("x.csv", b"", "Source file has no rows."),
        ("x.csv", b"a,WKT\n1,POINT(x)\n", "Source file has a geometry that cannot be read"),
        ("x.csv", b"a,longitude,latitude\n1\n", None),
    ],
)
def test_other_tables_end_the_task(clients: Clients, name: str, content: bytes, message: str | None) -> None:
    operation = table("bad-table", put(clients, f"in/bad/{name}", content))
    if message is None:
        assert "error" not in operation
        ee.data.deleteAsset(f"{ROOT}/bad-table")
    else:
        assert operation["error"]["message"].startswith(message)
        assert operation["error"]["code"] == 3


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"tilesets": [{"sources": [{"uris": ["gs://tiles/x.tif"]}]}]}, "an asset name is required"),
        ({"name": f"{NAME}x"}, "expected tilesets with different ids"),
        ({"name": f"{NAME}x", "tilesets": [{"sources": [{"uris": ["/etc/passwd"]}]}]}, "expected gs://BUCKET/NAME"),
        ({"name": f"{NAME}x", "tilesets": [{"sources": []}]}, "sources of one GeoTIFF each"),
    ],
)
def test_a_malformed_manifest_is_refused_at_once(clients: Clients, manifest: Any, message: str) -> None:
    assert clients.server.url
    with pytest.raises(ee.EEException, match=message):
        ee.data.startIngestion("id", manifest)
