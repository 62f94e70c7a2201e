"""Shapefiles as features, alone, with their companions or zipped. Not here: where the files come from."""

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pyogrio
import shapely

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.crs import parse_crs, transformer
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.values import Feature

_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_MAGIC = (9994).to_bytes(4, "big")
"""Every .shp file begins with it."""
_LARGEST = 10 * 2**30
"""Bytes of unpacked files at most; the service's limit for uploads."""


def shapefile_in(paths: Sequence[Path]) -> Path:
    """The .shp among files, its companions beside it under the same name.

    Args:
        paths: The files of one source: a .zip, or a .shp and its companions.

    Raises:
        ServiceError: There is not exactly one shapefile.
    """
    if len(paths) == 1 and paths[0].suffix == ".zip":
        paths = list(_unpacked(paths[0]))
    placed = {path.suffix: path.rename(path.with_name(f"table{path.suffix}")) for path in paths}
    found = placed.get(".shp")
    if found is None or len(placed) != len(paths) or _beginning(found) != _MAGIC:
        raise ServiceError("Source must be a CSV file, a shapefile with its companions, or a zip file of one.")
    return found


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def _unpacked(archive: Path) -> Iterator[Path]:
    """The shapefile's parts of a zip file, under names of our own."""
    try:
        with zipfile.ZipFile(archive) as file:
            entries = [entry for entry in file.infolist() if PurePosixPath(entry.filename).suffix.lower() in _PARTS]
            if sum(entry.file_size for entry in entries) > _LARGEST:
                raise ServiceError(f"Source file is larger than {_LARGEST} bytes.")
            for number, entry in enumerate(entries):
                path = archive.with_name(f"part{number}{PurePosixPath(entry.filename).suffix.lower()}")
                with file.open(entry) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
                yield path
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise ServiceError(f"Source file is not a valid zip file: {error}") from error


def read_shapefile(path: Path, crs: str | None, charset: str) -> Iterator[Feature]:
    """The features of a shapefile in EPSG:4326, in its order.

    Args:
        path: The .shp file.
        crs: In place of that of the file.
        charset: Of its texts, unless the file says another.

    Raises:
        ServiceError: It is no shapefile.
    """
    encoding = None if path.with_suffix(".cpg").exists() else charset
    try:
        meta, _, shapes, columns = pyogrio.raw.read(path, datetime_as_string=True, encoding=encoding)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError, LookupError) as error:
        raise ServiceError(f"Source file is not a valid shapefile: {error}") from error
    names, code = list(meta["fields"]), crs or meta["crs"] or WGS84
    for place, shape in enumerate(_in_degrees(shapely.from_wkb(shapes), code)):
        row = {name: _plain(column[place]) for name, column in zip(names, columns, strict=True)}
        properties = {name: value for name, value in row.items() if value is not None}
        yield Feature(None if shape is None else Geometry(shape), properties)


def _in_degrees(shapes: np.ndarray, crs: str) -> np.ndarray:
    if parse_crs(crs).equals(parse_crs(WGS84), ignore_axis_order=True):
        return shapes
    operation = transformer(crs, WGS84)
    return shapely.transform(shapes, lambda xy: np.column_stack(operation.transform(xy[:, 0], xy[:, 1])))


def _plain(value: object) -> object:
    """A value as JSON knows it; None for what is missing."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain
