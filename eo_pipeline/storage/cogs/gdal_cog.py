"""Writing cloud-optimised GeoTIFFs through GDAL, window by window, so that memory does not grow with the image.

Windows go to tiled temporary files, one a kind of band because GDAL computes overviews with one rule a file; a VRT
joins them and GDAL's COG driver writes the result. Does not belong here: what the pixels are.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.dtypes import dtype_rev, typename_fwd
from rasterio.enums import Resampling
from rasterio.windows import Window

from eo_pipeline.core.bands import Kind
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.band_metadata import describe_bands
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.unfinished import WHOLE, complete_or_absent
from eo_pipeline.storage.rasters import read_all_blocks

RESAMPLING: Mapping[Kind, Resampling] = {
    "continuous": Resampling.average,
    "categorical": Resampling.mode,
    "count": Resampling.nearest,
}
"""How overviews are computed: means, the most frequent class, or the count of one real pixel; nodata is ignored."""


def write_gdal_cog(
    path: Path, spec: CogSpec, windows: Iterable[tuple[Rectangle, NDArray[Any]]], *, cache_mb: int
) -> int:
    """Write windows of stored numbers as a COG with internal overviews; returns its size in bytes.

    Args:
        path: the final name; its folder is made if missing.
        spec: georeferencing, bands and metadata.
        windows: (where, pixels (band, y, x) in spec.bands' dtype), disjoint; what none covers becomes nodata.
        cache_mb: megabytes GDAL may keep as its block cache while writing.

    Raises:
        DiskFullError: no space left; nothing stays behind.
        StorageError: GDAL could not write; nothing stays behind.
    """
    with complete_or_absent(path, spec) as folder:
        _write_all(folder, spec, windows, cache_mb)
    return path.stat().st_size


def _write_all(folder: Path, spec: CogSpec, windows: Iterable[tuple[Rectangle, NDArray[Any]]], cache_mb: int) -> None:
    with rasterio.Env(GDAL_CACHEMAX=cache_mb * 2**20, GDAL_NUM_THREADS="ALL_CPUS"):
        _write_layers(folder, spec, windows)
        for kind in _kinds(spec):
            _add_overviews(_layer(folder, kind), spec, kind)
        whole = folder / WHOLE
        rasterio.shutil.copy(
            _join(folder, spec),
            whole,
            driver="COG",
            blocksize=spec.block,
            **_codec_options(spec),
            overviews="FORCE_USE_EXISTING",
            bigtiff="if_safer",
        )
        read_all_blocks(whole)


def _codec_options(spec: CogSpec) -> dict[str, object]:
    options: dict[str, object] = {"compress": spec.compression}
    if spec.compression == "lerc":
        return {**options, "max_z_error": spec.max_z_error}
    if spec.compression != "none":
        options["predictor"] = "yes" if spec.predictor else "no"
    if spec.effort is not None:
        options["level"] = spec.effort
    return options


def _write_layers(folder: Path, spec: CogSpec, windows: Iterable[tuple[Rectangle, NDArray[Any]]]) -> None:
    with ExitStack() as stack:
        layers = [
            (
                members,
                stack.enter_context(rasterio.open(_layer(folder, kind), "w", **_layer_profile(spec, kind, members))),
            )
            for kind, members in _kinds(spec).items()
        ]
        for where, pixels in windows:
            window = Window(where.column_start, where.row_start, where.width, where.height)
            for members, layer in layers:
                layer.write(pixels[members], window=window)


def _layer_profile(spec: CogSpec, kind: Kind, members: Sequence[int]) -> dict[str, object]:
    height, width = spec.geobox.shape
    nodata = spec.bands[0].nodata
    dtype = spec.bands[0].dtype
    if kind == "categorical" and nodata is not None and nodata < 0:
        dtype = "float64"  # GDAL 3.12's mode of integers turns all-nodata pixels into 0 where nodata is negative
    return {
        "driver": "GTiff",
        "height": height,
        "width": width,
        "count": len(members),
        "dtype": dtype,
        "nodata": nodata,
        "crs": str(spec.geobox.crs),
        "transform": spec.geobox.affine,
        "tiled": True,
        "blockxsize": spec.block,
        "blockysize": spec.block,
        "interleave": "band",
        "compress": "zstd",
        "zstd_level": 1,
        "sparse_ok": True,
        "bigtiff": "if_safer",
    }


def _add_overviews(layer: Path, spec: CogSpec, kind: Kind) -> None:
    factors: list[int] = []
    while max(spec.geobox.shape) > spec.block * 2 ** len(factors):
        factors.append(2 ** (len(factors) + 1))
    if factors:
        with rasterio.open(layer, "r+") as dataset:
            dataset.build_overviews(factors, RESAMPLING[kind])


def _join(folder: Path, spec: CogSpec) -> Path:
    """A VRT of all bands in their order, with every word of metadata."""
    path = folder / "joined.vrt"
    path.write_bytes(_vrt(spec))
    with rasterio.open(path, "r+") as dataset:
        describe_bands(dataset, spec.bands)
        dataset.update_tags(**spec.tags)
    return path


def _vrt(spec: CogSpec) -> bytes:
    height, width = spec.geobox.shape
    root = ElementTree.Element("VRTDataset", rasterXSize=str(width), rasterYSize=str(height))
    ElementTree.SubElement(root, "SRS").text = str(spec.geobox.crs)
    ElementTree.SubElement(root, "GeoTransform").text = ", ".join(map(repr, spec.geobox.affine.to_gdal()))
    kinds = _kinds(spec)
    for index, band in enumerate(spec.bands):
        data_type = typename_fwd[dtype_rev[band.dtype]]
        element = ElementTree.SubElement(root, "VRTRasterBand", dataType=data_type, band=str(index + 1))
        if band.nodata is not None:
            ElementTree.SubElement(element, "NoDataValue").text = repr(band.nodata)
        source = ElementTree.SubElement(element, "SimpleSource")
        ElementTree.SubElement(source, "SourceFilename", relativeToVRT="1").text = _layer(Path(), band.kind).name
        ElementTree.SubElement(source, "SourceBand").text = str(kinds[band.kind].index(index) + 1)
    return ElementTree.tostring(root)


def _kinds(spec: CogSpec) -> dict[Kind, list[int]]:
    """Indices of the bands of each kind, in band order."""
    members: dict[Kind, list[int]] = {}
    for index, band in enumerate(spec.bands):
        members.setdefault(band.kind, []).append(index)
    return members


def _layer(folder: Path, kind: Kind) -> Path:
    return folder / f"layer_{kind}.tif"
