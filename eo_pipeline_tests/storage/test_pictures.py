"""Pictures of mosaics: size, transparency, colours."""

import io
import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline.storage.pictures import pair, quicklook
from eo_pipeline_tests.raster_files import grid, write_raster

HEIGHT, WIDTH = 900, 1400
SCALE, OFFSET = 0.02, 250.0


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bands: a ramp from west to east with a hole in the north-west, and noise."""
    folder = tmp_path_factory.mktemp("mosaic")
    ramp = np.broadcast_to(np.linspace(0, 3000, WIDTH), (HEIGHT, WIDTH)).astype("uint16")
    pixels = np.stack([ramp, np.random.default_rng(0).integers(0, 3000, (HEIGHT, WIDTH)).astype("uint16")])
    pixels[:, :300, :400] = 65535
    tile = write_raster(folder / "t.tif", grid(HEIGHT, WIDTH), pixels)
    bands = [
        BandEncoding("lst", "uint16", scale=SCALE, offset=OFFSET, nodata=65535, units="K"),
        BandEncoding("n_valid", "uint16", nodata=65535, kind="count"),
    ]
    return make_mosaic([tile], target=grid(HEIGHT, WIDTH), bands=bands, path=folder / "m.tif", tags={}).path


def opened(png: bytes) -> Image.Image:
    assert png.startswith(b"\x89PNG")
    assert len(png) <= 45_000
    return Image.open(io.BytesIO(png))


def test_a_quicklook_has_the_colours_of_the_values(mosaic: Path) -> None:
    image = opened(quicklook(mosaic, "lst", limits=(250.0, 310.0), colormap="magma"))
    assert image.size == (320, 206)
    rgba = np.asarray(image.convert("RGBA")).astype(int)
    assert (rgba[:60, :80, 3] == 0).all()
    assert (rgba[80:, :, 3] == 255).all()
    for column in (100, 200, 300):
        wanted = np.array(mpl.colormaps["magma"]((column + 0.5) / 320, bytes=True)[:3]).astype(int)
        assert np.abs(rgba[150, column, :3] - wanted).max() <= 6


def test_noise_is_still_small(mosaic: Path) -> None:
    assert max(opened(quicklook(mosaic, 2)).size) <= 320


def test_the_longest_side_is_a_choice(mosaic: Path) -> None:
    assert opened(quicklook(mosaic, "lst", max_px=100)).size == (100, 64)


def test_a_raster_without_a_value_is_transparent(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "e.tif", grid(9, 9), np.full((1, 9, 9), math.nan, "float32"), nodata=math.nan)
    assert np.asarray(opened(quicklook(path, 1)).convert("RGBA"))[..., 3].max() == 0


def test_a_pair_shows_value_and_count(mosaic: Path) -> None:
    image = opened(pair(mosaic, "lst", "n_valid", title="Land surface temperature, 2023-01"))
    width, height = image.size
    assert width > 600
    assert width > height
    colours = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) > 30


def test_a_missing_band_lists_those_there_are(mosaic: Path) -> None:
    with pytest.raises(TilesError, match=r"m\.tif: expected band 'ndvi', got the bands lst, n_valid; name one"):
        quicklook(mosaic, "ndvi")
    with pytest.raises(TilesError, match="expected band 3"):
        quicklook(mosaic, 3)


def test_what_is_no_raster_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.tif").write_text("no raster")
    with pytest.raises(TilesError, match=r"expected a readable raster, got .*t\.tif"):
        quicklook(tmp_path / "t.tif", 1)
