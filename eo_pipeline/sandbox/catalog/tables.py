"""Vector files as tables of features. What does not belong here: the catalog file's form."""

from __future__ import annotations

import numpy as np
import pyogrio
import shapely

from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.catalog.schema import TableSpec
from eo_pipeline.sandbox.graph.crs import parse_crs, transformer
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.values import Feature


def read_table(spec: TableSpec) -> tuple[Feature, ...]:
    """The features of a file that GDAL's vector drivers read, in EPSG:4326, in the file's order.

    Raises:
        CatalogFileError: the file is absent, no vector file, or lacks the index column.
    """
    try:
        meta, fids, shapes, columns = pyogrio.raw.read(
            spec.path, layer=spec.layer, return_fids=True, datetime_as_string=True
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise CatalogFileError(
            f"{spec.field.file}: {spec.field.name}.path: expected a vector file, got {spec.path} ({error}); correct it"
        ) from error
    names = list(meta["fields"])
    if spec.index is not None and spec.index not in names:
        raise spec.field.error(f"index to name one of the columns {names}", "correct `index`")
    geometries = _in_degrees(shapely.from_wkb(shapes), meta["crs"] or WGS84)
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in zip(*columns, strict=True)] or [{} for _ in fids]
    return tuple(
        Feature(shape, {"system:index": f"{fid:020x}" if spec.index is None else str(row[spec.index]), **row})
        for fid, shape, row in zip(fids.tolist(), geometries, rows, strict=True)
    )


def _in_degrees(shapes: np.ndarray, crs: str) -> list[Geometry | None]:
    """Geometries whose corners are moved to EPSG:4326."""
    if not parse_crs(crs).equals(parse_crs(WGS84), ignore_axis_order=True):
        operation = transformer(crs, WGS84)
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(operation.transform(xy[:, 0], xy[:, 1])))
    return [None if shape is None else Geometry(shape) for shape in shapes]


def _plain(value: object) -> object:
    """A value as JSON knows it; what is missing becomes null."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain
