"""This project's mosaic. Where `make_mosaic` is imported from stands here only."""

import tempfile
from pathlib import Path

from affine import Affine
from odc.geo.geobox import GeoBox

from benchmarks.mosaics.scenes import BANDS, CRS, EXPORTED, NODATA, Scene, transform_of_image, write_tiles
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic


def load(*, codec: str, **_: object) -> None:
    """Makes a small mosaic with an overview, so that what a process loads once, compiled functions too, is there."""
    scene = Scene(side=1, tile=600)
    with tempfile.TemporaryDirectory() as folder:
        tiles = [str(tile) for tile in write_tiles(Path(folder) / "tiles", scene, EXPORTED)]
        ours(tiles=tiles, path=f"{folder}/small.tif", codec=codec, height=scene.pixels, width=scene.pixels)


def ours(*, tiles: list[str], path: str, codec: str, height: int, width: int) -> dict[str, int]:
    """Through the public step, with its own defaults; gives the size of the file in bytes."""
    corner: Affine = transform_of_image()
    report = make_mosaic(
        [Path(tile) for tile in tiles],
        target=GeoBox((height, width), corner, CRS),
        bands=[BandEncoding(f"band{number}", "uint16", nodata=NODATA) for number in range(1, BANDS + 1)],
        path=Path(path),
        tags={"benchmark": "mosaic"},
        compression=codec,
    )
    return {"bytes": report.bytes}
