"""The ingestion of a table: its request, and its work. What does not belong here: reading CSV and shapefiles."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.sandbox.catalog.user_assets.feature_files import write_features
from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.earth_engine.asset_updates import described
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, text
from eo_pipeline.sandbox.graph.crs import parse_crs
from eo_pipeline.sandbox.graph.geometry import WGS84
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.tasks.asset_making import AssetMaker, AssetTarget, decode_manifest_target
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.ingestion_sources import Fetch, addresses, items
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.shapefiles import read_shapefile, shapefile_in
from eo_pipeline.sandbox.tasks.table_exports import SECONDS_PER_FEATURE
from eo_pipeline.sandbox.tasks.table_text import Columns, read_csv
from eo_pipeline.sandbox.tasks.task_work import Report


@dataclass(frozen=True)
class TableManifest:
    """A table to be ingested."""

    target: AssetTarget
    sources: tuple[str, ...]
    """Addresses of the files of the one source."""
    columns: Columns
    crs: str | None
    """In place of that of the files."""
    fields: Mapping[str, object]
    """The manifest, with properties and times."""


def decode_table_manifest(body: Mapping[str, object]) -> TableManifest:
    """Read the body of `table:import`.

    Raises:
        ServiceError: A field is missing, of the wrong kind, or asks for something the sandbox does not do.
    """
    manifest = mapping(body, "tableManifest")
    target, sources = decode_manifest_target(body, manifest), items(manifest, "sources")
    if len(sources) != 1:
        raise ServiceError("Invalid value at 'table_manifest.sources': exactly one source is required.")
    [source] = sources
    crs = _either(source, "crs", "crs")
    if crs:
        parse_crs(crs)
    columns = Columns(
        x=_either(source, "xColumn", "x_column") or "longitude",
        y=_either(source, "yColumn", "y_column") or "latitude",
        geometry=_either(source, "primaryGeometryColumn", "primary_geometry_column"),
        delimiter=_one_sign(source, ",", "csvDelimiter", "csv_delimiter"),
        qualifier=_one_sign(source, '"', "csvQualifier", "csv_qualifier"),
        charset=_either(source, "charset", "charset") or "UTF-8",
    )
    return TableManifest(target, addresses(manifest, source), columns, crs, manifest)


def _either(fields: Mapping[str, object], *names: str) -> str | None:
    """A text in either spelling: the command line writes snake_case."""
    return next((said for name in names if (said := text(fields, name))), None)


def _one_sign(fields: Mapping[str, object], default: str, *names: str) -> str:
    said = _either(fields, *names) or default
    if len(said) != 1 or said in "\r\n":
        raise ServiceError(f"Invalid value at '{names[0]}': expected one character, got {said[:20]!r}.")
    return said


@dataclass(frozen=True)
class TableIngestion:
    """Does the work of `INGEST_TABLE` operations."""

    fetch: Fetch
    assets: AssetMaker
    delivery: Delivery
    """Has a folder for the files while they are read."""

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Make the asset of an operation and return its destination URIs.

        Raises:
            ServiceError: What the service would end the operation with.
        """
        manifest = decode_table_manifest(operation.request)

        def fill(folder: Path, asset: UserAsset) -> UserAsset:
            with self.delivery.folder(operation) as sources:
                paths = list(self.fetch.all(manifest.sources, sources))
                count = write_features(folder, _numbered(_features(manifest, paths), report))
            report(progress=1.0, eecu_seconds=count * SECONDS_PER_FEATURE)
            return described(asset, manifest.fields)

        return self.assets.make(operation, manifest.target, "TABLE", fill)


def _features(manifest: TableManifest, paths: Sequence[Path]) -> Iterator[Feature]:
    if len(paths) == 1 and paths[0].suffix == ".csv":
        yield from read_csv(paths[0], manifest.columns, manifest.crs or WGS84)
    else:
        yield from read_shapefile(shapefile_in(paths), manifest.crs, manifest.columns.charset)


def _numbered(features: Iterator[Feature], report: Report) -> Iterator[Feature]:
    """Each with its place as system:index; before each, whoever waits is told."""
    for place, feature in enumerate(features):
        report(progress=0.5, eecu_seconds=place * SECONDS_PER_FEATURE)
        yield feature.with_properties({"system:index": f"{place:020x}", **feature.properties})
