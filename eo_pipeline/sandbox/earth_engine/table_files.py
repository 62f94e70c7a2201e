"""Features as GeoJSON and CSV. What does not belong here: where features come from and where files go."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

import shapely.geometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Element, geometry_of
from eo_pipeline.sandbox.graph.encode import encode
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry

INDEX, SHAPE = "system:index", ".geo"
"""Columns of a feature's index and of its geometry."""

_NOWHERE: Mapping[str, object] = {"type": "MultiPoint", "coordinates": []}
"""How a missing geometry is written into CSV."""

SUFFIXES = {"CSV": ".csv", "GEO_JSON": ".geojson"}
"""File name endings by format."""

MEDIA_TYPES = {"CSV": "text/csv", "GEO_JSON": "application/geo+json"}


def check_format(file_format: str) -> str:
    """The format itself; JSON, as addresses of downloads have it, means GeoJSON.

    Raises:
        ServiceError: The sandbox does not write it.
    """
    if file_format == "JSON":
        return "GEO_JSON"
    if file_format not in SUFFIXES:
        raise ServiceError(f"sandbox: tables are written as {' or '.join(SUFFIXES)} only, got {file_format}.")
    return file_format


def geojson_feature(element: Element, selectors: Sequence[str] = ()) -> dict[str, object]:
    """A GeoJSON feature in EPSG:4326 with planar edges; with selectors only those properties."""
    names = selectors or [name for name in element.properties if name != INDEX]
    properties = {name: encode(element.properties.get(name)) for name in names if name != SHAPE}
    index = element.properties.get(INDEX)
    identity = {} if index is None else {"id": str(index)}
    return {"type": "Feature", **identity, "geometry": _shape(geometry_of(element)), "properties": properties}


def write_table(file: TextIO, file_format: str, features: Iterable[Element], selectors: Sequence[str]) -> int:
    """Write features and tell how many there were."""
    return (_write_csv if file_format == "CSV" else _write_geojson)(file, features, selectors)


def _write_geojson(file: TextIO, features: Iterable[Element], selectors: Sequence[str]) -> int:
    count = 0
    file.write('{"type": "FeatureCollection", "features": [')
    for element in features:
        file.write(("" if count == 0 else ",") + "\n" + json.dumps(geojson_feature(element, selectors)))
        count += 1
    file.write("\n]}\n")
    return count


def _write_csv(file: TextIO, features: Iterable[Element], selectors: Sequence[str]) -> int:
    """Columns are the selectors, or index, sorted properties of the first feature, and geometry."""
    count, columns = 0, list(selectors)
    writer = csv.writer(file, lineterminator="\n")
    for element in features:
        if count == 0:
            columns = columns or [INDEX, *sorted(set(element.properties) - {INDEX}), SHAPE]
            writer.writerow(columns)
        writer.writerow(_cells(element, columns))
        count += 1
    return count


def _cells(element: Element, columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        if column == SHAPE:
            yield json.dumps(_shape(geometry_of(element)) or _NOWHERE)
        else:
            yield _text(element.properties.get(column))


def _text(value: object) -> str:
    """A cell; whole numbers without a point."""
    if value is None:
        return ""
    plain = encode(value)
    return str(plain) if isinstance(plain, str | int | float) else json.dumps(plain)


def _shape(geometry: Geometry | None) -> dict[str, object] | None:
    if geometry is None:
        return None
    body = shapely.geometry.mapping(geometry.to(WGS84))
    return dict(body)
