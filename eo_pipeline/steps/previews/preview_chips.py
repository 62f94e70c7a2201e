"""Where chips would be cut, and the first of them as they are, before anything is kept.

What does not belong here: where the pictures go.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.core.chips.contact_sheet import Captioned, contact_sheet
from eo_pipeline.core.chips.reach import reach
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.chips.samples import WorkList
from eo_pipeline.core.chips.samples_map import samples_map
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.chip_images import ChipSource
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.chips.chip_orders import ChipOrder
from eo_pipeline.steps.chips.cut_chips import cut_chips
from eo_pipeline.steps.chips.plan_samples import PlannedSamples, plan_samples
from eo_pipeline.steps.chips.show_chips import first_chips
from eo_pipeline.steps.exports.plan_export import check_source, read_inputs
from eo_pipeline.steps.load_regions import load_regions

FIRST = 10
"""Chips that are cut."""


@dataclass(frozen=True)
class Places:
    """Areas and files of a product whose chips are previewed.

    Attributes:
        areas: by key.
        regions_file: of polygons that areas come from, found; None if the area is a box.
        pieces_file: of `chips.file`, found; None if there is none.
    """

    areas: Mapping[str, Area]
    regions_file: Path | None
    pieces_file: Path | None


@dataclass(frozen=True)
class ChipsPreview:
    """One area and period.

    Attributes:
        images: source images; None if a recipe of one's own does not list them.
        planned: all its chips; None without images.
        places: a PNG of where they are; empty without chips.
        sheet: a PNG of the first ones; empty without chips.
    """

    images: int | None
    planned: PlannedSamples | None
    places: bytes = b""
    sheet: bytes = b""


def preview_chips(session: Session, product: Product, places: Places, area: Area, period: Period) -> ChipsPreview:
    """Plan an area's chips as they would be, and cut the first.

    Args:
        session: for interactive requests.
        product: declares chips; it is checked against its collection first.
        places: of the product.
        area: of the product.
        period: of the product.

    Raises:
        ProductError: unknown collection, band or property.
        ChipsError: a chip could not be cut.
        EoPipelineError: see `plan_samples`.
    """
    declared = product.chips
    if declared is None:
        raise ProductError(f"{product.name}: expected `chips` in the product, got none; there is nothing to cut")
    resolution = check_source(session, product, area)
    [(_, inputs)] = read_inputs(session, product, [(area, period)])
    if inputs.count == 0:
        return ChipsPreview(0, None)
    regions = load_regions(product.area, places.areas, places.regions_file)
    planned = plan_samples(
        product, area, period, regions=regions, places_file=places.pieces_file, open_session=lambda: session
    )
    if not len(planned.work):
        return ChipsPreview(inputs.count, planned)
    geobox = reach(area.geobox, product.area.lattice, declared)
    order = ChipOrder(ChipSource(product, area.key, geobox, period, resolution, inputs.one), "")
    return ChipsPreview(
        inputs.count,
        planned,
        _map(planned, regions, product, area, period),
        _sheet(session, planned, order),
    )


def _map(planned: PlannedSamples, regions: Regions, product: Product, area: Area, period: Period) -> bytes:
    title = f"{product.name} · {area.key} · {period.key}"
    return samples_map(regions.polygon(area.key), product.area.crs, planned.work.table, title=title)


def _sheet(session: Session, planned: PlannedSamples, order: ChipOrder) -> bytes:
    work = WorkList(planned.work.table.head(FIRST))
    with tempfile.TemporaryDirectory() as folder:
        cut = cut_chips(InteractiveClient(session), work, order, folder=Path(folder))
        shown: list[Captioned] = first_chips(work, cut.outcomes, cut.folder, order)
    source = order.source
    return contact_sheet(shown, order.bands, title=f"{source.product.name} · {source.area_key} · {source.period.key}")
