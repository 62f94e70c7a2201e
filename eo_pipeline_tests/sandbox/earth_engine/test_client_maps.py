"""Map tiles as the real client, and a browser, ask for them."""

import io
import urllib.error
import urllib.request
from typing import Any

import ee
import numpy as np
import PIL.Image
import pyproj
import pytest

from eo_pipeline_tests.sandbox.clients import HEIGHT, IMAGE, LEFT, NODATA, SIDE, TOP, WIDTH, Clients, numbers

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ZOOM = 14


def tile_of(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """(x, y) of the tile around a place, by the formula that map libraries publish."""
    radians = np.radians(latitude)
    side = 2**zoom
    x = int((longitude + 180) / 360 * side)
    y = int((1 - np.log(np.tan(radians) + 1 / np.cos(radians)) / np.pi) / 2 * side)
    return x, y


def centres(x: int, y: int, zoom: int) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of a tile's 256 x 256 pixel centres, by the inverse of that formula."""
    side = 256 * 2**zoom
    columns, rows = np.meshgrid(np.arange(256) + x * 256 + 0.5, np.arange(256) + y * 256 + 0.5)
    return columns / side * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * rows / side))))


def drawn(content: bytes) -> np.ndarray:
    """A tile's pixels as red, green, blue, alpha."""
    return np.asarray(PIL.Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)


@pytest.fixture(scope="module")
def fetcher(clients: Clients) -> Any:
    """Of a grey map of the image, black at 0 and white at 5000."""
    assert clients.server.url
    return ee.Image(IMAGE).getMapId({"min": 0, "max": 5000})["tile_fetcher"]


def test_a_tile_shows_the_pixels_under_it(fetcher: Any) -> None:
    """Every pixel is the image's nearest one, scaled to 0..255; masked pixels are transparent."""
    middle = pyproj.Transformer.from_crs(32633, 4326, always_xy=True).transform(
        LEFT + SIDE * WIDTH / 2, TOP - SIDE * HEIGHT / 2
    )
    x, y = tile_of(*middle, ZOOM)
    found = drawn(fetcher.fetch_tile(x, y, ZOOM))
    assert found.shape == (256, 256, 4)
    easting, northing = pyproj.Transformer.from_crs(4326, 32633, always_xy=True).transform(*centres(x, y, ZOOM))
    columns, rows = np.floor((easting - LEFT) / SIDE).astype(int), np.floor((TOP - northing) / SIDE).astype(int)
    inside = (columns >= 0) & (columns < WIDTH) & (rows >= 0) & (rows < HEIGHT)
    want = numbers()[np.clip(rows, 0, HEIGHT - 1), np.clip(columns, 0, WIDTH - 1)].astype(float)
    valid = inside & (want != NODATA)
    assert valid.sum() > 10_000
    agree = (found[..., 3] == 255) == valid
    assert agree.mean() > 0.99, "transparent where masked"
    both = valid & (found[..., 3] == 255)
    close = np.abs(found[..., 0] - np.clip(want, 0, 5000) / 5000 * 255) <= 1
    assert close[both].mean() > 0.99, "edges of pixels may fall to either side"


def test_a_tile_s_address_needs_no_credentials(clients: Clients, fetcher: Any) -> None:
    assert fetcher.url_format.startswith(f"{clients.server.url}/v1/projects/sandbox-project/maps/")
    assert fetcher.url_format.endswith("/tiles/{z}/{x}/{y}")
    with _DIRECT.open(fetcher.format_tile_url(0, 0, 0), timeout=30) as answer:
        assert answer.headers["content-type"] == "image/png"
        assert drawn(answer.read()).shape == (256, 256, 4)


@pytest.mark.parametrize("place", ["0/1/0", "3/0/8", "25/0/0", f"1/{'9' * 5000}/0", "x/0/0", "-1/0/0"])
def test_a_tile_that_is_not_there_is_refused(fetcher: Any, place: str) -> None:
    address = fetcher.url_format.partition("{z}")[0] + place
    with pytest.raises(urllib.error.HTTPError) as caught:
        _DIRECT.open(address, timeout=30)
    assert 400 <= caught.value.code < 500


def test_a_palette_and_a_format_are_kept(clients: Clients) -> None:
    assert clients.server.url
    everywhere = ee.Image.constant(1).visualize(min=0, max=1, palette=["000000", "00ff00"])
    content = everywhere.getMapId({"format": "jpg"})["tile_fetcher"].fetch_tile(1, 1, 2)
    picture = PIL.Image.open(io.BytesIO(content))
    assert picture.format == "JPEG"
    assert np.abs(np.asarray(picture).astype(int) - [0, 255, 0]).max() <= 3


def test_features_are_drawn(clients: Clients) -> None:
    assert clients.server.url
    box = ee.FeatureCollection([ee.Feature(ee.Geometry.Rectangle([-90, -45, 90, 45], "EPSG:4326", False))])
    found = drawn(box.style(color="ff0000").getMapId()["tile_fetcher"].fetch_tile(0, 0, 0))
    assert found[128, 128, 0] == 255
    assert found[128, 128, 3] > 0
    assert found[5, 5, 3] == 0
