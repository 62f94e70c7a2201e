"""The catalog file as values: entries, bands (docs/sandbox_catalog.md). Not here: opening rasters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from eo_pipeline.sandbox.catalog.fields import CatalogFileError, Field, read_yaml
from eo_pipeline.sandbox.catalog.pyramid import Policy

KINDS = ("files", "netcdf", "id")
"""The fields of which an entry of a collection has exactly one; it says the entry's kind."""

DURATIONS = ("hour", "day", "month", "year")

_COMMON = ("bands", "properties", "crs")
_FIELDS = {
    "files": (*_COMMON, "files", "index", "duration"),
    "netcdf": (*_COMMON, "netcdf", "time", "index", "duration"),
    "id": (*_COMMON, "id", "start", "end"),
}
_STORED = ("scale", "offset", "nodata", "pyramiding")
_BAND_FIELDS = {
    "files": (*_STORED, "band"),
    "netcdf": (*_STORED, "variable"),
    "id": (*_STORED, "band", "path"),
}


@dataclass(frozen=True)
class BandSpec:
    """One band as written.

    Attributes:
        field: where it stands, for errors found later.
        name: name of the band.
        path: its GeoTIFF, absolute; None if the entry names the files.
        band: 1-based band of the file.
        variable: NetCDF variable, or None.
        scale: factor of stored values, or None.
        offset: summand after scaling, or None.
        nodata: stored value that is masked; None means what the file says.
        pyramiding: how levels are made.
    """

    field: Field
    name: str
    path: Path | None
    band: int
    variable: str | None
    scale: float | None
    offset: float | None
    nodata: float | None
    pyramiding: Policy


@dataclass(frozen=True)
class EntrySpec:
    """One entry as written: one image, or a series of them.

    Attributes:
        field: where it stands.
        kind: one of KINDS.
        source: pattern, NetCDF path or index, by kind; empty for an image without collection.
        crs: CRS that overrides the file's, or None.
        time: name of the NetCDF time variable, or None.
        index: template of system:index, or None.
        duration: one of DURATIONS, or None.
        start_ms: milliseconds since 1970, or None.
        end_ms: milliseconds since 1970, or None.
        properties: further properties of its images.
        bands: in order.
    """

    field: Field
    kind: str
    source: str
    crs: str | None
    time: str | None
    index: str | None
    duration: str | None
    start_ms: int | None
    end_ms: int | None
    properties: Mapping[str, object]
    bands: tuple[BandSpec, ...]


@dataclass(frozen=True)
class CollectionSpec:
    """A collection as written: its own properties and its entries."""

    properties: Mapping[str, object]
    entries: tuple[EntrySpec, ...]


@dataclass(frozen=True)
class TableSpec:
    """A table as written.

    Attributes:
        field: where it stands.
        path: the vector file, absolute.
        layer: name of its layer, or None for the first one.
        index: column whose values become system:index, or None for the features' numbers.
        properties: of the table itself.
    """

    field: Field
    path: Path
    layer: str | None
    index: str | None
    properties: Mapping[str, object]


@dataclass(frozen=True)
class CatalogSpec:
    """A catalog file as written: collections, single images and tables by Earth Engine id."""

    collections: Mapping[str, CollectionSpec]
    images: Mapping[str, EntrySpec]
    tables: Mapping[str, TableSpec]


def read_catalog_file(file: Path) -> CatalogSpec:
    """Read and check a catalog file without opening rasters.

    Raises:
        CatalogFileError: a mistake, with file and field.
    """
    root = read_yaml(file).mapping(("collections", "images", "tables"))
    collections = root["collections"].mapping() if "collections" in root else {}
    images = root["images"].mapping() if "images" in root else {}
    tables = root["tables"].mapping() if "tables" in root else {}
    return CatalogSpec(
        {asset_id: _collection(field) for asset_id, field in collections.items()},
        {asset_id: _entry(field, "id", in_collection=False) for asset_id, field in images.items()},
        {asset_id: _table(field) for asset_id, field in tables.items()},
    )


def _table(field: Field) -> TableSpec:
    fields = field.mapping(("path", "layer", "index", "properties"))
    path = field.file.parent / _required(field, fields, "path").text()
    return TableSpec(field, path, _text(fields, "layer"), _text(fields, "index"), _properties(fields))


def _collection(field: Field) -> CollectionSpec:
    fields = field.mapping(("properties", "images"))
    entries = _required(field, fields, "images").items()
    return CollectionSpec(_properties(fields), tuple(_entry(entry, _kind(entry)) for entry in entries))


def _kind(field: Field) -> str:
    kinds = [kind for kind in KINDS if kind in field.mapping()]
    if len(kinds) != 1:
        raise field.error("exactly one of the fields files, netcdf, id", "say where the images come from")
    return kinds[0]


def _entry(field: Field, kind: str, *, in_collection: bool = True) -> EntrySpec:
    fields = field.mapping([name for name in _FIELDS[kind] if in_collection or name != "id"])
    bands = _required(field, fields, "bands").mapping()
    if not bands:
        raise field.error("at least one band", "list the bands to serve")
    times = {name: fields[name].time_ms() for name in ("start", "end") if name in fields}
    return EntrySpec(
        field=field,
        kind=kind,
        source=fields[kind].text() if in_collection else "",
        crs=_text(fields, "crs"),
        time=_text(fields, "time"),
        index=_text(fields, "index"),
        duration=fields["duration"].choice(DURATIONS) if "duration" in fields else None,
        start_ms=times.get("start"),
        end_ms=times.get("end"),
        properties=_properties(fields),
        bands=tuple(_band(band, name, kind) for name, band in bands.items()),
    )


def _band(field: Field, name: str, kind: str) -> BandSpec:
    fields = field.mapping(_BAND_FIELDS[kind])
    path = field.file.parent / _required(field, fields, "path").text() if kind == "id" else None
    return BandSpec(
        field=field,
        name=name,
        path=path,
        band=fields["band"].positive_integer() if "band" in fields else 1,
        variable=_required(field, fields, "variable").text() if kind == "netcdf" else None,
        scale=_number(fields, "scale"),
        offset=_number(fields, "offset"),
        nodata=_number(fields, "nodata"),
        pyramiding=_pyramiding(fields),
    )


def _required(field: Field, fields: Mapping[str, Field], name: str) -> Field:
    if name not in fields:
        raise CatalogFileError(f"{field.file}: {field.name}: expected the field {name}, got none; add it")
    return fields[name]


def _properties(fields: Mapping[str, Field]) -> dict[str, object]:
    if "properties" not in fields:
        return {}
    return {name: field.value for name, field in fields["properties"].mapping().items()}


def _text(fields: Mapping[str, Field], name: str) -> str | None:
    return fields[name].text() if name in fields else None


def _number(fields: Mapping[str, Field], name: str) -> float | None:
    return fields[name].number() if name in fields else None


def _pyramiding(fields: Mapping[str, Field]) -> Policy:
    if "pyramiding" not in fields:
        return "mean"
    return cast(Policy, fields["pyramiding"].choice(("mean", "sample", "mode")))
