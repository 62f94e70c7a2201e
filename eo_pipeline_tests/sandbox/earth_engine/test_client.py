"""The real Earth Engine client asks for values, pixels and assets."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ee
import numpy as np
import PIL.Image
import pytest
from rasterio.io import MemoryFile

from eo_pipeline_tests.sandbox.clients import IMAGE, LEFT, NODATA, SIDE, TOP, Clients, numbers
from eo_pipeline_tests.sandbox.following import TRANSFORM

GRID = {
    "crsCode": "EPSG:32633",
    "dimensions": {"width": 60, "height": 40},
    "affineTransform": {
        "scaleX": SIDE, "shearX": 0, "translateX": LEFT + 20 * SIDE,
        "shearY": 0, "scaleY": -SIDE, "translateY": TOP - 30 * SIDE,
    },
}  # fmt: skip
WINDOW = np.s_[30:70, 20:80]


def test_values_are_computed(clients: Clients) -> None:
    assert ee.Number(20).add(22).getInfo() == 42
    assert ee.Image(IMAGE).bandNames().getInfo() == ["numbers"]


def test_pixels_arrive_as_a_structured_array(clients: Clients) -> None:
    array = ee.data.computePixels(
        {"expression": ee.Image(IMAGE).addBands(ee.Image(IMAGE).multiply(2).rename("double")),
         "fileFormat": "NUMPY_NDARRAY", "grid": GRID}
    )  # fmt: skip
    want = numbers()[WINDOW]
    assert array.dtype.names == ("numbers", "double")
    np.testing.assert_array_equal(array["numbers"], np.where(want == NODATA, 0, want))
    np.testing.assert_array_equal(array["double"], np.where(want == NODATA, 0, 2 * want.astype("i4")))


def test_pixels_arrive_as_geotiff(clients: Clients) -> None:
    content = ee.data.getPixels({"assetId": IMAGE, "fileFormat": "GEO_TIFF", "grid": GRID})
    want = numbers()[WINDOW]
    with MemoryFile(content) as memory, memory.open() as file:
        assert file.crs.to_epsg() == 32633
        assert tuple(file.transform)[:6] == (SIDE, 0, LEFT + 20 * SIDE, 0, -SIDE, TOP - 30 * SIDE)
        np.testing.assert_array_equal(file.read(1, masked=True).mask, want == NODATA)
        np.testing.assert_array_equal(file.read(1)[want != NODATA], want[want != NODATA])


def test_pixels_arrive_as_pictures(clients: Clients) -> None:
    picture = ee.Image(IMAGE).unmask(0)
    png = ee.data.computePixels({"expression": ee.Image(IMAGE), "fileFormat": "PNG", "grid": GRID})
    colours = np.asarray(PIL.Image.open(io.BytesIO(png)))
    want = numbers()[WINDOW]
    np.testing.assert_array_equal(colours[..., 3] == 0, want == NODATA)
    np.testing.assert_array_equal(colours[..., 0][want != NODATA], want.clip(0, 255)[want != NODATA])
    jpeg = ee.data.computePixels({"expression": picture, "fileFormat": "JPEG", "grid": GRID})
    assert PIL.Image.open(io.BytesIO(jpeg)).size == (60, 40)
    auto = ee.data.computePixels({"expression": picture, "fileFormat": "AUTO_JPEG_PNG", "grid": GRID})
    assert PIL.Image.open(io.BytesIO(auto)).format == "JPEG"


def test_visualisation_options_are_applied(clients: Clients) -> None:
    """A grey ramp from 0 to 510 halves every value; the palette's ends are black and pure green."""
    request = {
        "expression": ee.Image(IMAGE).unmask(0),
        "fileFormat": "PNG",
        "grid": GRID,
        "visualizationOptions": {"ranges": [{"min": 0, "max": 510}], "paletteColors": ["000000", "00ff00"]},
    }
    colours = np.asarray(PIL.Image.open(io.BytesIO(ee.data.computePixels(request))).convert("RGB")).astype(int)
    want = np.where(numbers()[WINDOW] == NODATA, 0, numbers()[WINDOW]).clip(0, 510) / 2
    assert (colours[..., [0, 2]] == 0).all()
    assert np.abs(colours[..., 1] - want).max() <= 1


@pytest.mark.parametrize(
    ("width", "height", "message"),
    [
        (40818, 1, r"Pixel grid dimensions \(40818x1\) must be less than or equal to 32768\."),
        (5000, 5034, r"Total request size \(50340000 bytes\) must be less than or equal to 50331648 bytes\."),
    ],
)
def test_too_large_requests_are_refused_in_the_service_s_words(
    clients: Clients, width: int, height: int, message: str
) -> None:
    grid = {**GRID, "dimensions": {"width": width, "height": height}}
    with pytest.raises(ee.EEException, match=message):
        ee.data.computePixels({"expression": ee.Image(IMAGE), "fileFormat": "NPY", "grid": grid})


