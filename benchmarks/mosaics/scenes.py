"""Tiles of one image, as an export leaves them: three bands of uint16 that look like land, noise, a wedge of nodata.

Does not belong here: what is made of them.
"""

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from benchmarks.fractals import fractal, noise

BANDS = 3
CRS = "EPSG:32633"
NODATA = 0
_CORNER = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0)
_WRITERS = 4


@dataclass(frozen=True)
class Scene:
    """A square image and the tiles it comes in.

    Attributes:
        side: tiles along each side.
        tile: pixels along each side of a tile.
    """

    side: int
    tile: int

    @property
    def pixels(self) -> int:
        """Along each side of the image."""
        return self.side * self.tile


@dataclass(frozen=True)
class Storage:
    """How tiles are stored: codec as GDAL names it, predictor (1 for none), pixels along each side of a block."""

    codec: str
    predictor: int
    block: int


EXPORTED = Storage("LZW", 1, 256)
"""As Earth Engine writes them."""


def write_tiles(folder: Path, scene: Scene, storage: Storage) -> list[Path]:
    """The tiles of a scene, by rows; several are written at once."""
    folder.mkdir(parents=True)
    places = [(row, column) for row in range(scene.side) for column in range(scene.side)]

    def write(place: tuple[int, int]) -> Path:
        path = folder / _name(*place, scene.tile)
        _write(path, pixels_of(scene, *place), _placed(*place, scene.tile), storage)
        return path

    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(write, places))


def pixels_of(scene: Scene, row: int, column: int) -> NDArray[np.uint16]:
    """Stored numbers (band, y, x) of one tile, counted from the upper left."""
    rows = slice(row * scene.tile, (row + 1) * scene.tile)
    columns = slice(column * scene.tile, (column + 1) * scene.tile)
    bands = []
    for seed in range(BANDS):
        values = 1500 + 600 * fractal(seed, scene.pixels, rows, columns) + 25 * noise(seed, rows, columns)
        bands.append(np.clip(values, 1, 10_000).astype(np.uint16))
    wedge = np.arange(rows.start, rows.stop)[:, None] + 2 * np.arange(columns.start, columns.stop)
    return np.where(wedge < scene.pixels // 2, np.uint16(NODATA), np.stack(bands))


def repeat_tiles(tiles: Iterable[Path], folder: Path, scene: Scene, *, times: int) -> tuple[list[Path], int, int]:
    """The tiles over and over, side by side: an image with so many times the pixels.

    Args:
        tiles: of `scene`, by rows.
        folder: where copies go.
        scene: of the tiles.
        times: four divides it or its product with the scene's side, so that the image has no gap.

    Returns:
        The copies, and the image's height and width in pixels.
    """
    folder.mkdir(parents=True)
    originals, across = list(tiles), 4 * scene.side
    down = times * len(originals) // across
    copies = []
    for number in range(across * down):
        row, column = divmod(number, across)
        original = originals[row % scene.side * scene.side + column % scene.side]
        copy = folder / _name(row, column, scene.tile)
        shutil.copyfile(original, copy)
        with rasterio.open(copy, "r+") as dataset:
            dataset.transform = _placed(row, column, scene.tile)
        copies.append(copy)
    return copies, down * scene.tile, across * scene.tile


def transform_of_image() -> Affine:
    """Pixel to metres, the same for each image here."""
    return _CORNER


def _write(path: Path, pixels: NDArray[np.uint16], transform: Affine, storage: Storage) -> None:
    bands, height, width = pixels.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=bands,
        height=height,
        width=width,
        dtype="uint16",
        nodata=NODATA,
        crs=CRS,
        transform=transform,
        tiled=True,
        blockxsize=storage.block,
        blockysize=storage.block,
        compress=storage.codec,
        predictor=storage.predictor,
        interleave="pixel",
    ) as dataset:
        dataset.write(pixels)
        dataset.descriptions = [f"band{number}" for number in range(1, bands + 1)]


def _placed(row: int, column: int, tile: int) -> Affine:
    return _CORNER @ Affine.translation(column * tile, row * tile)


def _name(row: int, column: int, tile: int) -> str:
    return f"image-{row * tile:010d}-{column * tile:010d}.tif"
