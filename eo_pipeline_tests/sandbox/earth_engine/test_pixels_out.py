import io

import numpy as np
import pytest
from rasterio.io import MemoryFile

from eo_pipeline.sandbox.earth_engine.pixel_request import PixelRequest, asset_expression, decode_pixel_request
from eo_pipeline.sandbox.earth_engine.pixels_out import compute_pixels
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.sandbox.fakes import FakeEngine, Values

GRID = Grid("EPSG:4326", (1.0, 0.0, 0.0, 0.0, -1.0, 2.0), 3, 2)
COLUMNS = np.array([[0, 1, 2], [0, 1, 2]])


def of(dtype: str, *, first: float = 0) -> Values:
    """The column number, `first` in place of 0."""

    def values(x: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(x < 1, first, np.floor(x)).astype(dtype)

    return values


def pixels(file_format: str, settings: Settings | None = None, **bands: Values) -> bytes:
    request = PixelRequest({"result": "0"}, None, (), file_format)
    return compute_pixels(FakeEngine(GRID, bands), request, settings or Settings()).content


def test_npy_has_a_field_of_its_own_dtype_a_band_and_zero_under_the_mask() -> None:
    array = np.load(io.BytesIO(pixels("NPY", a=of("i2", first=-5), b=of("f8", first=np.nan), c=of("u1"))))
    assert array.dtype == np.dtype([("a", "i2"), ("b", "f8"), ("c", "u1")])
    for name in "abc":
        np.testing.assert_array_equal(array[name], COLUMNS)


@pytest.mark.parametrize(
    ("dtypes", "written", "nodata"),
    [
        (("u1", "i2"), "int16", -32768.0),
        (("u2", "f4"), "float32", float("-inf")),
        (("u4", "i4"), "float64", float("-inf")),
        (("u1", "u1"), "uint8", 0.0),
    ],
)
def test_geotiff_has_one_dtype_that_holds_every_band(dtypes: tuple[str, str], written: str, nodata: float) -> None:
    first, second = dtypes
    with MemoryFile(pixels("GEO_TIFF", a=of(first, first=1), b=of(second, first=1))) as memory, memory.open() as file:
        assert file.dtypes == (written, written)
        assert file.nodata == nodata
        assert file.descriptions == ("a", "b")
        np.testing.assert_array_equal(file.read(), [np.maximum(COLUMNS, 1)] * 2)


def test_pictures_have_one_or_three_bands() -> None:
    with pytest.raises(ServiceError, match="Must have 1 or 3 bands to write PNG, got 2"):
        pixels("PNG", a=of("u1"), b=of("u1"))
    assert pixels("PNG", a=of("u1"), b=of("u1"), c=of("u1")).startswith(b"\x89PNG")
    assert pixels("AUTO_JPEG_PNG", a=of("f4", first=np.nan)).startswith(b"\x89PNG")
    assert pixels("AUTO_JPEG_PNG", a=of("f4")).startswith(b"\xff\xd8")


def test_limits_are_settings() -> None:
    with pytest.raises(ServiceError, match=r"Number of bands \(2\) must be less than or equal to 1\."):
        pixels("NPY", Settings(interactive_bands=1), a=of("u1"), b=of("u1"))
    with pytest.raises(ServiceError, match=r"Total request size \(12 bytes\) must be less than or equal to 11 bytes"):
        pixels("NPY", Settings(interactive_bytes=11), a=of("u1"), b=of("u1"))
    with pytest.raises(ServiceError, match="Image has no bands"):
        pixels("NPY")


def test_visualisation_wraps_the_expression() -> None:
    options = {"ranges": [{"min": 1, "max": 9}], "paletteColors": ["000000", "ffffff"], "gamma": {"value": 1.2}}
    request = decode_pixel_request({"bandIds": ["a"], "visualizationOptions": options}, asset_expression("x"))
    values = request.expression["values"]
    assert isinstance(values, dict)
    call = values[str(request.expression["result"])]["functionInvocationValue"]
    assert call["functionName"] == "Image.visualize"
    assert call["arguments"]["bands"] == {"constantValue": ["a"]}
    assert call["arguments"]["min"] == {"constantValue": [1.0]}
    assert call["arguments"]["max"] == {"constantValue": [9.0]}
    assert call["arguments"]["gamma"] == {"constantValue": 1.2}
    assert call["arguments"]["palette"] == {"constantValue": ["000000", "ffffff"]}
    loaded = values[call["arguments"]["image"]["valueReference"]]["functionInvocationValue"]
    assert loaded["functionName"] == "Image.load"
    assert request.band_ids == ()
