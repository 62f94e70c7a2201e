"""The mosaic by two well-known ways on rasterio's GDAL, each with all cores; needs nothing of this project.

Both are told what this project writes: blocks of 512 pixels, the same codec, level and predictor, averages as
overviews.
"""

from pathlib import Path
from xml.etree import ElementTree

import rasterio
import rasterio.merge
import rasterio.shutil
from rasterio.io import MemoryFile
from rio_cogeo.cogeo import cog_translate

BLOCK = 512
_TYPES = {"uint16": "UInt16"}


def vrt_and_cog_driver(*, tiles: list[str], path: str, codec: str, level: int | None) -> dict[str, int]:
    """A VRT of the tiles, copied by GDAL's COG driver; gives the size of the file in bytes."""
    vrt = Path(path).with_suffix(".vrt")
    vrt.write_bytes(_vrt(tiles))
    options = {} if level is None else {"level": level}
    rasterio.shutil.copy(
        vrt,
        path,
        driver="COG",
        compress=codec,
        predictor="yes",
        blocksize=BLOCK,
        overviews="ignore_existing",
        overview_resampling="average",
        num_threads="all_cpus",
        bigtiff="if_safer",
        **options,
    )
    return {"bytes": Path(path).stat().st_size}


def merge_and_rio_cogeo(*, tiles: list[str], path: str, codec: str, level: int | None) -> dict[str, int]:
    """rasterio.merge into memory, then rio-cogeo; gives the size of the file in bytes."""
    pixels, transform = rasterio.merge.merge(tiles)
    with rasterio.open(tiles[0]) as first:
        profile = first.profile | {"height": pixels.shape[1], "width": pixels.shape[2], "transform": transform}
        names = first.descriptions
    for uncompressed in ("compress", "predictor"):
        profile.pop(uncompressed, None)
    wanted = {"driver": "GTiff", "interleave": "pixel", "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK}
    wanted |= {"compress": codec, "predictor": 2, "bigtiff": "if_safer", "num_threads": "all_cpus"}
    if level is not None:
        wanted["zlevel" if codec == "deflate" else "zstd_level"] = level
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(pixels)
            dataset.descriptions = names
        del pixels
        with memory.open() as dataset:
            config = {"GDAL_NUM_THREADS": "ALL_CPUS", "GDAL_TIFF_OVR_BLOCKSIZE": str(BLOCK)}
            cog_translate(
                dataset, path, wanted, in_memory=True, overview_resampling="average", config=config, quiet=True
            )
    return {"bytes": Path(path).stat().st_size}


def _vrt(tiles: list[str]) -> bytes:
    """As gdalbuildvrt writes it of tiles on one lattice."""
    with rasterio.open(tiles[0]) as first:
        transform, crs, dtypes, nodata, names = (
            first.transform,
            first.crs,
            first.dtypes,
            first.nodata,
            first.descriptions,
        )
    places = {tile: _place(tile) for tile in tiles}
    left = min(place[0] for place in places.values())
    top = max(place[1] for place in places.values())
    boxes = {
        tile: (round((x - left) / transform.a), round((y - top) / transform.e), width, height)
        for tile, (x, y, width, height) in places.items()
    }
    root = ElementTree.Element(
        "VRTDataset",
        rasterXSize=str(max(x + width for x, _, width, _ in boxes.values())),
        rasterYSize=str(max(y + height for _, y, _, height in boxes.values())),
    )
    ElementTree.SubElement(root, "SRS").text = crs.to_wkt()
    geotransform = (left, transform.a, 0.0, top, 0.0, transform.e)
    ElementTree.SubElement(root, "GeoTransform").text = ", ".join(map(repr, geotransform))
    for number, (dtype, name) in enumerate(zip(dtypes, names, strict=True), start=1):
        band = ElementTree.SubElement(root, "VRTRasterBand", dataType=_TYPES[dtype], band=str(number))
        ElementTree.SubElement(band, "Description").text = name
        ElementTree.SubElement(band, "NoDataValue").text = repr(nodata)
        for tile, (x, y, width, height) in boxes.items():
            source = ElementTree.SubElement(band, "ComplexSource")
            ElementTree.SubElement(source, "SourceFilename", relativeToVRT="0").text = tile
            ElementTree.SubElement(source, "SourceBand").text = str(number)
            size = {"xSize": str(width), "ySize": str(height)}
            ElementTree.SubElement(source, "SrcRect", {"xOff": "0", "yOff": "0", **size})
            ElementTree.SubElement(source, "DstRect", {"xOff": str(x), "yOff": str(y), **size})
            ElementTree.SubElement(source, "NODATA").text = repr(nodata)
    return ElementTree.tostring(root)


def _place(tile: str) -> tuple[float, float, int, int]:
    """Left, top, width and height of a tile; metres and pixels."""
    with rasterio.open(tile) as dataset:
        return dataset.transform.c, dataset.transform.f, dataset.width, dataset.height