def test_bands_and_formats_are_checked(clients: Clients) -> None:
    with pytest.raises(ee.EEException, match="Band pattern 'b' did not match any bands"):
        ee.data.getPixels({"assetId": IMAGE, "fileFormat": "NPY", "grid": GRID, "bandIds": ["b"]})
    with pytest.raises(ee.EEException, match="Unsupported file format TF_RECORD_IMAGE"):
        ee.data.getPixels({"assetId": IMAGE, "fileFormat": "TF_RECORD_IMAGE", "grid": GRID})


def test_an_unknown_function_is_named_and_remembered(clients: Clients) -> None:
    signature = {"name": "Image.never", "args": [], "returns": "Image"}
    unknown = ee.ComputedObject(ee.ApiFunction("Image.never", signature), {})
    with pytest.raises(ee.EEException, match=r"Image\.never"):
        unknown.getInfo()
    assert "Image.never" in clients.server.control("unknown-functions")["functions"]


def test_an_asset_is_described(clients: Clients) -> None:
    asset = ee.data.getAsset(IMAGE)
    assert (asset["type"], asset["id"]) == ("IMAGE", IMAGE)
    assert asset["name"] == f"projects/earthengine-public/assets/{IMAGE}"
    [band] = asset["bands"]
    assert band["id"] == "numbers"
    assert band["dataType"] == {"precision": "INT", "range": {"min": -32768, "max": 32767}}
    assert band["grid"]["crsCode"] == "EPSG:32633"
    assert band["grid"]["dimensions"] == {"width": 700, "height": 500}
    affine = band["grid"]["affineTransform"]
    assert [affine[key] for key in ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")] == TRANSFORM
    assert asset["startTime"] == "2024-01-01T00:00:00.000000Z"
    assert ee.data.getAsset("local/days")["type"] == "IMAGE_COLLECTION"


def test_a_missing_asset_is_not_found(clients: Clients) -> None:
    with pytest.raises(ee.EEException, match="does not exist or doesn't allow this operation"):
        ee.data.getAsset("local/nothing")
    assert ee.data.getInfo("local/nothing") is None
    with pytest.raises(ee.EEException, match="does not exist or doesn't allow this operation"):
        ee.data.listAssets("local/nothing")


def listed(params: Any) -> list[str]:
    """Ids of the images that ee.data.listImages gives."""
    return [image["id"] for image in ee.data.listImages(params)["images"] or []]


def test_images_of_a_collection_are_listed_page_by_page(clients: Clients) -> None:
    everything = listed("local/days")
    assert everything == [f"local/days/202405{day:02d}" for day in range(1, 26)]
    pages: list[list[str]] = []
    token: str | None = None
    while token is not None or not pages:
        query: dict[str, Any] = {"parent": "local/days", "pageSize": 10}
        page: dict[str, Any] = ee.data.listAssets(query if token is None else {**query, "pageToken": token})
        pages.append([image["id"] for image in page["assets"]])
        token = page.get("nextPageToken")
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [image for page in pages for image in page] == everything


def test_images_are_filtered_by_time_and_place(clients: Clients) -> None:
    found = listed({"parent": "local/days", "startTime": "2024-05-03T00:00:00Z", "endTime": "2024-05-06T00:00:00Z"})
    assert [image_id[-2:] for image_id in found] == ["03", "04", "05"]
    assert listed({"parent": "local/days", "region": {"type": "Point", "coordinates": [0, 0]}}) == []
    with pytest.raises(ee.EEException, match="Invalid filter"):
        ee.data.listAssets({"parent": "local/days", "filter": "nonsense"})


def test_many_requests_at_once_give_the_pixels_of_one(clients: Clients) -> None:
    """In another CRS, so that every thread transforms coordinates."""
    grid = {
        "crsCode": "EPSG:4326",
        "dimensions": {"width": 120, "height": 90},
        "affineTransform": {"scaleX": 1e-4, "translateX": 15.001, "scaleY": -1e-4, "translateY": 47.852},
    }
    request = {"expression": ee.Image(IMAGE), "fileFormat": "NUMPY_NDARRAY", "grid": grid}
    alone = ee.data.computePixels(request)
    assert len(np.unique(alone["numbers"])) > 100
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda _: ee.data.computePixels(request), range(24)))
    for array in together:
        np.testing.assert_array_equal(array, alone)
