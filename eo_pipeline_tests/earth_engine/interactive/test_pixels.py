"""One window's stored numbers, exactly in the dtype of an export, or an error that says what came."""

from collections.abc import Sequence
from typing import Any

import ee
import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError
from eo_pipeline.earth_engine.interactive.expression import serialised
from eo_pipeline.earth_engine.interactive.pixels import numbers_everywhere, pixels_request, read_pixels
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError
from eo_pipeline_tests.earth_engine.interactive.sending import send
from eo_pipeline_tests.scenes import COLLECTION, COLUMNS, CRS, LEFT, ROWS, TOP, Service

GRID = GeoBox((ROWS + 2, COLUMNS), Affine(10, 0, LEFT, 0, -10, TOP), CRS)
"""The scenes with two rows below them, which nothing covers."""


def fetch_window(session: Session, image: Any, geobox: GeoBox, bands: Sequence[BandEncoding]) -> NDArray[Any]:
    reply = send(session, pixels_request(serialised(image), geobox, tag="window"))
    return read_pixels(reply, (int(geobox.shape[0]), int(geobox.shape[1])), bands)


def scene(service: Service) -> Any:
    return ee.Image(f"{COLLECTION}/{service.scenes[0].index}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_masked_floats_are_nan(service: Service, dtype: str) -> None:
    band = BandEncoding("B4", dtype, nodata=float("nan"))
    scene_band = scene(service).select(["B4"])
    image = (scene_band.toFloat() if dtype == "float32" else scene_band.toDouble()).divide(3)
    found = fetch_window(service.session, numbers_everywhere(image, [band]), GRID, [band])
    stored = service.scenes[0].bands["B4"].astype("float64")
    expected = np.where(stored == 0, np.nan, stored / 3).astype(dtype)
    assert found.dtype == np.dtype(dtype)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(found[0, :ROWS], expected)
    assert np.isnan(found[0, ROWS:]).all()


def test_bands_come_in_order_in_their_dtype(service: Service) -> None:
    bands = [BandEncoding(name, "int16", nodata=-1) for name in ("B8", "B4")]
    image = scene(service).select(["B8", "B4"]).unmask(-1, False).toInt16()
    found = fetch_window(service.session, numbers_everywhere(image, bands), GRID, bands)
    assert (found.shape, found.dtype) == ((2, ROWS + 2, COLUMNS), np.dtype("int16"))
    for pixels, name in zip(found, ("B8", "B4"), strict=True):
        stored = service.scenes[0].bands[name].astype(int)
        np.testing.assert_array_equal(pixels[:ROWS], np.where(stored == 0, -1, stored))
        assert (pixels[ROWS:] == -1).all()


def test_another_dtype_is_taken_if_it_holds_the_same_numbers(service: Service) -> None:
    band = BandEncoding("B4", "uint16", nodata=0)
    found = fetch_window(service.session, scene(service).select(["B4"]).unmask(0, False).toInt32(), GRID, [band])
    assert found.dtype == np.dtype("uint16")
    np.testing.assert_array_equal(found[0, :ROWS], service.scenes[0].bands["B4"])


def test_numbers_that_do_not_fit_are_refused(service: Service) -> None:
    band = BandEncoding("B4", "uint8", nodata=0)
    message = "expected numbers that uint8 holds in band B4, got uint16 from 0 to .*; cast the band in the recipe"
    with pytest.raises(ServiceError, match=message):
        fetch_window(service.session, scene(service).select(["B4"]), GRID, [band])


def test_other_bands_are_refused(service: Service) -> None:
    band = BandEncoding("B5", "uint16", nodata=0)
    with pytest.raises(ServiceError, match="expected bands B5, got B4; correct the recipe"):
        fetch_window(service.session, scene(service).select(["B4"]), GRID, [band])


@pytest.mark.parametrize("at", [0, 8, 40])
def test_bytes_that_are_no_pixels_are_a_broken_reply(service: Service, at: int) -> None:
    service.sandbox.arm(kind="corrupted", path="computePixels", at=at)
    band = BandEncoding("B4", "uint16", nodata=0)
    with pytest.raises(BrokenReplyError, match=r"Earth Engine: expected .*; ask again"):
        fetch_window(service.session, scene(service).select(["B4"]), GRID, [band])


def test_it_asks_once(service: Service) -> None:
    service.sandbox.arm(kind="status", path="computePixels", status=429, message="Too many requests.", count=1)
    band = BandEncoding("B4", "uint16", nodata=0)
    with pytest.raises(ServiceError, match="Too many requests"):
        fetch_window(service.session, scene(service).select(["B4"]), GRID, [band])
    assert fetch_window(service.session, scene(service).select(["B4"]), GRID, [band]).shape == (1, ROWS + 2, COLUMNS)
