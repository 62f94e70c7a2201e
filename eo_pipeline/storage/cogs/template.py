"""The tags of a COG that say what it is: CRS, transform, bands, metadata, nodata and codec, in GDAL's own words.

GDAL writes them for a file of one pixel on the same grid; they are taken from there. Does not belong here: sizes of
images and places of blocks.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from odc.geo.geobox import GeoBox

from eo_pipeline.storage.cogs.gdal_cog import write_gdal_cog
from eo_pipeline.storage.cogs.spec import BLOCK, CogSpec
from eo_pipeline.storage.cogs.tiff_tags import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    HEIGHT,
    LONG,
    NODATA,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    SAMPLE_FORMAT,
    SAMPLES,
    SUBFILE,
    TILE_HEIGHT,
    TILE_WIDTH,
    WIDTH,
    Tag,
    read_directories,
)

_OF_PIXELS = frozenset(
    {BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, PREDICTOR, EXTRA_SAMPLES, SAMPLE_FORMAT, NODATA}
)
"""What an overview says, too."""


def tags_like_gdal(spec: CogSpec, folder: Path) -> dict[int, Tag]:
    """The tags of a raster as GDAL's COG driver writes them, by code; `folder` holds a file for a moment."""
    path = folder / "pixel.tif"
    grid = GeoBox((1, 1), spec.geobox.affine, spec.geobox.crs)
    write_gdal_cog(path, replace(spec, geobox=grid, block=BLOCK), [], cache_mb=16)
    with path.open("rb") as file:
        (tags,) = read_directories(file)
    path.unlink()
    return tags


def sized(tags: Mapping[int, Tag], shape: tuple[int, int], block: int, *, overview: bool) -> dict[int, Tag]:
    """The tags of an image of another (y, x) shape and `block` rows and columns a block."""
    kept = {code: tag for code, tag in tags.items() if not overview or code in _OF_PIXELS}
    if overview:
        kept[SUBFILE] = Tag.whole(SUBFILE, LONG, 1)
    height, width = shape
    sizes = {WIDTH: width, HEIGHT: height, TILE_WIDTH: block, TILE_HEIGHT: block}
    return {**kept, **{code: Tag.whole(code, LONG, pixels) for code, pixels in sizes.items()}}
