"""The work list of one area and period: which chips are cut, one row each.

What does not belong here: how places are chosen (`random_points`, `grid_points`), and the file that it becomes
(`storage.chips.work_list`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

import geopandas
import numpy as np
import pandas as pd
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.chips.chip_boxes import Windows
from eo_pipeline.core.tables import Column
from eo_pipeline.errors import SamplesError

PLACE_CRS = "EPSG:4326"
"""Of the geometries of a work list: longitude before latitude, from -180 to 180."""

ID = Column("id", "string", "names the chip within its area and period; unique, never null")
GRID = (
    Column("crs", "string", "of the chip's pixels, for example EPSG:32633"),
    Column("left", "double", "left edge of the chip's first pixel", "CRS units"),
    Column("top", "double", "upper edge of the chip's first pixel", "CRS units"),
    Column("resolution", "double", "side of a pixel; pixels are square, north up", "CRS units"),
    Column("width", "int64", "columns of the chip", "pixels"),
    Column("height", "int64", "rows of the chip", "pixels"),
)
"""Of a chip's pixels; a manifest repeats them, and ID and PARTS."""

PARTS = (
    Column("label", "string", "class of the place, null if none is known"),
    Column("split", "string", "part of the data set, null if it is not split"),
)
"""Of the data set that a chip belongs to."""

COLUMNS = (
    ID,
    Column(
        "geometry", "geometry", "the place that the chip stands for, longitude and latitude in EPSG:4326", "degrees"
    ),
    *GRID,
    *PARTS,
    Column("source_image", "string", "Earth Engine id of the only image that is cut, null for the period's composite"),
    Column("time", "timestamp", "start of that image, UTC; null for the period's composite"),
)
"""Of a work list, in order."""

_KINDS = {"string": "str", "timestamp": "datetime64[ms, UTC]", "int64": "int64", "double": "float64"}
"""pandas' types of the columns."""


@dataclass(frozen=True)
class Sample:
    """One chip that is wanted.

    Attributes:
        id: unique within the area and period; any characters.
        geobox: its pixels, north up, square.
        label: class, None if none is known.
        split: part of the data set, None if it is not split.
        source_image: Earth Engine id of the only image that is cut; None for the composite of the period.
        time: of that image, UTC.
    """

    id: str
    geobox: GeoBox
    label: str | None
    split: str | None
    source_image: str | None
    time: datetime | None


@dataclass(frozen=True)
class WorkList:
    """The chips of one area and period.

    Attributes:
        table: rows with the columns of `COLUMNS` and no others, index 0, 1, 2, ...
    """

    table: geopandas.GeoDataFrame

    def __len__(self) -> int:
        """How many chips."""
        return len(self.table)

    @property
    def windows(self) -> Windows:
        """The chips' pixels, in order."""
        return Windows(**{column.name: self.table[column.name].to_numpy() for column in fields(Windows)})

    def __iter__(self) -> Iterator[Sample]:
        """The chips in order, each made when it is asked for."""
        columns = [self.table[name] for name in _ROW]
        for row in zip(*columns, strict=True):
            yield _sample(*row)


_ROW = ("id", "crs", "left", "top", "resolution", "width", "height", "label", "split", "source_image", "time")


def _sample(  # noqa: PLR0917 - the values of _ROW, in its order
    name: str,
    crs: str,
    left: float,
    top: float,
    resolution: float,
    width: int,
    height: int,
    label: object,
    split: object,
    source_image: object,
    time: pd.Timestamp,
) -> Sample:
    geobox = GeoBox((height, width), Affine(resolution, 0, left, 0, -resolution, top), crs)
    when = None if pd.isna(time) else time.to_pydatetime()
    return Sample(name, geobox, _text(label), _text(split), _text(source_image), when)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class Places:
    """What is known of chips beside their pixels; arrays (n,), one entry a chip.

    Attributes:
        ids: texts.
        longitude: degrees.
        latitude: degrees.
        labels: texts, None where there is none.
        source_images: texts, None where there is none.
        times: milliseconds since 1970, UTC; None if chips have no time.
    """

    ids: NDArray[np.object_]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    labels: NDArray[np.object_] | None = None
    source_images: NDArray[np.object_] | None = None
    times: NDArray[np.int64] | None = None


def work_list(places: Places, windows: Windows, splits: NDArray[np.object_] | None = None) -> WorkList:
    """A work list of chips and their pixels, in the same order.

    Args:
        places: one entry a chip.
        windows: its pixels.
        splits: names of the chips' parts of the data set; None if it is not split.

    Raises:
        SamplesError: two chips have one id, or one has none.
    """
    nothing = np.full(len(places.ids), None, dtype=object)
    times = nothing if places.times is None else places.times.astype("datetime64[ms]")
    found = {
        "id": places.ids,
        "crs": windows.crs,
        "left": windows.left,
        "top": windows.top,
        "resolution": windows.resolution,
        "width": windows.width,
        "height": windows.height,
        "label": nothing if places.labels is None else places.labels,
        "split": nothing if splits is None else splits,
        "source_image": nothing if places.source_images is None else places.source_images,
        "time": pd.to_datetime(times, utc=True),
    }
    longitude = (places.longitude + 180) % 360 - 180
    points = geopandas.points_from_xy(longitude, places.latitude, crs=PLACE_CRS)
    columns = {c.name: found.get(c.name, points) for c in COLUMNS}
    table = geopandas.GeoDataFrame(columns, geometry="geometry", crs=PLACE_CRS)
    return WorkList(checked(table.astype({c.name: _KINDS[c.dtype] for c in COLUMNS if c.dtype in _KINDS})))


def no_chips() -> WorkList:
    """The work list of an area and period without images."""
    texts, numbers, whole = np.array([], dtype=object), np.array([], dtype=float), np.array([], dtype=np.int64)
    return work_list(Places(texts, numbers, numbers), Windows(texts, numbers, numbers, numbers, whole, whole))


def checked(table: geopandas.GeoDataFrame, *, where: str = "work list") -> geopandas.GeoDataFrame:
    """A table that is a work list.

    Args:
        table: from anywhere.
        where: begins the message, for example a file's name.

    Raises:
        SamplesError: other columns, types or CRS, an id that is missing or repeated, or a chip without pixels.
    """
    wanted = [column.name for column in COLUMNS]
    if list(table.columns) != wanted:
        raise SamplesError(
            f"{where}: expected the columns {', '.join(wanted)}, got {', '.join(map(str, table.columns))}; plan it anew"
        )
    for column in COLUMNS:
        kind = str(table[column.name].dtype)
        if (expected := _KINDS.get(column.dtype, "geometry")) != kind:
            raise SamplesError(f"{where}: expected {expected} in column {column.name}, got {kind}; plan it anew")
    if table.crs != PLACE_CRS:
        raise SamplesError(f"{where}: expected places in {PLACE_CRS}, got {table.crs}; plan it anew")
    _check_rows(table, where)
    return table


def _check_rows(table: geopandas.GeoDataFrame, where: str) -> None:
    if table["id"].isna().any():
        raise SamplesError(
            f"{where}: expected an id for every chip, got none in {table['id'].isna().sum()} row(s); fill them in"
        )
    if repeated := table["id"][table["id"].duplicated()].unique().tolist():
        raise SamplesError(
            f"{where}: expected every id once, got {len(repeated)} repeated ({', '.join(repeated[:10])}); "
            "give each place an id of its own"
        )
    if empty := table["id"][(table[["width", "height", "resolution"]] <= 0).any(axis=1)].tolist():
        raise SamplesError(f"{where}: expected chips with pixels, got none in {', '.join(empty[:10])}; plan it anew")
