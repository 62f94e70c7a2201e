"""A catalog of local rasters, as docs/sandbox_catalog.md describes it. Not here: parsing fields, reading pixels."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo, start_of
from eo_pipeline.sandbox.catalog.fields import CatalogFileError, milliseconds
from eo_pipeline.sandbox.catalog.geotiff import open_raster_band
from eo_pipeline.sandbox.catalog.netcdf import open_netcdf_series
from eo_pipeline.sandbox.catalog.schema import CollectionSpec, EntrySpec, read_catalog_file
from eo_pipeline.sandbox.catalog.tables import read_table
from eo_pipeline.sandbox.catalog.time_patterns import after, check_pattern, matching_files, written
from eo_pipeline.sandbox.graph.crs import transformer
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.graph.values import Feature

_DAY, _SECOND = "{YYYY}{MM}{DD}", "{YYYY}{MM}{DD}T{hh}{mm}{ss}"


@dataclass(frozen=True)
class FileCatalog:
    """Local rasters under Earth Engine ids.

    Attributes:
        assets: collections and single images by id.
        records: images of each collection by its id, sorted by time, then id; single images under their own id.
        tables: features of each table by its id.
    """

    assets: Mapping[str, AssetInfo]
    records: Mapping[str, tuple[ImageRecord, ...]]
    tables: Mapping[str, tuple[Feature, ...]]

    def asset_ids(self) -> tuple[str, ...]:
        """See Listing."""
        return tuple(self.assets)

    def asset(self, asset_id: str) -> AssetInfo | None:
        """See Catalog.asset; images in collections are assets too."""
        known = self.assets.get(asset_id)
        if known is not None:
            return known
        record = self.image(asset_id)
        return None if record is None else AssetInfo(record.id, "IMAGE", record.properties)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """See Catalog.images; an image without a time passes only where no time is asked for."""
        for record in self.records.get(collection_id, ()):
            if _in_time(record, start_ms, end_ms) and (region is None or region.intersects(record.footprint)):
                yield record

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """See Catalog.table."""
        return self.tables.get(table_id)

    def area(self, _: str, __: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area; the records are at hand, so nothing needs to be told."""
        return None

    def image(self, image_id: str) -> ImageRecord | None:
        """See Catalog.image."""
        candidates = (*self.records.get(image_id, ()), *self.records.get(image_id.rpartition("/")[0], ()))
        return next((record for record in candidates if record.id == image_id), None)


def load_file_catalog(file: Path) -> FileCatalog:
    """Read a catalog file, the metadata of every raster it names, and its tables.

    Args:
        file: the YAML file; paths in it are relative to its folder.

    Raises:
        CatalogFileError: a mistake in the file or a raster that does not fit it.
    """
    spec = read_catalog_file(file.absolute())
    assets = {key: AssetInfo(key, "IMAGE_COLLECTION", value.properties) for key, value in spec.collections.items()}
    records = {key: _collection(key, value) for key, value in spec.collections.items()}
    for image_id, entry in spec.images.items():
        record = _written_out(image_id, entry, index=image_id.rpartition("/")[2])
        assets[image_id], records[image_id] = AssetInfo(image_id, "IMAGE", record.properties), (record,)
    tables = {table_id: read_table(entry) for table_id, entry in spec.tables.items()}
    assets |= {table_id: AssetInfo(table_id, "TABLE", entry.properties) for table_id, entry in spec.tables.items()}
    return FileCatalog(assets, records, tables)


def _collection(collection_id: str, spec: CollectionSpec) -> tuple[ImageRecord, ...]:
    records = [record for entry in spec.entries for record in _entry(collection_id, entry)]
    twice = [image_id for image_id, count in Counter(record.id for record in records).items() if count > 1]
    if twice:
        field = spec.entries[0].field
        raise CatalogFileError(
            f"{field.file}: collections.{collection_id}: expected one image per system:index, "
            f"got several of {', '.join(twice)}; set `index` or `id`"
        )
    return tuple(sorted(records, key=lambda record: (start_of(record) or 0, record.id)))


