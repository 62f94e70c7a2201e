"""Tables and downloads as the real client asks for them."""

import csv
import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import Any

import ee
import numpy as np
import PIL.Image
import pytest
from rasterio.io import MemoryFile

from eo_pipeline_tests.sandbox.clients import HEIGHT, IMAGE, LEFT, NODATA, SIDE, TOP, WIDTH, Clients, numbers
from eo_pipeline_tests.sandbox.following import ended


def squares(count: int) -> Any:
    """Features with n = 1..count and a name, at longitude n / 100."""
    points = ee.List.sequence(1, count).map(
        lambda n: ee.Feature(
            ee.Geometry.Point([ee.Number(n).divide(100), 10]), {"n": n, "name": ee.String("f").cat("x")}
        )
    )
    return ee.FeatureCollection(points)


def fetched(url: str) -> bytes:
    """The body behind an address, asked for without credentials."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the sandbox's own address
        content: bytes = answer.read()
    return content


def exported(collection: Any, clients: Clients, prefix: str, **options: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    task = ee.batch.Export.table.toCloudStorage(
        collection, description="table", bucket="tiles", fileNamePrefix=prefix, **options
    )
    task.start()
    return ended(task), clients.files("tiles", prefix)


def test_features_come_page_by_page(clients: Clients) -> None:
    first = ee.data.computeFeatures({"expression": squares(5), "pageSize": 2})
    assert first["type"] == "FeatureCollection"
    assert first["features"][0] == {
        "type": "Feature",
        "id": "0",
        "geometry": {"type": "Point", "coordinates": [0.01, 10]},
        "properties": {"n": 1, "name": "fx"},
    }
    found, token = list(first["features"]), first["nextPageToken"]
    while token:
        page = ee.data.computeFeatures({"expression": squares(5), "pageSize": 2, "pageToken": token})
        found += page["features"]
        token = page.get("nextPageToken")
    assert [feature["properties"]["n"] for feature in found] == [1, 2, 3, 4, 5]


def test_the_client_makes_frames_of_all_pages(clients: Clients) -> None:
    frame = ee.data.computeFeatures({"expression": squares(2500), "fileFormat": "GEOPANDAS_GEODATAFRAME"})
    assert frame["n"].tolist() == list(range(1, 2501))
    assert frame.geometry.x.iloc[-1] == pytest.approx(25)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"expression": ee.String, "pageSize": 5}, "Expected a FeatureCollection, got str"),
        ({"expression": squares, "pageToken": "x"}, "Invalid page token: 'x'"),
        ({"expression": squares, "pageSize": -1}, "-1 must not be negative"),
    ],
)
def test_wrong_requests_for_features_are_refused(clients: Clients, parameters: dict[str, Any], message: str) -> None:
    expression = ee.String("text") if parameters["expression"] is ee.String else squares(3)
    with pytest.raises(ee.EEException, match=message):
        ee.data.computeFeatures({**parameters, "expression": expression})


def test_a_table_export_writes_csv(clients: Clients) -> None:
    more = squares(3).merge(ee.FeatureCollection([ee.Feature(None, {"n": 1.5, "name": 'a "b", c', "late": [1, 2]})]))
    operation, files = exported(more, clients, "csv/table", fileFormat="CSV")
    assert operation["metadata"]["state"] == "SUCCEEDED", operation
    assert operation["metadata"]["type"] == "EXPORT_FEATURES"
    assert operation["metadata"]["destinationUris"] == [
        "https://console.developers.google.com/storage/browser/tiles/csv/"
    ]
    assert list(files) == ["csv/table.csv"]
    rows = list(csv.reader(io.StringIO(files["csv/table.csv"].decode())))
    assert rows[0] == ["system:index", "n", "name", ".geo"]
    assert rows[1] == ["1_0", "1", "fx", '{"type": "Point", "coordinates": [0.01, 10.0]}']
    assert rows[4] == ["2_0", "1.5", 'a "b", c', '{"type": "MultiPoint", "coordinates": []}']


def test_a_table_export_writes_the_columns_asked_for(clients: Clients) -> None:
    _, files = exported(squares(2), clients, "some", fileFormat="CSV", selectors=["name", "n"])
    assert files["some.csv"].decode() == "name,n\nfx,1\nfx,2\n"


def test_a_table_export_may_be_long(clients: Clients) -> None:
    _, files = exported(squares(6000), clients, "long", selectors=["n"])
    assert files["long.csv"].decode().splitlines() == ["n", *map(str, range(1, 6001))]


def test_a_table_export_writes_geojson(clients: Clients) -> None:
    shape = ee.Geometry.Rectangle([LEFT, TOP - 100, LEFT + 100, TOP], "EPSG:32633", False)
    _, files = exported(ee.FeatureCollection([ee.Feature(shape, {"a": 1})]), clients, "shape", fileFormat="GeoJSON")
    content = json.loads(files["shape.geojson"])
    assert content["type"] == "FeatureCollection"
    (feature,) = content["features"]
    assert feature["properties"] == {"a": 1}
    longitudes, latitudes = np.array(feature["geometry"]["coordinates"][0]).T
    assert (longitudes >= 15 - 1e-9).all()
    assert longitudes.max() < 15.002
    assert 47.8 < latitudes.min() < latitudes.max() < 47.9


def test_other_table_exports_are_refused(clients: Clients) -> None:
    with pytest.raises(ee.EEException, match="tables are written as CSV or GEO_JSON only, got SHP"):
        exported(squares(1), clients, "shp", fileFormat="SHP")
    operation, _ = exported(ee.FeatureCollection([ee.Feature(None, {})]).filter(ee.Filter.eq("a", 1)), clients, "none")
    assert operation["metadata"]["state"] == "SUCCEEDED"
    missing = ee.batch.Export.table.toCloudStorage(squares(1), description="t", bucket="nowhere", fileNamePrefix="x")
    missing.start()
    assert "nowhere" in ended(missing)["error"]["message"]


def test_a_table_is_downloaded_by_its_address(clients: Clients) -> None:
    text = fetched(squares(2).getDownloadURL("csv", ["n"], "two")).decode()
    assert text == "n\n1\n2\n"
    content = json.loads(fetched(squares(2).getDownloadURL("json")))
    assert [feature["properties"]["n"] for feature in content["features"]] == [1, 2]


def region() -> Any:
    """The upper left 40 x 30 pixels of the image."""
    return ee.Geometry.Rectangle([LEFT, TOP - 30 * SIDE, LEFT + 40 * SIDE, TOP], "EPSG:32633", False)


def test_an_image_is_downloaded_as_geotiff_npy_or_zip(clients: Clients) -> None:
    image = ee.Image(IMAGE).addBands(ee.Image(IMAGE).add(1).rename("next")).unmask(NODATA).toInt16()
    options = {"region": region(), "crs": "EPSG:32633", "scale": SIDE}
    expected = numbers()[:30, :40]
    with MemoryFile(fetched(image.getDownloadURL({**options, "format": "GEO_TIFF"}))) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1), expected)
        assert file.descriptions == ("numbers", "next")
    array = np.load(io.BytesIO(fetched(image.getDownloadURL({**options, "format": "NPY"}))))
    np.testing.assert_array_equal(array["numbers"], expected)
    archive = zipfile.ZipFile(io.BytesIO(fetched(image.getDownloadURL({**options, "name": "two"}))))
    assert sorted(archive.namelist()) == ["two.next.tif", "two.numbers.tif"]
    with MemoryFile(archive.read("two.numbers.tif")) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1), expected)
    whole = zipfile.ZipFile(io.BytesIO(fetched(image.getDownloadURL({**options, "filePerBand": False}))))
    assert whole.namelist() == ["download.tif"]


def test_a_thumbnail_is_a_picture(clients: Clients) -> None:
    url = ee.Image(IMAGE).getThumbURL(
        {"region": region(), "dimensions": "40x30", "min": 0, "max": 255, "format": "png"}
    )
    picture = np.asarray(PIL.Image.open(io.BytesIO(fetched(url))))
    assert picture.shape == (30, 40, 4)
    masked = numbers()[:30, :40] == NODATA
    assert (picture[..., 3][masked] == 0).all()
    assert (picture[..., 3][~masked] == 255).all()


def test_downloads_have_limits_of_their_own(clients: Clients) -> None:
    wide = {"region": region(), "dimensions": [10_001, 1], "format": "NPY"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(ee.Image(IMAGE).getDownloadURL(wide))
    assert "must be less than or equal to 10000." in json.loads(caught.value.read())["error"]["message"]
    with pytest.raises(ee.EEException, match="Unsupported file format TF_RECORD_IMAGE"):
        ee.Image(IMAGE).getDownloadURL({"format": "TF_RECORD_IMAGE"})


def test_an_unknown_download_is_not_found(clients: Clients) -> None:
    for path in ("thumbnails/x:getPixels", "tables/x:getFeatures"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(f"{clients.server.url}/v1/projects/sandbox-project/{path}")


def test_the_image_has_the_size_the_tests_assume(clients: Clients) -> None:
    assert ee.Image(IMAGE).getInfo()["bands"][0]["dimensions"] == [WIDTH, HEIGHT]
