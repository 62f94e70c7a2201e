"""The first rows of a table, before any task: of the same features that an export would write.

What does not belong here: pictures of pixels (`preview`), and how rows are printed.
"""

from dataclasses import dataclass
from typing import Any

from eo_pipeline.core import keys
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Table
from eo_pipeline.earth_engine import table_recipes
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import TableError

ROWS = 20


@dataclass(frozen=True)
class TablePreview:
    """The beginning of a table.

    Attributes:
        columns: names, in order.
        rows: at most ROWS, values as the service gives them; None where there is none.
        has_more: True if there are more rows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    has_more: bool


def preview_table(session: Session, product: str, declared: Table, area: Area, period: Period) -> TablePreview:
    """Compute the first rows.

    Args:
        session: for interactive requests.
        product: its name, under which the compute is accounted.
        declared: the table.
        area: of the product.
        period: of the product.

    Raises:
        ProductError: there is no such recipe.
        TableError: a declared column is in none of the rows.
        ServiceError: Earth Engine refused.
    """
    features = table_recipes.table(declared, area_key=area.key, geobox=area.geobox, period=period)
    found = session.compute(features.limit(ROWS + 1), tag=keys.workload_tag(product))["features"]
    given = [feature["properties"] for feature in found]
    columns = tuple(declared.columns)
    known = sorted({name for row in given for name in row})
    if missing := [name for name in columns if given and name not in known]:
        raise TableError(
            f"table.columns: expected properties of the features that {declared.recipe} returns, got none called "
            f"{', '.join(missing)} in the first {len(given)}; there are {', '.join(known)}"
        )
    rows = tuple(tuple(row.get(name) for name in columns) for row in given[:ROWS])
    return TablePreview(columns, rows, len(given) > ROWS)
