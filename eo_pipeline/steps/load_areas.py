"""From a product's declaration to its areas, reading the file of polygons if there is one.

What does not belong here: how cells and windows are cut (`core.grids`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyproj
from odc.geo.crs import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core import grids
from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import AreaGrid, Product
from eo_pipeline.core.zonal.shapes import contiguous_longitudes
from eo_pipeline.errors import ProductError, SamplesError, TilesError, ZonesError
from eo_pipeline.storage.rasters import read_header
from eo_pipeline.storage.vectors import check_header, read_shapes

FindFile = Callable[[str, str], Path]
"""(field, name as declared) -> the file; raises ProductError if there is none."""


def find_beside(*folders: Path) -> FindFile:
    """Files are looked for in these folders, in order; absolute names are taken as they are."""

    def find(field: str, name: str) -> Path:
        candidates = [folder / name for folder in folders]
        for candidate in candidates:
            if candidate.exists():
                return candidate.resolve()
        listed = " or ".join(str(candidate) for candidate in dict.fromkeys(candidates))
        raise ProductError(
            f"{field}: expected a file at {listed}, found none; correct the name, relative to the YAML's folder"
        )

    return find


def load_areas(declared: AreaGrid, find: FindFile) -> list[Area]:
    """The product's areas in key order.

    Raises:
        ProductError: unknown CRS, file without the column, or no area at all.
        ZonesError: the file cannot be used.
    """
    _check_crs(declared.crs)
    if declared.box is not None:
        return grids.whole_area(declared.lattice, declared.box)
    named = read_polygons(declared, find(_field(declared), str(declared.file)))
    if declared.cover is not None:
        areas = grids.cells(declared.lattice, tile=declared.tile, cover=[shape for _, shape in named])
    else:
        areas = grids.feature_areas(declared.lattice, named, buffer=declared.buffer)
    return _inside(declared, areas, _field(declared))


def read_polygons(declared: AreaGrid, path: Path) -> list[tuple[str, BaseGeometry]]:
    """Ids (rows, without a column) and polygons of the file that areas come from, in `area.crs`.

    In degrees, those on both sides of the 180th meridian lie together, some beyond it.

    Raises:
        ZonesError: the file cannot be used.
    """
    with of_field(_field(declared)):
        named = read_shapes(path, id_column=declared.id, crs=CRS(declared.crs))
    shapes = [shape for _, shape in named]
    if CRS(declared.crs).geographic:
        shapes = list(contiguous_longitudes(shapes))
    return [(identity, shape) for (identity, _), shape in zip(named, shapes, strict=True)]


def find_regions(declared: AreaGrid, find: FindFile) -> Path | None:
    """The file of polygons that areas come from; None if the area is a box.

    Raises:
        ProductError: there is none.
    """
    return None if declared.file is None else find(_field(declared), declared.file)


def _field(declared: AreaGrid) -> str:
    return "area.cover" if declared.cover is not None else "area.features"


@contextmanager
def of_field(field: str) -> Iterator[None]:
    """Errors of a file begin with the field that names it."""
    try:
        yield
    except (SamplesError, TilesError, ZonesError) as error:
        raise type(error)(f"{field}: {error}") from error


def _inside(declared: AreaGrid, areas: Sequence[Area], field: str) -> list[Area]:
    """The areas, unless there is none or one lies outside the declared bounds."""
    if not areas:
        raise ProductError(
            f"{field}: expected polygons with an area in {declared.crs}, got none; correct {declared.file}"
        )
    if declared.bounds is not None:
        frame = grids.extent(
            declared.lattice,
            [Area("bounds", declared.lattice.covering(declared.bounds), "bounds")],
            tile=declared.tile if declared.cover is not None else None,
        )
        if outside := [a.key for a in areas if not grids.contains(frame, a.geobox)]:
            raise ProductError(
                f"area.bounds: expected every area inside {list(declared.bounds)}, got {', '.join(outside)} outside; "
                "widen the bounds (a cube that exists needs another repository then) or drop the polygons"
            )
    return list(areas)


def _check_crs(crs: str) -> None:
    try:
        pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise ProductError(f"area.crs: expected a CRS such as EPSG:32633, got {crs!r}") from error


def check_zones(product: Product, find: FindFile) -> Path | None:
    """The file of zones, found, with features, a CRS and the column that names them; None if there is none.

    Raises:
        ProductError: there is no file.
        ZonesError: the file cannot be used.
    """
    if product.zones is None or product.zones.file is None:
        return None
    path = find("zones.file", product.zones.file)
    with of_field("zones.file"):
        check_header(path, [product.zones.id])
    return path


def find_weights(product: Product, find: FindFile) -> Path | None:
    """The raster that pixels of zones are weighed by, found; None if they are not.

    Raises:
        ProductError: there is no file.
        TilesError: it cannot be read as a raster, or has no CRS.
    """
    if product.zones is None or product.zones.weights is None:
        return None
    path = find("zones.weights", product.zones.weights)
    with of_field("zones.weights"):
        read_header(path)
    return path
