"""Reading files of polygons.

Does not belong here: what is done with the polygons.
"""

import hashlib
from pathlib import Path

import geopandas
import pyogrio
import shapely
from odc.geo.crs import CRS
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zone_shapes import Repair, Zones, polygons_of
from eo_pipeline.errors import ZonesError


def read_zones(path: Path, *, id_column: str, layer: str | None = None) -> Zones:
    """Read every polygon of a file that OGR can open (GeoPackage, shapefile, GeoJSON, ...).

    Args:
        path: a local file.
        id_column: the column that identifies a polygon.
        layer: which layer, if the file has several.

    Returns:
        The polygons in file order; invalid ones are mended and reported in `repaired`.

    Raises:
        ZonesError: names the file, the column and what is there.
    """
    layer = _check_layer(path, layer)
    frame = geopandas.read_file(path, layer=layer)
    if frame.empty:
        raise ZonesError(f"{path}: expected polygons, got a file without features")
    ids = _ids(frame, id_column, path)
    if frame.crs is None:
        raise ZonesError(f"{path}: expected a CRS, got none; store it with the file (a shapefile's is in its .prj)")
    _check_polygons(frame, id_column, path)
    return Zones(
        source=str(path),
        id_column=id_column,
        ids=ids,
        geometries=tuple(_mended(shape, zone, path) for shape, zone in zip(frame.geometry, ids, strict=True)),
        crs=CRS(frame.crs),
        repaired=tuple(
            Repair(zone, shapely.is_valid_reason(shape))
            for shape, zone in zip(frame.geometry, ids, strict=True)
            if not shape.is_valid
        ),
        checksum=checksum(path),
    )


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
        raise ZonesError(f"{path}: expected a file of polygons, got nothing there; correct the path")
    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except (DataSourceError, DataLayerError) as error:
        raise ZonesError(f"{path}: expected a file that GDAL can read as polygons, got: {error}") from error
    if layer is None and len(layers) == 1:
        return layers[0]
    if layer in layers:
        return layer
    got = "no layer" if layer is None else f"layer {layer!r}"
    raise ZonesError(f"{path}: expected one of its layers ({', '.join(layers) or 'none'}), got {got}; name one")


def _ids(frame: geopandas.GeoDataFrame, id_column: str, path: Path) -> tuple[str | int, ...]:
    columns = [name for name in frame.columns if name != frame.geometry.name]
    if id_column not in columns:
        raise ZonesError(f"{path}: expected a column {id_column!r}, got the columns {', '.join(columns) or 'none'}")
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


def _check_polygons(frame: geopandas.GeoDataFrame, id_column: str, path: Path) -> None:
    kinds = [_kind(shape) for shape in frame.geometry]
    wrong = [f"{zone}: {kind}" for zone, kind in zip(frame[id_column], kinds, strict=True) if "olygon" not in kind]
    if wrong:
        raise ZonesError(
            f"{path}: expected polygons only, got {len(wrong)} other or empty geometries "
            f"({id_column} {', '.join(wrong[:10])}); remove or buffer them"
        )


def _kind(shape: BaseGeometry | None) -> str:
    return "no geometry" if shape is None or shape.is_empty else str(shape.geom_type)


def _mended(shape: BaseGeometry, zone: str | int, path: Path) -> BaseGeometry:
    if shape.is_valid:
        return shape
    mended = polygons_of(shapely.make_valid(shape))
    if mended.is_empty:
        raise ZonesError(f"{path}: zone {zone}: expected a polygon with an area, got one without; remove it")
    return mended
