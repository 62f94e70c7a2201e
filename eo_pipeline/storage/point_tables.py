"""Reading points whose coordinates are columns of a CSV. Not here: files that OGR reads (`labelled_places`)."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eo_pipeline.errors import SamplesError
from eo_pipeline.storage.labelled_places import checked_ids

_SHOWN = 10


def read_point_table(
    path: Path, *, id_column: str, x_column: str, y_column: str
) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.float64]]:
    """Ids (texts, unique), x and y (n,) of every line of a CSV in UTF-8 with a line of names.

    Raises:
        SamplesError: the file cannot be read, lacks a column, or an id or a coordinate is missing or wrong.
    """
    wanted = {id_column: str}
    try:
        table = pd.read_csv(path, usecols=[id_column, x_column, y_column], dtype=wanted)
    except (ValueError, OSError) as error:
        raise SamplesError(
            f"{path}: expected a CSV with the columns {id_column}, {x_column}, {y_column}, got: {error}; correct it"
        ) from error
    if table.empty:
        raise SamplesError(f"{path}: expected points, got a file without lines; add some or name another file")
    ids = checked_ids(table[id_column], id_column, path)
    return ids, _numbers(table[x_column], x_column, ids, path), _numbers(table[y_column], y_column, ids, path)


def _numbers(values: "pd.Series[str]", column: str, ids: NDArray[np.object_], path: Path) -> NDArray[np.float64]:
    found = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    wrong = ~np.isfinite(found)
    if wrong.any():
        pairs = zip(ids[wrong][:_SHOWN], values[wrong][:_SHOWN], strict=True)
        listed = ", ".join(f"{name}: {'nothing' if pd.isna(value) else value}" for name, value in pairs)
        raise SamplesError(
            f"{path}: column {column!r}: expected a number for every point, got {int(wrong.sum())} other value(s) "
            f"({listed}); correct or remove those lines"
        )
    return found
