"""Bodies of export requests, shaped by the client's own helpers: images and tables to each destination.

`ee.data.exportImage` and `ee.data.exportTable` send them. What does not belong here: what is exported, names, sending.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding, Kind
from eo_pipeline.earth_engine.recipes import rectangle

POLICIES: Mapping[Kind, str] = {"continuous": "mean", "categorical": "mode", "count": "sample"}
"""How coarser levels of an asset are made of each kind of band."""


@dataclass(frozen=True)
class Label:
    """What every task carries besides its work.

    Attributes:
        description: text of the task list, at most 100 characters.
        priority: 0..9999, higher starts earlier.
    """

    description: str
    priority: int


@dataclass(frozen=True)
class PixelGrid:
    """Which pixels of an image are exported.

    Attributes:
        geobox: all of them, in the CRS and on the lattice of the result.
        max_pixels: refused by the service above this.
    """

    geobox: GeoBox
    max_pixels: int

    @property
    def options(self) -> dict[str, Any]:
        """As the client's helpers call them."""
        return {
            "region": rectangle(self.geobox),
            "crs": str(self.geobox.crs),
            "crsTransform": list(self.geobox.affine)[:6],
            "maxPixels": self.max_pixels,
        }


@dataclass(frozen=True)
class GeoTiffs:
    """How the files of an exported image look.

    Attributes:
        file_dimensions: pixels a side of one file, a multiple of 256.
        nodata: stored value of masked pixels; NaN is not said, it is what the service writes for floats.
    """

    file_dimensions: int
    nodata: float

    @property
    def options(self) -> dict[str, Any]:
        """As the client's helpers call them."""
        nodata = {} if math.isnan(self.nodata) else {"formatOptions": {"noData": self.nodata}}
        return {"fileDimensions": (self.file_dimensions, self.file_dimensions), **nodata}


def image_to_cloud_storage(
    image: Any, label: Label, grid: PixelGrid, files: GeoTiffs, *, bucket: str, prefix: str
) -> dict[str, Any]:
    """An ExportImageRequest whose files are named `<prefix>-<row>-<column>.tif`, or `<prefix>.tif` if there is one."""
    place = _in_bucket(bucket, prefix)
    return _body(ee.batch.Export.image.toCloudStorage(image, **place, **_said(label), **grid.options, **files.options))


def image_to_drive(
    image: Any, label: Label, grid: PixelGrid, files: GeoTiffs, *, folder: str, prefix: str
) -> dict[str, Any]:
    """The same to a folder of the caller's Google Drive, found by its name."""
    place = _in_drive(folder, prefix)
    return _body(ee.batch.Export.image.toDrive(image, **place, **_said(label), **grid.options, **files.options))


def image_to_asset(
    image: Any, label: Label, grid: PixelGrid, *, name: str, bands: Iterable[BandEncoding]
) -> dict[str, Any]:
    """An ExportImageRequest of one asset; one of that name, which an earlier attempt made, is replaced.

    Args:
        image: with its masks: an asset keeps them.
        label: of the task.
        grid: of the asset.
        name: of the asset; what it lies in exists.
        bands: of the image; their kinds decide how coarser levels are made.
    """
    policies = {band.name: POLICIES[band.kind] for band in bands}
    place = {**_as_asset(name), "pyramidingPolicy": policies}
    return _body(ee.batch.Export.image.toAsset(image, **place, **_said(label), **grid.options))


def table_to_cloud_storage(
    table: Any, label: Label, *, bucket: str, prefix: str, columns: Sequence[str]
) -> dict[str, Any]:
    """An ExportTableRequest of one CSV file, `<prefix>.csv`, with these columns in this order."""
    place = _in_bucket(bucket, prefix)
    return _body(ee.batch.Export.table.toCloudStorage(table, **place, **_csv(columns), **_said(label)))


def table_to_drive(table: Any, label: Label, *, folder: str, prefix: str, columns: Sequence[str]) -> dict[str, Any]:
    """The same to a folder of the caller's Google Drive, found by its name."""
    place = _in_drive(folder, prefix)
    return _body(ee.batch.Export.table.toDrive(table, **place, **_csv(columns), **_said(label)))


def table_to_asset(table: Any, label: Label, *, name: str) -> dict[str, Any]:
    """An ExportTableRequest of one asset with all properties of its features, each of which needs a geometry."""
    return _body(ee.batch.Export.table.toAsset(table, **_as_asset(name), **_said(label)))


def _in_bucket(bucket: str, prefix: str) -> dict[str, Any]:
    return {"bucket": bucket, "fileNamePrefix": prefix}


def _in_drive(folder: str, prefix: str) -> dict[str, Any]:
    return {"folder": folder, "fileNamePrefix": prefix}


def _as_asset(name: str) -> dict[str, Any]:
    return {"assetId": name, "overwrite": True}


def _said(label: Label) -> dict[str, Any]:
    return {"description": label.description, "priority": label.priority}


def _csv(columns: Sequence[str]) -> dict[str, Any]:
    return {"fileFormat": "CSV", "selectors": list(columns)}


def _body(task: Any) -> dict[str, Any]:
    """What the client would send of a task, with the `ee` object still in it."""
    return dict(task.config)
