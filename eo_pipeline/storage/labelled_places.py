"""Reading files of places that have names and perhaps classes: points, or polygons that stand for a place inside.

What does not belong here: files whose polygons are measured or exported (`vectors`).
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS

from eo_pipeline.errors import SamplesError
from eo_pipeline.storage.vectors import check_header

_KINDS = ("Point", "Polygon", "MultiPolygon")


@dataclass(frozen=True)
class LabelledPlaces:
    """Places of a file in its order; arrays (n,).

    Attributes:
        ids: texts, unique.
        x: in the CRS that was asked for; longitudes from -180 to 180.
        y: likewise.
        labels: texts, None where the file has none; None if no column was asked for.
    """

    ids: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: NDArray[np.object_] | None


def read_labelled_places(path: Path, *, id_column: str, label_column: str | None, crs: str) -> LabelledPlaces:
    """Every place of a file that OGR can open; a polygon's is a point inside it, found in the file's own CRS.

    Args:
        path: a local file with one layer.
        id_column: names the places.
        label_column: holds their classes; None if they have none.
        crs: of the result.

    Raises:
        ZonesError: the file has no features, no CRS or not those columns.
        SamplesError: an id is missing or repeated, or a shape is neither point nor polygon.
    """
    columns = [id_column] if label_column is None else [id_column, label_column]
    check_header(path, columns)
    frame = geopandas.read_file(path, columns=columns)
    ids = checked_ids(frame[id_column], id_column, path)
    places = _places(frame, ids, path)
    if CRS(frame.crs) != CRS(crs):
        places = places.to_crs(crs)
    labels = None if label_column is None else _texts(frame[label_column])
    return LabelledPlaces(ids, places.x.to_numpy(), places.y.to_numpy(), labels)


def checked_ids(values: "pd.Series[str]", column: str, path: Path | str) -> NDArray[np.object_]:
    """A column as texts, whole numbers without a point.

    Raises:
        SamplesError: an id is missing or repeated.
    """
    if values.isna().any():
        raise SamplesError(
            f"{path}: column {column!r}: expected an id for every place, got none in {values.isna().sum()} feature(s) "
            f"(from 0: {', '.join(str(row) for row in values.index[values.isna()][:10])}); fill them in"
        )
    texts = pd.Series(_texts(values))
    if repeated := texts[texts.duplicated()].unique().tolist():
        raise SamplesError(
            f"{path}: column {column!r}: expected every id once, got {len(repeated)} repeated "
            f"({', '.join(repeated[:10])}); choose a column that names each place"
        )
    return texts.to_numpy(dtype=object)


def _places(frame: geopandas.GeoDataFrame, ids: NDArray[np.object_], path: Path) -> geopandas.GeoSeries:
    """A point for each shape, in the file's CRS."""
    shapes = frame.geometry
    single = (shapes.geom_type == "MultiPoint") & (shapely.get_num_geometries(shapes.to_numpy()) == 1)
    usable = (shapes.geom_type.isin(_KINDS) | single) & ~shapes.is_empty
    if not usable.all():
        kinds = shapes.geom_type.astype(object).where(shapes.geom_type.notna(), "no geometry")
        wrong = [f"{ids[row]}: {kinds.iloc[row]}" for row in np.flatnonzero(~usable)]
        raise SamplesError(
            f"{path}: expected points or polygons, got {len(wrong)} other or empty shapes ({', '.join(wrong[:10])}); "
            "remove them"
        )
    return geopandas.GeoSeries(shapely.point_on_surface(shapes.to_numpy()), crs=frame.crs)


def _texts(values: "pd.Series[str]") -> NDArray[np.object_]:
    """Values as texts, whole numbers without a point, None where there is none."""
    return np.array([None if pd.isna(value) else _text(value) for value in values.tolist()], dtype=object)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
