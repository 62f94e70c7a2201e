"""Reading files of polygons, and writing files of shapes.

Does not belong here: what is done with the shapes.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from odc.geo.crs import CRS
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.shapes import Kind, Repair, Zones
from eo_pipeline.errors import SettingsError, ZonesError
from eo_pipeline.storage.zone_geometries import check_geometries, mended

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
"""Formats that shapes are written in, by a name's ending."""


def read_zones(path: Path, *, id_column: str, layer: str | None = None, kinds: Sequence[Kind] = ("polygons",)) -> Zones:
    """Read every zone of a file that OGR can open (GeoPackage, shapefile, GeoJSON, ...).

    Args:
        path: a local file.
        id_column: the column that identifies a zone.
        layer: which layer, if the file has several.
        kinds: what zones may be; those of one file are all of one kind.

    Returns:
        The zones in file order; invalid ones are mended and reported in `repaired`.

    Raises:
        ZonesError: names the file, the column and what is there.
    """
    layer = _check_layer(path, layer)
    frame = geopandas.read_file(path, layer=layer)
    if frame.empty:
        raise _no_features(path)
    ids = _ids(frame, id_column, path)
    if frame.crs is None:
        raise _no_crs(path)
    check_geometries(list(frame.geometry), id_column, ids, where=path, kinds=kinds)
    shapes = np.array(frame.geometry, dtype=object)
    broken = np.flatnonzero(~shapely.is_valid(shapes)).tolist()
    repaired = tuple(Repair(ids[row], shapely.is_valid_reason(shapes[row])) for row in broken)
    for row in broken:
        shapes[row] = mended(shapes[row], ids[row], where=path)
    return Zones(str(path), id_column, ids, tuple(shapes), CRS(frame.crs), repaired, checksum(path))


def read_attributes(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns of a file of shapes, without the shapes, a row a feature in file order.

    Raises:
        ZonesError: the file or a column is not there.
    """
    layer = _check_layer(path, None)
    there = [str(name) for name in pyogrio.read_info(path, layer=layer)["fields"]]
    if missing := [name for name in columns if name not in there]:
        raise _no_column(path, missing[0], there)
    found: pd.DataFrame = pyogrio.read_dataframe(
        path, layer=layer, columns=list(columns), read_geometry=False, fid_as_index=True
    )
    return found[list(columns)].reset_index(drop=True)


def check_writable(path: Path) -> None:
    """Make sure that a file of shapes may be made.

    Raises:
        SettingsError: there is such a file, or its ending names no format that is known here.
    """
    if path.suffix.lower() not in DRIVERS:
        raise SettingsError(f"{path}: expected a name that ends in {' or '.join(DRIVERS)}, got {path.name}")
    if path.exists():
        raise SettingsError(f"{path}: expected no file there yet, got one; remove it or give another name")


def write_shapes(frame: geopandas.GeoDataFrame, path: Path) -> None:
    """Write shapes; the file appears under its name only when whole.

    Args:
        frame: with a CRS.
        path: `check_writable` allows it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        frame.to_file(partial, driver=DRIVERS[path.suffix.lower()], layer=path.stem)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def checksum(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal; a shapefile's parts count together, in the order of their names."""
    parts = [path]
    if path.suffix.lower() == ".shp":
        parts = sorted(part for part in path.parent.glob(f"{path.stem}.*") if part.is_file())
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def _check_layer(path: Path, layer: str | None) -> str:
    if not path.exists():
        raise ZonesError(f"{path}: expected a file of shapes, got nothing there; correct the path")
    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except (DataSourceError, DataLayerError) as error:
        raise ZonesError(f"{path}: expected a file of shapes that GDAL can read, got: {error}") from error
    if layer is None and len(layers) == 1:
        return layers[0]
    if layer in layers:
        return layer
    got = "no layer" if layer is None else f"layer {layer!r}"
    raise ZonesError(f"{path}: expected one of its layers ({', '.join(layers) or 'none'}), got {got}; name one")


def _ids(frame: geopandas.GeoDataFrame, id_column: str, path: Path) -> tuple[str | int, ...]:
    columns = [name for name in frame.columns if name != frame.geometry.name]
    if id_column not in columns:
        raise _no_column(path, id_column, columns)
    values = frame[id_column]
    if values.isna().any():
        rows = ", ".join(str(row) for row in values.index[values.isna()][:10])
        raise ZonesError(
            f"{path}: column {id_column!r}: expected an id for every polygon, got none in {values.isna().sum()} "
            f"feature(s) (from 0: {rows}); fill them in or choose another column"
        )
    repeated = values[values.duplicated()].unique().tolist()
    if repeated:
        raise ZonesError(
            f"{path}: column {id_column!r}: expected every id once, got {len(repeated)} repeated "
            f"({', '.join(str(value) for value in repeated[:10])}); merge those polygons or choose another column"
        )
    return tuple(values.tolist())


def read_shapes(path: Path, *, id_column: str | None, crs: CRS) -> list[tuple[str, BaseGeometry]]:
    """Every polygon of a file with its id (its row, counted from 0, without a column), in another CRS.

    Edges are densified before they are reprojected.

    Raises:
        ZonesError: the file, the column or the CRS cannot be used.
    """
    layer = _check_layer(path, None)
    frame = geopandas.read_file(path, layer=layer)
    if frame.empty:
        raise _no_features(path)
    if frame.crs is None:
        raise _no_crs(path)
    names = range(len(frame)) if id_column is None else _ids(frame, id_column, path)
    check_geometries(list(frame.geometry), id_column or "row", names, where=path, kinds=("polygons",))
    frame.geometry = [mended(shape, name, where=path) for name, shape in zip(names, frame.geometry, strict=True)]
    if CRS(frame.crs) != crs:
        frame.geometry = frame.geometry.segmentize(_step(frame)).to_crs(str(crs))
    return [(str(name), shape) for name, shape in zip(names, frame.geometry, strict=True)]


def _step(frame: geopandas.GeoDataFrame) -> float:
    """A fiftieth of the longest side of any polygon's bounds, in the file's own units."""
    bounds = frame.geometry.bounds
    return float(max((bounds.maxx - bounds.minx).max(), (bounds.maxy - bounds.miny).max()) / 50) or 1.0


def check_header(path: Path, columns: Sequence[str]) -> None:
    """What a file's header tells: there are features, a CRS and the columns; whoever reads it looks at every shape.

    Raises:
        ZonesError: names the file, what was expected and what is there.
    """
    layer = _check_layer(path, None)
    header = pyogrio.read_info(path, layer=layer, force_feature_count=True)
    if not header["features"]:
        raise _no_features(path)
    if header["crs"] is None:
        raise _no_crs(path)
    there = [str(name) for name in header["fields"]]
    if missing := [name for name in columns if name not in there]:
        raise _no_column(path, missing[0], there)


def _no_features(path: Path) -> ZonesError:
    return ZonesError(f"{path}: expected features, got a file without any; add some or name another file")


def _no_crs(path: Path) -> ZonesError:
    return ZonesError(f"{path}: expected a CRS, got none; store it with the file (a shapefile's is in its .prj)")


def _no_column(path: Path, id_column: str, columns: Sequence[str]) -> ZonesError:
    listed = ", ".join(columns) or "none"
    return ZonesError(f"{path}: expected a column {id_column!r}, got the columns {listed}; name one of those")
