"""An item as a scene. What does not belong here: assets (`asset_bands`), offsets (`sentinel2`), finding items."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping

import pystac
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.scenes.places import either_way
from eo_pipeline.core.scenes.scene import Scene, SceneBand
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.stac.asset_bands import bands_of
from eo_pipeline.sources.stac.sentinel2 import decided, is_sentinel2_l2a, with_offset

_CHANGES = ("updated", "s2:processing_baseline", "s2:generation_time", "created")
"""Properties that differ when an item's pixels do."""

_CHECKSUMS = ("file:checksum", "checksum:multihash")


def scene_of(item: pystac.Item, *, source: str) -> Scene:
    """An item of an archive.

    Raises:
        SourceError: it has no time or no outline; names the source and the item.
    """
    bands, aliases = bands_of(item)
    doubt = ""
    if is_sentinel2_l2a(item):
        decision = decided(item)
        bands, doubt = with_offset(bands, decision.offset), decision.doubt
    return Scene(
        id=item.id,
        collection=item.collection_id or "",
        version=version_of(item),
        instant=_instant(item, source),
        footprint=_footprint(item, source, bands),
        bands=bands,
        aliases=aliases,
        doubt=doubt,
    )


def version_of(item: pystac.Item) -> str:
    """When the item was changed, how it was processed and its files' checksums; a digest of its properties without."""
    told = [f"{name}={item.properties[name]}" for name in _CHANGES if item.properties.get(name)]
    sums = [
        f"{key}={asset.extra_fields[name]}"
        for key, asset in sorted(item.assets.items())
        for name in _CHECKSUMS
        if name in asset.extra_fields
    ]
    if sums:
        told.append(f"checksums={_digest(sums)}")
    return " ".join(told) or f"properties={_digest(item.properties)}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:40]


def _instant(item: pystac.Item, source: str) -> dt.datetime:
    instant = item.datetime or item.common_metadata.start_datetime
    if instant is None:
        raise SourceError(f"expected item {item.id} of {source} with a datetime, got none; tell the archive")
    return instant.replace(tzinfo=instant.tzinfo or dt.UTC).astimezone(dt.UTC)


def _footprint(item: pystac.Item, source: str, bands: Mapping[str, SceneBand]) -> BaseGeometry:
    """Its outline, with edges as its files have them if it tells their grid; that of a bounding box if there is one."""
    if item.geometry is not None:
        told = shapely.geometry.shape(item.geometry)
        crs = next((band.geobox.crs for band in bands.values() if band.geobox is not None), None)
        return told if crs is None else either_way(told, crs)
    if item.bbox is None:
        raise SourceError(f"expected item {item.id} of {source} with a geometry, got none; tell the archive")
    west, south, east, north = item.bbox if len(item.bbox) == 4 else (*item.bbox[:2], *item.bbox[3:5])
    return shapely.box(west, south, east if west <= east else east + 360, north)
