"""The table of sampled points: its columns, and values in physical units.

What does not belong here: how values come (`steps.points.sample_points`), and how a table becomes a file.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.points.places import Points
from eo_pipeline.core.tables import Column
from eo_pipeline.errors import ProductError


class PointState(StrEnum):
    """Why a point has the values it has."""

    VALID = "valid"
    """At least one band has a value."""
    MASKED = "masked"
    """The image has no value there in any band."""
    FAILED = "failed"
    """It could not be asked for."""


STATE = "state"


def point_columns(id_column: str, bands: Sequence[BandEncoding], crs: str) -> tuple[Column, ...]:
    """The schema of a product's table, in column order.

    Args:
        id_column: as declared.
        bands: of the product.
        crs: of the product.

    Raises:
        ProductError: two columns would have one name.
    """
    states = ", ".join(PointState)
    columns = (
        Column(id_column, "string", "identifies the point; unique among the points"),
        Column("x", "double", f"of the point, in {crs}"),
        Column("y", "double", f"of the point, in {crs}"),
        Column("period", "string", "key of the period"),
        Column("period_start", "date", "first day of the period, UTC"),
        Column("period_end", "date", "day after the last day of the period, UTC"),
        *(Column(band.name, "double", _meaning(band), band.units) for band in bands),
        Column(STATE, "string", f"why values are there or not: {states}"),
    )
    names = [column.name for column in columns]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ProductError(
            f"points: expected different column names, got {', '.join(repeated)} twice; rename the column of ids or "
            "the band"
        )
    return columns


def _meaning(band: BandEncoding) -> str:
    """Of the column of a band."""
    described = f"{band.name} ({band.description})" if band.description else band.name
    return f"{described} at the pixel that holds the point; null where the band has no value"


def point_table(
    points: Points,
    stored: NDArray[np.float64],
    failed: NDArray[np.bool_],
    *,
    columns: Sequence[Column],
    bands: Sequence[BandEncoding],
    period: Period,
) -> pd.DataFrame:
    """One row a point, in their order.

    Args:
        points: of one area.
        stored: numbers (band, n) as the bands hold them, NaN where one has none.
        failed: (n,) True for points that could not be asked for; their numbers do not matter.
        columns: of `point_columns`.
        bands: in the order of `stored`.
        period: that the values are of.
    """
    values = [_physical(band, numbers, failed) for band, numbers in zip(bands, stored, strict=True)]
    has_value = ~np.isnan(np.stack(values)).all(axis=0)
    states = np.where(
        failed, PointState.FAILED.value, np.where(has_value, PointState.VALID.value, PointState.MASKED.value)
    )
    said: list[Any] = [points.ids, points.x, points.y, period.key, period.start.date(), period.end.date(), *values]
    names = [column.name for column in columns]
    return pd.DataFrame(dict(zip(names, [*said, states], strict=True)), index=range(len(points)), columns=names)


def _physical(band: BandEncoding, numbers: NDArray[np.float64], failed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values (n,) in the band's units, NaN where there is none."""
    usable = ~failed & ~np.isnan(numbers) & ~band.is_nodata(numbers)
    found: NDArray[np.float64] = np.where(usable, numbers * band.scale + band.offset, np.nan)
    return found
