"""The first rows of series and points, as they would be, before anything is kept.

What does not belong here: how rows are printed.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from eo_pipeline.core import keys
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.points.table import point_columns, point_table
from eo_pipeline.core.product import Points, Product
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.point_requests import point_image
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.exports.plan_export import check_source
from eo_pipeline.steps.load_regions import load_regions
from eo_pipeline.steps.points.load_points import load_points
from eo_pipeline.steps.points.sample_points import PointOrder, sample_points
from eo_pipeline.steps.previews.preview_table import ROWS, TablePreview
from eo_pipeline.steps.series.list_series import SeriesLists
from eo_pipeline.steps.series.measure_series import measure_series


@dataclass(frozen=True)
class RowsOf:
    """A product whose rows are previewed.

    Attributes:
        product: declares series or points.
        areas: by key.
        regions_file: of polygons that areas come from, found; None if the area is a box.
        pieces_file: of regions or points, found; None if Earth Engine has them.
    """

    product: Product
    areas: Mapping[str, Area]
    regions_file: Path | None
    pieces_file: Path | None


def preview_series(session: Session, of: RowsOf, area: Area, period: Period) -> TablePreview:
    """Rows of the area's first region.

    Raises:
        ProductError: unknown collection, band or property.
        EoPipelineError: see `measure_series`.
    """
    resolution = check_source(session, of.product, area)
    lists = SeriesLists(session, of.product, of.areas, of.pieces_file)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        order = lists.order(area.key, period, native_resolution=resolution, folder=folder)
        first = replace(order, work=replace(order.work, regions=order.work.regions[:1]))
        found = measure_series(InteractiveClient(session), first, folder=folder)
    return _shown(found.table, has_more=len(order.work.regions) > 1)


def preview_points(session: Session, of: RowsOf, area: Area, period: Period) -> TablePreview:
    """Rows of the area's first points.

    Raises:
        ProductError: unknown collection, band or property.
        EoPipelineError: see `load_points` and `sample_points`.
    """
    product, declared = of.product, _points(of.product)
    resolution = check_source(session, product, area)
    regions = load_regions(product.area, of.areas, of.regions_file)
    loaded = load_points(product, declared, regions, of.pieces_file, lambda: session).of(area.key)
    points = loaded.only(np.arange(len(loaded)) < ROWS)
    image = recipes.image(product, area_key=area.key, geobox=area.geobox, period=period, native_resolution=resolution)
    left, _, _, top = product.area.lattice.window(area.geobox)
    asked = point_image(image, product.bands, area.geobox, tag=keys.workload_tag(product.name))
    order = PointOrder(asked, points, declared.cell, (-top, left), declared.tolerance)
    with tempfile.TemporaryDirectory() as folder:
        found = sample_points(InteractiveClient(session), order, folder=Path(folder))
    columns = point_columns(declared.id, product.bands, product.area.crs)
    table = point_table(points, found.stored, found.failed, columns=columns, bands=product.bands, period=period)
    return _shown(table, has_more=len(loaded) > len(points))


def _points(product: Product) -> Points:
    if product.points is None:
        raise ProductError(f"{product.name}: expected `points` in the product, got none; there are no rows")
    return product.points


def _shown(table: pd.DataFrame, *, has_more: bool) -> TablePreview:
    rows = table.head(ROWS).astype(object).where(table.head(ROWS).notna(), None)
    columns = tuple(map(str, table.columns))
    return TablePreview(columns, tuple(rows.itertuples(index=False, name=None)), has_more or len(table) > ROWS)
