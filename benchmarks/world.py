"""The procedural world's pixels: windows that nobody has read, against the same windows of a GeoTIFF written from it.

The world computes what it shows when it is read; the GeoTIFF is tiled and deflated. Both sides read WINDOWS windows of
SIDE x SIDE pixels, one beside the other, in a fresh process on one core, and give pixels and mask; before anything is
timed, both are read once and compared. Reading the bare numbers from a file is the limit. What does not belong here:
searches for images, and the sandbox's HTTP.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.windows import Window

from benchmarks.harness import ONE_CORE, BenchmarkError, Comparison, Json, Side, compare
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.world.world import build_world

WORLD = build_world()
"""Built where this module is imported: that is not timed, and each side has a process of its own."""
PLACE = shapely.Point(15.5, 48.3)
DAY_MS = round(dt.datetime(2019, 8, 1, tzinfo=dt.UTC).timestamp() * 1000)
BANDS = (
    ("COPERNICUS/S2_SR_HARMONIZED", "B4"),
    ("LANDSAT/LC08/C02/T1_L2", "SR_B4"),
    ("LANDSAT/LC08/C02/T1_L2", "ST_B10"),
    ("COPERNICUS/DEM/GLO30", "DEM"),
    ("MODIS/061/MOD11A1", "LST_Day_1km"),
    ("MODIS/061/MOD13Q1", "NDVI"),
    ("ECMWF/ERA5_LAND/MONTHLY_AGGR", "temperature_2m"),
)
SIDE = 256
WINDOWS = 5

Pixels = tuple[np.ndarray, np.ndarray]
"""Values and mask (True where valid), both (row, column)."""


def by_the_world(*, image: str, band: str, folder: str) -> str:
    """Computes the windows; gives the file of their pixels."""
    source = _source(WORLD.image(image), band)
    left, top = _corner(source)
    return _kept(folder, "world", [source.read(0, left + SIDE * n, top, SIDE, SIDE) for n in range(WINDOWS)])


def by_file(*, folder: str) -> str:
    """Reads the windows from the GeoTIFF; gives the file of their pixels."""
    with rasterio.open(_tiff(folder)) as file:
        windows = [Window(SIDE * n, 0, SIDE, SIDE) for n in range(WINDOWS)]
        return _kept(folder, "file", [(file.read(1, window=one), file.read_masks(1, window=one)) for one in windows])


def reading(*, folder: str) -> int:
    """Reads the bare numbers; gives how many there are."""
    with np.load(Path(folder) / "world.npz") as kept:
        return sum(kept[name].size for name in kept.files)


def comparisons() -> Iterator[Comparison]:
    """Each band of BANDS."""
    for collection, band in BANDS:
        with tempfile.TemporaryDirectory() as folder:
            yield _comparison(collection, band, folder)


def _comparison(collection: str, band: str, folder: str) -> Comparison:
    image = _image(collection)
    wanted: dict[str, Json] = {"image": image.id, "band": band, "folder": folder}
    _write(folder, _source(image, band), _loaded(by_the_world(**wanted)))
    name = f"{WINDOWS} windows of {SIDE} x {SIDE} pixels of {collection}, {band}"
    if not _equal(str(Path(folder) / "world.npz"), by_file(folder=folder)):
        msg = f"expected the GeoTIFF to hold what was written to it, got other pixels, in {name}"
        raise BenchmarkError(msg)
    return compare(
        name,
        ours=_side("procedural world", "by_the_world", **wanted),
        peer=_side("GeoTIFF", "by_file", folder=folder),
        equal=_equal,
        limit=_side("reading", "reading", folder=folder),
    )


def _image(collection: str) -> ImageRecord:
    """The first image over PLACE from DAY_MS on; of heights, which have no date, any."""
    start = None if collection.startswith("COPERNICUS/DEM") else DAY_MS
    return next(WORLD.images(collection, start_ms=start, end_ms=None, region=PLACE))


def _source(image: ImageRecord | None, band: str) -> BandSource:
    if image is None:
        msg = "expected an image that the world has, got none: its names have changed; start the benchmark anew"
        raise BenchmarkError(msg)
    return image.bands[band]


def _corner(source: BandSource) -> tuple[int, int]:
    """Column and row of the first window: well inside a scene or a tile; in Europe, of the globe."""
    width, height = source.dimensions or (0, 0)
    return int(width * 0.53), int(height * 0.23)


def _write(folder: str, source: BandSource, pixels: Pixels) -> None:
    """Writes the windows to a GeoTIFF as archives keep them; without a CRS, since not all have an EPSG code."""
    data, mask = pixels
    height, width = data.shape
    grid = source.projection.grid(*_corner(source), width, height)
    form = {"driver": "GTiff", "count": 1, "dtype": data.dtype.name, "tiled": True, "compress": "deflate"}
    size = {"width": width, "height": height, "blockxsize": SIDE, "blockysize": SIDE}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(_tiff(folder), "w", transform=grid.affine, **form, **size) as file,
    ):
        file.write(data, 1)
        file.write_mask(mask)


def _kept(folder: str, name: str, windows: list[Pixels]) -> str:
    """Saves windows, one beside the other."""
    file = Path(folder) / f"{name}.npz"
    data, mask = (np.concatenate(parts, axis=1) for parts in zip(*windows, strict=True))
    np.savez(file, data=data, mask=mask > 0)
    return os.fspath(file)


def _loaded(file: str) -> Pixels:
    with np.load(file) as kept:
        return kept["data"], kept["mask"]


def _equal(mine: str, theirs: str) -> bool:
    return all(
        our.dtype == their.dtype and np.array_equal(our, their)
        for our, their in zip(_loaded(mine), _loaded(theirs), strict=True)
    )


def _tiff(folder: str) -> Path:
    return Path(folder) / "windows.tif"


def _side(name: str, function: str, **arguments: Json) -> Side:
    return Side(name, "benchmarks.world", function, arguments, environment=ONE_CORE)
