"""An archive of scenes as files: COGs that lie on one grid, and STAC items that tell all of them.

Does not belong here: reading them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from benchmarks.fractals import fractal, noise

BANDS = ("red", "green", "nir")
CLASSES = "scl"
CLEAR, CLOUD, SHADOW = 4, 9, 3
BLOCK = 512
PAST = 100
"""Pixels by which the chunk lies inside the scenes: not where a block begins."""
_CLOUD_PIXELS = 20
_FIRST = datetime(2024, 1, 1, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Archive:
    """So many scenes of one grid, a square of so many pixels a side, and a chunk of so many inside it."""

    count: int
    side: int
    pixels: int


def chunk_of(pixels: int) -> GeoBox:
    """The grid of the chunk."""
    return _grid(pixels).translate_pix(PAST, PAST)


def write_archive(folder: Path, archive: Archive, *, seed: int = 1) -> Path:
    """Writes `ID.json` and a COG of each band beside it; pixels are reflectances times 10,000, and classes."""
    folder.mkdir()
    whole = slice(0, archive.side)
    land = [2000 + 500 * fractal(seed + band, archive.side, whole, whole) for band in range(len(BANDS))]
    for number in range(archive.count):
        item = _item(f"scene-{number:03}", _FIRST + timedelta(days=5 * number), archive.side)
        for band, (name, ground) in enumerate(zip(BANDS, land, strict=True)):
            shade = np.clip(ground + 30 * noise(1000 * band + number, whole, whole), 1, 10_000)
            _add(folder, item, name, shade.astype(np.uint16))
        _add(folder, item, CLASSES, _classes(archive.side, np.random.default_rng((seed, number))))
        item.save_object(include_self_link=False, dest_href=str(folder / f"{item.id}.json"))
    return folder


def _classes(side: int, random: np.random.Generator) -> NDArray[np.uint8]:
    blocks = -(-side // _CLOUD_PIXELS)
    coarse = random.choice(np.array([CLEAR, CLOUD, SHADOW], np.uint8), (blocks, blocks), p=[0.6, 0.3, 0.1])
    return coarse.repeat(_CLOUD_PIXELS, axis=0).repeat(_CLOUD_PIXELS, axis=1)[:side, :side]


def _grid(pixels: int) -> GeoBox:
    return GeoBox((pixels, pixels), Affine(10, 0, 600_000, 0, -10, 5_300_040), "EPSG:32633")


def _item(name: str, instant: datetime, side: int) -> pystac.Item:
    outline = _grid(side).geographic_extent
    grid = {
        "proj:code": "EPSG:32633",
        "proj:shape": [side, side],
        "proj:transform": list(_grid(side).affine)[:6],
    }
    return pystac.Item(name, outline.json, list(outline.boundingbox.bbox), instant, grid, collection="scenes")


def _add(folder: Path, item: pystac.Item, name: str, pixels: NDArray[Any]) -> None:
    path = folder / f"{item.id}-{name}.tif"
    height, width = pixels.shape
    how = {"compress": "deflate", "predictor": 2, "blocksize": BLOCK, "driver": "COG", "overviews": "none"}
    size = {"height": height, "width": width, "count": 1, "dtype": pixels.dtype.name, "nodata": 0}
    with rasterio.open(path, "w", crs="EPSG:32633", transform=_grid(width).affine, **size, **how) as written:
        written.write(pixels, 1)
    told = {"nodata": 0, "data_type": pixels.dtype.name}
    item.add_asset(
        name,
        pystac.Asset(str(path), media_type=pystac.MediaType.COG, roles=["data"], extra_fields={"raster:bands": [told]}),
    )
