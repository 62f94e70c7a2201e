"""Plan the export of one area and period: its source images, its expression and its identity.

What does not belong here: sending it (`submit_export`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import ee

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.exports.export_plan import Destination, EarthEngineAsset, ExportTask, ImageContent, TableContent
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine import catalog, recipes, table_recipes
from eo_pipeline.earth_engine.session import Session

_PARTITIONS_A_REQUEST = 25


@dataclass(frozen=True)
class Inputs:
    """The source images of one partition.

    Attributes:
        count: number of images, or None if a recipe of one's own does not list them.
        fingerprint: digest of their ids and versions; empty if unknown.
        one: `system:index` of one of them; empty if there is none, or unknown.
    """

    count: int | None
    fingerprint: str
    one: str = ""


@dataclass(frozen=True)
class PlannedExport:
    """An export and the image or table that it asks for.

    Attributes:
        task: the plan as a value.
        value: the `ee.Image` or `ee.FeatureCollection` of `task.expression`.
        inputs: what it is made of.
        bands: of the image; none of a table.
    """

    task: ExportTask
    value: Any
    inputs: Inputs
    bands: tuple[BandEncoding, ...] = ()


def check_source(session: Session, product: Product, area: Area) -> float | None:
    """Compare the product with its collection over an area; metres a pixel of the source, None if unknown.

    Raises:
        ProductError: unknown collection, band or property.
    """
    info = catalog.describe(session, product, area.geobox)
    if info is not None:
        catalog.check_product(product, info)
    return catalog.native_resolution(product, info)


def read_inputs(
    session: Session, product: Product, wanted: Sequence[tuple[Area, Period]]
) -> Iterator[tuple[tuple[Area, Period], Inputs]]:
    """The inputs of many partitions, 25 a request, in the order given."""
    if product.source is None:
        yield from ((pair, Inputs(None, "")) for pair in wanted)
        return
    for batch in batched(wanted, _PARTITIONS_A_REQUEST):
        asked = ee.List([recipes.inputs(product, area.geobox, period) for area, period in batch])
        replies = session.compute(asked, tag=keys.workload_tag(product.name))
        yield from ((pair, _inputs(reply)) for pair, reply in zip(batch, replies, strict=True))


def _inputs(reply: Mapping[str, Sequence[Any]]) -> Inputs:
    listed = {name: sorted(str(value) for value in values) for name, values in reply.items()}
    return Inputs(len(listed["index"]), keys.digest(listed), next(iter(listed["index"]), ""))


def plan_export(
    settings: Settings,
    product: Product,
    *,
    area: Area,
    period: Period,
    inputs: Inputs,
    destination: Destination,
    native_resolution: float | None,
    priority: int | None = None,
) -> PlannedExport:
    """The export of one partition; the same arguments always give the same digest, whatever the priority."""
    in_assets = isinstance(destination, EarthEngineAsset)
    if product.table is not None:
        rows = table_recipes.table(product.table, area_key=area.key, geobox=area.geobox, period=period)
        value = table_recipes.with_columns(rows, product.table) if in_assets else rows
        content: ImageContent | TableContent = TableContent(tuple(product.table.columns))
    else:
        value = recipes.image(
            product,
            area_key=area.key,
            geobox=area.geobox,
            period=period,
            native_resolution=native_resolution,
            keep_masks=in_assets,
        )
        content = _pixels(product, area)
    task = ExportTask(
        product=product.name,
        area_key=area.key,
        period_key=period.key,
        service=settings.earth_engine_url,
        project=settings.project,
        expression=json.dumps(json.loads(value.serialize()), sort_keys=True),
        inputs=inputs.fingerprint,
        content=content,
        destination=destination,
        priority=product.export.priority if priority is None else priority,
    )
    return PlannedExport(task, value, inputs, tuple(product.bands))


def _pixels(product: Product, area: Area) -> ImageContent:
    nodata = product.bands[0].nodata
    return ImageContent(
        geobox=area.geobox,
        band_names=tuple(band.name for band in product.bands),
        nodata=float("nan") if nodata is None else float(nodata),
        file_dimensions=product.file_dimensions,
        max_pixels=product.export.max_pixels,
    )
