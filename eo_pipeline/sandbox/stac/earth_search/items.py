"""Properties and assets of items as Earth Search writes them. What does not belong here: finding scenes, and links."""

from collections.abc import Mapping

from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.stac.earth_search.bands import (
    CLASSES,
    CLASSES_KEY,
    CLASSES_SOURCE,
    REFLECTANCES,
    PublishedBand,
)
from eo_pipeline.sandbox.stac.earth_search.radiometry import COLLECTION_0, COLLECTION_1, SCALE, Radiometry
from eo_pipeline.sandbox.stac.instants import timestamp
from eo_pipeline.sandbox.stac.places import centroid, crs_of, shape_and_transform

NODATA = 0
"""Of all bands."""

_COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_COMMON = ("eo/v1.1.0", "grid/v1.1.0", "mgrs/v1.0.0", "raster/v1.1.0", "view/v1.0.0", "classification/v1.1.0")
EXTENSIONS = {COLLECTION_0: (*_COMMON, "projection/v1.1.0"), COLLECTION_1: (*_COMMON, "projection/v2.0.0")}
"""By collection; the older projection extension names the CRS in `proj:epsg`, the newer one in `proj:code`."""


def properties(collection: str, record: ImageRecord, *, tile: str, time_ms: int) -> dict[str, object]:
    """The item's properties but for what depends on the other scenes of its day.

    Args:
        collection: its collection's id.
        record: the image.
        tile: MGRS tile of five characters.
        time_ms: sensed, milliseconds since 1970.
    """
    told = record.properties
    return {
        "datetime": timestamp(time_ms),
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": told.get("CLOUDY_PIXEL_PERCENTAGE"),
        **_place(collection, record, tile),
        **_sun(told),
        **_product(told),
        **_times(record, time_ms),
    }


def _place(collection: str, record: ImageRecord, tile: str) -> dict[str, object]:
    code = crs_of(record)
    is_old = collection == COLLECTION_0
    return {
        **({"proj:epsg": int(code.removeprefix("EPSG:"))} if is_old else {"proj:code": code}),
        "proj:centroid": centroid(record.footprint),
        "mgrs:utm_zone": int(tile[:2]),
        "mgrs:latitude_band": tile[2],
        "mgrs:grid_square": tile[3:],
        "grid:code": f"MGRS-{tile.lstrip('0')}",
    }


def _sun(told: Mapping[str, object]) -> dict[str, object]:
    zenith = told.get("MEAN_SOLAR_ZENITH_ANGLE")
    return {
        "view:sun_azimuth": told.get("MEAN_SOLAR_AZIMUTH_ANGLE"),
        "view:sun_elevation": 90 - zenith if isinstance(zenith, int | float) else None,
    }


def _product(told: Mapping[str, object]) -> dict[str, object]:
    return {
        "s2:product_type": "S2MSI2A",
        "s2:datatake_id": told.get("DATATAKE_IDENTIFIER"),
        "s2:datatake_type": told.get("DATATAKE_TYPE"),
        "s2:granule_id": told.get("GRANULE_ID"),
        "s2:product_uri": f"{told.get('PRODUCT_ID')}.SAFE",
        "s2:nodata_pixel_percentage": told.get("NODATA_PIXEL_PERCENTAGE"),
    }


def _times(record: ImageRecord, time_ms: int) -> dict[str, object]:
    generated = record.properties.get("GENERATION_TIME")
    created = int(generated) if isinstance(generated, int | float) else time_ms
    return {
        "s2:generation_time": timestamp(created),
        "created": timestamp(created),
        "updated": timestamp(max(created, record.version // 1000)),
    }


def assets(bands: Mapping[str, BandSource], how: Radiometry, address: str) -> dict[str, dict[str, object]]:
    """The item's assets by key.

    Args:
        bands: the image's.
        how: its pixels mean reflectance.
        address: of the folder of its files.
    """
    found = {
        band.key: _reflectance(band, bands[band.source], how, address) for band in REFLECTANCES if band.source in bands
    }
    if CLASSES_SOURCE in bands:
        found[CLASSES_KEY] = _classes(bands[CLASSES_SOURCE], address)
    return found


def _reflectance(band: PublishedBand, source: BandSource, how: Radiometry, address: str) -> dict[str, object]:
    metres = round(source.projection.transform[0])
    stored = {"nodata": NODATA, "data_type": "uint16", "bits_per_sample": 15, "spatial_resolution": metres}
    return {
        "href": f"{address}/{band.name}.tif",
        "type": _COG,
        "title": f"{band.title} - {metres}m",
        "eo:bands": [band.described()],
        "gsd": metres,
        **shape_and_transform(source),
        "raster:bands": [{**stored, "scale": SCALE, "offset": how.offset}],
        "roles": ["data", "reflectance"],
    }


def _classes(source: BandSource, address: str) -> dict[str, object]:
    metres = round(source.projection.transform[0])
    return {
        "href": f"{address}/SCL.tif",
        "type": _COG,
        "title": "Scene classification map (SCL)",
        "gsd": metres,
        **shape_and_transform(source),
        "raster:bands": [{"nodata": NODATA, "data_type": "uint8", "spatial_resolution": metres}],
        "classification:classes": [
            {"value": value, "name": name, "description": said} for value, (name, said) in CLASSES.items()
        ],
        "roles": ["data"],
    }
