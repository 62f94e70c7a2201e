"""This project's mosaic. Where `make_mosaic` is imported from stands here only."""

from pathlib import Path

from affine import Affine
from odc.geo.geobox import GeoBox

from benchmarks.mosaics.scenes import BANDS, CRS, NODATA, transform_of_image
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.steps.make_mosaic import make_mosaic


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
