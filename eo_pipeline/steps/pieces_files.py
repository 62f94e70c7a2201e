"""The file of places or regions that a product asks for piece by piece: found, with its columns.

What does not belong here: reading its shapes.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from eo_pipeline.core.product import Product
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.load_areas import FindFile, of_field
from eo_pipeline.storage.vectors import check_header


def check_pieces_file(product: Product, find: FindFile) -> Path | None:
    """The file that `chips`, `series` or `points` names, found, with features, a CRS and all columns it names.

    Returns:
        None if there is no such section, or if it names no file.

    Raises:
        ProductError: there is no file, or a CSV has no such columns.
        ZonesError: the file cannot be used.
    """
    if product.pieces is None or (section := getattr(product, product.pieces)).file is None:
        return None
    field = f"{product.pieces}.file"
    path = find(field, section.file)
    columns = [column for name in _COLUMNS if (column := getattr(section, name, None)) is not None]
    columns += getattr(section, "names", [])
    with of_field(field):
        if product.points is not None and product.points.is_csv:
            _check_csv(field, path, columns)
        else:
            check_header(path, columns)
    return path


_COLUMNS = ("id", "label", "x", "y")
"""Fields that name a column of the file."""


def _check_csv(field: str, path: Path, columns: Sequence[str]) -> None:
    try:
        found = list(pd.read_csv(path, nrows=0).columns)
    except (ValueError, OSError) as error:
        raise ProductError(f"{field}: {path}: expected a CSV with a line of names, got: {error}; correct it") from error
    if missing := [name for name in columns if name not in found]:
        raise ProductError(
            f"{field}: {path}: expected the columns {', '.join(columns)}, got {', '.join(found)} without "
            f"{', '.join(missing)}; correct their names"
        )
