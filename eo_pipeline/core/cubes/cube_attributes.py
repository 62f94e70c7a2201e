"""Attributes of a cube's arrays: CF-1.11 for space, time and packing, GeoZarr conventions for the grid.

Sources: CF-1.11 sections 4, 5.6, 7.1 and 8.1; GDAL's `GeoTransform`; zarr-conventions `proj` and `spatial`, written by
zarr-cm. What does not belong here: shapes and chunks (`cube_template`).
"""

import base64
import math
import struct
from typing import cast

import zarr_cm
from odc.geo.geobox import GeoBox
from pyproj import CRS

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_arrays import Json

GRID_MAPPING = "spatial_ref"
CONVENTIONS = "CF-1.11"


def x_attributes(geobox: GeoBox) -> dict[str, Json]:
    """CF attributes of the x pixel centres: longitude for a geographic CRS, else metres or the CRS's unit."""
    return _axis_attributes(geobox, axis="X", geographic="longitude", degrees="degrees_east")


def y_attributes(geobox: GeoBox) -> dict[str, Json]:
    """CF attributes of the y pixel centres: latitude for a geographic CRS, else metres or the CRS's unit."""
    return _axis_attributes(geobox, axis="Y", geographic="latitude", degrees="degrees_north")


def _axis_attributes(geobox: GeoBox, *, axis: str, geographic: str, degrees: str) -> dict[str, Json]:
    crs = pyproj_crs(geobox)
    if crs.is_geographic:
        return {"standard_name": geographic, "long_name": geographic, "units": degrees, "axis": axis}
    unit = crs.axis_info[0].unit_name if crs.axis_info else "metre"
    return {
        "standard_name": f"projection_{axis.lower()}_coordinate",
        "long_name": f"{axis.lower()} coordinate of projection",
        "units": {"metre": "m"}.get(unit, unit),
        "axis": axis,
    }


def time_attributes(unit: str) -> dict[str, Json]:
    """CF attributes of `time`: whole `days` or `hours` since 1970, each label the start of its period."""
    return {
        "standard_name": "time",
        "long_name": "start of the period",
        "units": f"{unit} since 1970-01-01",
        "calendar": "standard",
        "axis": "T",
        "bounds": "time_bnds",
    }


def grid_mapping_attributes(geobox: GeoBox) -> dict[str, Json]:
    """CF grid mapping of the CRS, with its WKT twice (CF's name and GDAL's) and GDAL's GeoTransform."""
    crs, affine = pyproj_crs(geobox), geobox.affine
    numbers = (affine.c, affine.a, affine.b, affine.f, affine.d, affine.e)
    return {
        **cast("dict[str, Json]", _without_nan(crs.to_cf())),
        "spatial_ref": crs.to_wkt(),
        "GeoTransform": " ".join(repr(float(number)) for number in numbers),
    }


def geozarr_attributes(geobox: GeoBox) -> dict[str, Json]:
    """GeoZarr's `proj` and `spatial`: CRS, affine in rasterio's order, bounds in the CRS, shape (y, x)."""
    crs, affine, bounds = pyproj_crs(geobox), geobox.affine, geobox.boundingbox
    epsg = crs.to_epsg()
    projection = zarr_cm.proj.create(code=f"EPSG:{epsg}") if epsg else zarr_cm.proj.create(wkt2=crs.to_wkt())
    spatial = zarr_cm.spatial.create(
        dimensions=["y", "x"],
        transform=[float(number) for number in affine[:6]],
        bbox=[bounds.left, bounds.bottom, bounds.right, bounds.top],
        shape=list(geobox.shape),
        registration="pixel",
    )
    return cast("dict[str, Json]", zarr_cm.spatial.insert(zarr_cm.proj.insert({}, projection), spatial))


def band_attributes(band: BandEncoding) -> dict[str, Json]:
    """CF attributes of a band: name, unit, valid range and, for continuous values, how stored numbers are unpacked.

    Classes and counts carry no `_FillValue`: xarray would turn them into floats. Their nodata is Zarr's fill value.
    """
    attributes: dict[str, Json] = {"grid_mapping": GRID_MAPPING}
    if band.description:
        attributes["long_name"] = band.description
    if band.units:
        attributes["units"] = band.units
    if band.kind == "continuous":
        attributes |= packing(band)
    if band.valid_range is not None:
        number = float if band.is_float else int
        attributes["valid_range"] = [number(limit) for limit in band.valid_range]
    return attributes


def packing(band: BandEncoding) -> dict[str, Json]:
    """CF's words for how stored numbers become values: `_FillValue`, `scale_factor`, `add_offset`."""
    words: dict[str, Json] = {}
    if band.nodata is not None and not math.isnan(band.nodata):
        words["_FillValue"] = _fill_attribute(band, band.nodata)
    if (band.scale, band.offset) != (1.0, 0.0):
        words |= {"scale_factor": band.scale, "add_offset": band.offset}
    return words


def _fill_attribute(band: BandEncoding, nodata: float) -> Json:
    """`_FillValue` as xarray keeps it in Zarr 3: integers plainly, floats as base64 of a little-endian double."""
    if not band.is_float:
        return int(nodata)
    return base64.standard_b64encode(struct.pack("<d", float(nodata))).decode()


def pyproj_crs(geobox: GeoBox) -> CRS:
    """The GeoBox's CRS as pyproj's; a cube's grid has one."""
    return CRS.from_user_input(geobox.crs)


def _without_nan(attributes: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if not (isinstance(value, float) and math.isnan(value))}
