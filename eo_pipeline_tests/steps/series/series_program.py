"""A program that measures a series and is killed by a test. What does not belong here: expectations."""

import sys
from pathlib import Path

from eo_pipeline.core.grids import whole_area
from eo_pipeline.core.product import Product
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.requests.region_batches import Limits
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.steps.series.list_series import SeriesLists
from eo_pipeline.steps.series.measure_series import MeasuredSeries, measure_series
from eo_pipeline_tests.scenes import settings_at


def run(url: str, product: Product, folder: Path) -> MeasuredSeries:
    """January of the scenes over the fields of a folder, one row a request, two at once."""
    session = connect(settings_at(url), interactive=True)
    assert product.area.box is not None
    areas = {area.key: area for area in whole_area(product.area.lattice, product.area.box)}
    lists = SeriesLists(session, product, areas, folder / "fields.gpkg")
    order = lists.order("whole", product.period.rule.parse("2024-01"), native_resolution=10, folder=folder)
    client, patience = InteractiveClient(session), Patience(at_once=2)
    return measure_series(client, order, folder=folder, limits=Limits(rows=1), patience=patience)


if __name__ == "__main__":
    run(sys.argv[1], Product.model_validate_json(sys.argv[2]), Path(sys.argv[3]))
