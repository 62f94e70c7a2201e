"""A scene as STAC item. What does not belong here: finding scenes, and links of an API."""

import datetime as dt
from collections.abc import Mapping

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import BandSource
from eo_pipeline.sandbox.graph.late_properties import LateProperties
from eo_pipeline.sandbox.stac.bands import CLASSES, CLASSES_KEY, CLASSES_SOURCE, REFLECTANCES, PublishedBand
from eo_pipeline.sandbox.stac.cog_files import COG
from eo_pipeline.sandbox.stac.radiometry import COLLECTION_0, COLLECTION_1, SCALE, Radiometry
from eo_pipeline.sandbox.stac.scenes import Scene, time_of

STAC_VERSION = "1.0.0"

_SCHEMAS = "https://stac-extensions.github.io"
_EXTENSIONS = ("eo/v1.1.0", "grid/v1.1.0", "mgrs/v1.0.0", "raster/v1.1.0", "view/v1.0.0", "classification/v1.1.0")
_PROJECTION = {COLLECTION_0: "projection/v1.1.0", COLLECTION_1: "projection/v2.0.0"}
"""The older names the CRS in `proj:epsg`, the newer one in `proj:code`."""

_DIGITS = 6
"""Decimals of degrees."""


def item(scene: Scene, files: str) -> dict[str, object]:
    """The item without links.

    Args:
        scene: what it shows.
        files: address below which the folders of files are, without trailing slash.
    """
    footprint = shapely.set_precision(scene.record.footprint, 10**-_DIGITS)
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": extensions(scene.collection),
        "id": scene.id,
        "collection": scene.collection,
        "geometry": shapely.geometry.mapping(footprint),
        "bbox": _bbox(footprint),
        "properties": dict(properties(scene)),
        "assets": assets(scene, f"{files}/{scene.folder}"),
        "links": [],
    }


def extensions(collection: str) -> list[str]:
    """Addresses of the extensions' schemas that items of a collection follow."""
    return [f"{_SCHEMAS}/{name}/schema.json" for name in (*_EXTENSIONS, _PROJECTION[collection])]


def properties(scene: Scene) -> Mapping[str, object]:
    """The item's properties; its number among the day's scenes is found out only when it is asked for."""
    known = {"datetime": timestamp(scene.time), **_platform(scene), **_place(scene), **_view(scene), **_product(scene)}
    return LateProperties(known, lambda: _naming(scene))


def timestamp(time: dt.datetime) -> str:
    """A time as items write it, for example 2023-06-24T10:06:12.123000Z."""
    return f"{time.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _platform(scene: Scene) -> dict[str, object]:
    return {
        "platform": f"sentinel-2{scene.spacecraft.lower()}",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": scene.record.properties.get("CLOUDY_PIXEL_PERCENTAGE"),
    }


def _place(scene: Scene) -> dict[str, object]:
    tile, code = scene.tile, _crs(scene)
    projection: dict[str, object] = {"proj:code": code}
    if scene.collection == COLLECTION_0:
        projection = {"proj:epsg": int(code.removeprefix("EPSG:"))}
    return {
        **projection,
        "proj:centroid": _centroid(scene.record.footprint),
        "mgrs:utm_zone": int(tile[:2]),
        "mgrs:latitude_band": tile[2],
        "mgrs:grid_square": tile[3:],
        "grid:code": f"MGRS-{tile.lstrip('0')}",
    }


def _crs(scene: Scene) -> str:
    return next(iter(scene.record.bands.values())).projection.crs


def _view(scene: Scene) -> dict[str, object]:
    zenith = scene.record.properties.get("MEAN_SOLAR_ZENITH_ANGLE")
    return {
        "view:sun_azimuth": scene.record.properties.get("MEAN_SOLAR_AZIMUTH_ANGLE"),
        "view:sun_elevation": 90 - zenith if isinstance(zenith, int | float) else None,
    }


def _product(scene: Scene) -> dict[str, object]:
    told = scene.record.properties
    generated = told.get("GENERATION_TIME")
    time = time_of(int(generated)) if isinstance(generated, int | float) else scene.time
    return {
        "s2:product_type": "S2MSI2A",
        "s2:datatake_id": told.get("DATATAKE_IDENTIFIER"),
        "s2:datatake_type": told.get("DATATAKE_TYPE"),
        "s2:granule_id": told.get("GRANULE_ID"),
        "s2:product_uri": f"{told.get('PRODUCT_ID')}.SAFE",
        "s2:nodata_pixel_percentage": told.get("NODATA_PIXEL_PERCENTAGE"),
        "s2:generation_time": timestamp(time),
        "created": timestamp(time),
        "updated": timestamp(time),
    }


def _naming(scene: Scene) -> dict[str, object]:
    how = scene.radiometry
    return {
        "s2:sequence": str(scene.sequence),
        "s2:processing_baseline": how.baseline,
        "earthsearch:boa_offset_applied": how.applied,
    }


def assets(scene: Scene, folder: str) -> dict[str, dict[str, object]]:
    """The item's assets by key; its files are in the folder at an address."""
    bands = scene.record.bands
    found = {
        band.key: _reflectance(band, bands[band.source], scene.radiometry, folder)
        for band in REFLECTANCES
        if band.source in bands
    }
    if CLASSES_SOURCE in bands:
        found[CLASSES_KEY] = _classes(bands[CLASSES_SOURCE], folder)
    return found


def _reflectance(band: PublishedBand, source: BandSource, how: Radiometry, folder: str) -> dict[str, object]:
    metres = round(source.projection.transform[0])
    stored = {"nodata": 0, "data_type": "uint16", "bits_per_sample": 15, "spatial_resolution": metres}
    return {
        "href": f"{folder}/{band.name}.tif",
        "type": COG,
        "title": f"{band.title} - {metres}m",
        "eo:bands": [band.described()],
        "gsd": metres,
        **_grid(source),
        "raster:bands": [{**stored, "scale": SCALE, "offset": how.offset}],
        "roles": ["data", "reflectance"],
    }


def _classes(source: BandSource, folder: str) -> dict[str, object]:
    metres = round(source.projection.transform[0])
    return {
        "href": f"{folder}/SCL.tif",
        "type": COG,
        "title": "Scene classification map (SCL)",
        "gsd": metres,
        **_grid(source),
        "raster:bands": [{"nodata": 0, "data_type": "uint8", "spatial_resolution": metres}],
        "classification:classes": [
            {"value": value, "name": name, "description": said} for value, (name, said) in CLASSES.items()
        ],
        "roles": ["data"],
    }


def _grid(source: BandSource) -> dict[str, object]:
    width, height = source.dimensions or (0, 0)
    return {"proj:shape": [height, width], "proj:transform": list(source.projection.transform)}


def _centroid(footprint: BaseGeometry) -> dict[str, float]:
    """The middle of an outline; of its largest part, if it is cut at the antimeridian."""
    middle = max(shapely.get_parts(footprint), key=lambda part: part.area).centroid
    return {"lat": round(middle.y, 5), "lon": round(middle.x, 5)}


def _bbox(footprint: BaseGeometry) -> list[float]:
    """West, south, east, north; west is greater than east across the antimeridian (RFC 7946)."""
    west, south, east, north = (round(value, _DIGITS) for value in footprint.bounds)
    if west == -180 and east == 180:
        boxes = [part.bounds for part in shapely.get_parts(footprint)]
        west = round(min(box[0] for box in boxes if box[2] == 180), _DIGITS)
        east = round(max(box[2] for box in boxes if box[0] == -180), _DIGITS)
    return [west, south, east, north]
