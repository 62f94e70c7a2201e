"""The bands of an item's assets, whichever version of the extensions describes them.

What does not belong here: offsets that are declared wrongly (`sentinel2`), and the item itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pystac
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.scenes.scene import SceneBand

_CLASSES = ("classification:classes", "classification:bitfields")
_CLASS_NAMES = frozenset({"scl", "qa60", "qa_pixel", "qa_radsat", "qa_aerosol", "fmask"})
"""Bands of classes or bits that archives publish without saying so."""

_PIXELS = ("image/tiff", "image/jp2", "image/vnd.stac.geotiff", "application/x-geotiff")
_SUFFIXES = (".tif", ".tiff", ".jp2")
"""Of assets that name no media type."""

Described = Mapping[str, Any]


def bands_of(item: pystac.Item) -> tuple[dict[str, SceneBand], dict[str, str]]:
    """Bands by name, and other names of them.

    An asset of one band has the asset's key; one of several, the names of its bands. Where assets give the same name,
    the first one's counts.
    """
    bands: dict[str, SceneBand] = {}
    aliases: dict[str, str] = {}
    for key, asset in item.assets.items():
        if not _has_pixels(asset):
            continue
        described = _described(asset)
        for number, band in enumerate(described, start=1):
            told = str(band.get("name") or "")
            name = key if len(described) == 1 else told or f"{key}.{number}"
            bands.setdefault(name, _band(item, asset, band, number, (name, told)))
            for alias in (told, band.get("eo:common_name") or band.get("common_name")):
                aliases.setdefault(str(alias or name), name)
    return bands, {alias: name for alias, name in aliases.items() if alias not in bands}


def _has_pixels(asset: pystac.Asset) -> bool:
    is_raster = asset.media_type.startswith(_PIXELS) if asset.media_type else asset.href.lower().endswith(_SUFFIXES)
    return is_raster and not set(asset.roles or ()) & {"thumbnail", "overview"}


def _described(asset: pystac.Asset) -> Sequence[Described]:
    """What is said of each band: `bands`, or `eo:bands` and `raster:bands`; one nothing if there is nothing."""
    fields = asset.extra_fields
    lists = [fields.get(name) or [] for name in ("bands", "eo:bands", "raster:bands")]
    number = max(1, *(len(one) for one in lists))
    padded = [[*one, *[{}] * (number - len(one))] for one in lists]
    return [{**old, **eo, **new} for new, eo, old in zip(*padded, strict=True)]


def _band(item: pystac.Item, asset: pystac.Asset, told: Described, number: int, names: tuple[str, str]) -> SceneBand:
    fields = {**asset.extra_fields, **told}
    return SceneBand(
        href=asset.href,
        index=number,
        dtype=_dtype(fields.get("data_type")),
        nodata=_number(fields.get("nodata")),
        scale=_number(fields.get("raster:scale", fields.get("scale"))) or 1.0,
        offset=_number(fields.get("raster:offset", fields.get("offset"))) or 0.0,
        is_classes=any(fields.get(one) for one in _CLASSES) or any(name.lower() in _CLASS_NAMES for name in names),
        geobox=_geobox({**item.properties, **fields}),
    )


def declared_offset(asset: pystac.Asset) -> float | None:
    """The offset that an asset declares; None if it declares none."""
    fields = {**asset.extra_fields, **_described(asset)[0]}
    return _number(fields.get("raster:offset", fields.get("offset")))


def _number(value: object) -> float | None:
    """A number, also as text (`nan`)."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None


def _dtype(value: object) -> str | None:
    """Name of a type in numpy, None of those that numpy does not have."""
    try:
        return None if value is None else np.dtype(str(value)).name
    except TypeError:
        return None


def _geobox(fields: Described) -> GeoBox | None:
    """The grid that the projection extension tells."""
    code, epsg = fields.get("proj:code"), fields.get("proj:epsg")
    crs = code or (f"EPSG:{epsg}" if epsg else fields.get("proj:wkt2"))
    shape, transform = fields.get("proj:shape"), fields.get("proj:transform")
    if not (crs and shape and transform):
        return None
    height, width = shape
    return GeoBox((int(height), int(width)), Affine(*(float(number) for number in transform[:6])), str(crs))
