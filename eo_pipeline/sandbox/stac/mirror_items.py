"""Properties and assets of images as they stand. What does not belong here: finding scenes, and links."""

import json
import math
from collections.abc import Mapping
from urllib.parse import quote

import numpy as np

from eo_pipeline.sandbox.graph.crs import parse_crs
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.stac.cog_layout import fits
from eo_pipeline.sandbox.stac.instants import timestamp
from eo_pipeline.sandbox.stac.physical import physical
from eo_pipeline.sandbox.stac.places import shape_and_transform

EXTENSIONS = ("eo/v1.1.0", "projection/v1.1.0", "raster/v1.1.0", "view/v1.0.0")

_COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_CLOUDY = ("CLOUDY_PIXEL_PERCENTAGE", "CLOUD_COVER")
_RENAMED = {"PROCESSING_BASELINE": "s2:processing_baseline", "SUN_AZIMUTH": "view:sun_azimuth"}


def properties(record: ImageRecord, time_ms: int) -> Mapping[str, object]:
    """All that the image says, under its own names, and what extensions have names for.

    Args:
        record: the image.
        time_ms: its time, milliseconds since 1970.
    """
    told = record.properties
    changed = timestamp(record.version // 1000)
    clouds = next((told[name] for name in _CLOUDY if name in told), None)
    return {
        "datetime": timestamp(time_ms),
        **_span(told),
        "created": changed,
        "updated": changed,
        **({} if clouds is None else {"eo:cloud_cover": clouds}),
        **{ours: told[name] for name, ours in _RENAMED.items() if name in told},
        **{name: value for name, value in told.items() if not name.startswith("system:") and _is_json(value)},
    }


def _span(told: Mapping[str, object]) -> dict[str, object]:
    """Beginning and end, of images that stand for longer than an instant."""
    start, end = told.get("system:time_start"), told.get("system:time_end")
    if not isinstance(start, int | float) or not isinstance(end, int | float) or end <= start:
        return {}
    return {"start_datetime": timestamp(int(start)), "end_datetime": timestamp(int(end))}


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def assets(source_id: str, bands: Mapping[str, BandSource], address: str) -> dict[str, dict[str, object]]:
    """The item's assets by key: one a band, but for bands too large for a file.

    Args:
        source_id: Earth Engine id of the collection.
        bands: the image's.
        address: of the folder of its files.
    """
    return {name: _asset(source_id, name, band, address) for name, band in bands.items() if is_published(band)}


def is_published(source: BandSource) -> bool:
    """Whether a band can be a file: it has an end, and fits."""
    return source.dimensions is not None and fits(source.dimensions, source.pixel_type.dtype)


def nodata(pixel_type: PixelType) -> float:
    """What stands for a masked pixel: NaN of floats, the lowest number of signed types, the highest of others."""
    if not pixel_type.is_integer:
        return math.nan
    limits = np.iinfo(pixel_type.dtype)
    return int(limits.min if limits.min < 0 else limits.max)


def _asset(source_id: str, name: str, source: BandSource, address: str) -> dict[str, object]:
    empty = nodata(source.pixel_type)
    stored = {"nodata": "nan" if math.isnan(empty) else empty, "data_type": source.pixel_type.dtype.name}
    return {
        "href": f"{address}/{quote(name, safe='')}.tif",
        "type": _COG,
        "title": name,
        "eo:bands": [{"name": name}],
        **_crs(source.projection.crs),
        **shape_and_transform(source),
        "raster:bands": [{**stored, **physical(source_id, name)}],
        "roles": ["data"],
    }


def _crs(code: str) -> dict[str, object]:
    if code.startswith("EPSG:"):
        return {"proj:epsg": int(code.removeprefix("EPSG:"))}
    return {"proj:epsg": None, "proj:wkt2": parse_crs(code).to_wkt()}