def _entry(collection_id: str, entry: EntrySpec) -> list[ImageRecord]:
    if entry.kind == "id":
        return [_written_out(f"{collection_id}/{entry.source}", entry, index=entry.source)]
    series = _file_series(entry) if entry.kind == "files" else _netcdf_series(entry)
    template = entry.index or _index_template([step.time for step in series])
    return [_in_series(collection_id, entry, template, step) for step in series]


@dataclass(frozen=True)
class _Step:
    """One image of a series: its time (UTC), its file, its bands."""

    time: dt.datetime
    path: Path
    bands: Mapping[str, BandSource]


def _file_series(entry: EntrySpec) -> list[_Step]:
    try:
        check_pattern(entry.source, needs_year=True)
        check_pattern(entry.index or "", needs_year=False)
        found = list(matching_files(entry.field.file.parent, entry.source))
    except ValueError as error:
        raise entry.field.error(str(error), "correct `files` or `index`") from error
    if not found:
        raise CatalogFileError(
            f"{entry.field.file}: {entry.field.name}.files: expected files that match, got none for "
            f"{entry.field.file.parent / entry.source}; correct the pattern"
        )
    return [
        _Step(time, path, {spec.name: open_raster_band(path, spec, entry.crs) for spec in entry.bands})
        for path, time in found
    ]


def _netcdf_series(entry: EntrySpec) -> list[_Step]:
    path = entry.field.file.parent / entry.source
    series = open_netcdf_series(path, entry)
    return [_Step(time, path, bands) for time, bands in zip(series.times, series.bands, strict=True)]


def _index_template(times: Iterable[dt.datetime]) -> str:
    days = Counter(time.date() for time in times)
    return _DAY if all(count == 1 for count in days.values()) else _SECOND


def _in_series(collection_id: str, entry: EntrySpec, template: str, step: _Step) -> ImageRecord:
    index = written(template, step.time)
    times: dict[str, object] = {"system:time_start": milliseconds(step.time)}
    if entry.duration is not None:
        times["system:time_end"] = milliseconds(after(step.time, entry.duration))
    properties = {"system:index": index, **times, **entry.properties}
    return _record(f"{collection_id}/{index}", properties, step.path, step.bands)


def _written_out(image_id: str, entry: EntrySpec, *, index: str) -> ImageRecord:
    paths = {spec.name: Path(str(spec.path)) for spec in entry.bands}
    bands = {spec.name: open_raster_band(paths[spec.name], spec, entry.crs) for spec in entry.bands}
    times = {"system:time_start": entry.start_ms, "system:time_end": entry.end_ms}
    known = {name: value for name, value in times.items() if value is not None}
    first = paths[entry.bands[0].name]
    return _record(image_id, {"system:index": index, **known, **entry.properties}, first, bands)


def _record(
    image_id: str, properties: Mapping[str, object], path: Path, bands: Mapping[str, BandSource]
) -> ImageRecord:
    version = path.stat().st_mtime_ns // 1000
    first = next(iter(bands.values()))
    return ImageRecord(image_id, {**properties, "system:version": version}, _footprint(first), version, bands)


def _footprint(source: BandSource) -> BaseGeometry:
    width, height = source.dimensions or (0, 0)
    outline = shapely.box(*source.projection.grid(0, 0, width, height).bounds)
    if source.projection.crs == "EPSG:4326":
        return outline
    dense = shapely.segmentize(outline, outline.length / 80)
    to_degrees = transformer(source.projection.crs, "EPSG:4326")
    return shapely.transform(dense, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))


def _in_time(record: ImageRecord, start_ms: int | None, end_ms: int | None) -> bool:
    if start_ms is None and end_ms is None:
        return True
    time = start_of(record)
    return time is not None and (start_ms is None or start_ms <= time) and (end_ms is None or time < end_ms)
