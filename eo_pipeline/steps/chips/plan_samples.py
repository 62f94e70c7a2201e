"""The work list of one area and period: which chips are cut, for a product that declares `chips`.

What does not belong here: the ways of sampling (`local_places`, `asked_places`), and cutting the chips.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from odc.geo.crs import CRS

from eo_pipeline.core.chips.found_places import FoundPlaces
from eo_pipeline.core.chips.placing import Cutting, degrees
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.chips.samples import Places, WorkList, work_list
from eo_pipeline.core.chips.splits import met_shares, split_places
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Chips, Product
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError
from eo_pipeline.steps.chips import asked_places, local_places


@dataclass(frozen=True)
class PlannedSamples:
    """Chips that will be cut, and what is to be known about them.

    Attributes:
        work: the chips.
        unplaced: chips that were asked for but do not lie in the region as declared.
        shortfalls: chips that there are by class, of the classes with fewer than were asked for.
        shares: of the chips by split, in the order declared; empty if they are not split.
        notes: sentences for a person; empty if all is as declared.
    """

    work: WorkList
    unplaced: int
    shortfalls: Mapping[str, int]
    shares: Mapping[str, float]
    notes: tuple[str, ...]


def plan_samples(
    product: Product,
    area: Area,
    period: Period,
    *,
    regions: Regions,
    places_file: Path | None,
    open_session: Callable[[], Session],
    drawn: dict[str, FoundPlaces] | None = None,
) -> PlannedSamples:
    """Plan the chips of one area and period; the same arguments always give the same chips.

    Args:
        product: declares `chips`.
        area: of the product.
        period: of the product; only `sampling: images` depends on it.
        regions: of `load_regions`.
        places_file: found file of `chips.file`; None unless `sampling: points`.
        open_session: connects for interactive requests; called for `stratified` and `images` only.
        drawn: what `stratified` found for the area that was planned last, by its key: another period of that area
            asks nothing. Filled here; the caller keeps it from one period to the next.

    Raises:
        ProductError: a place is too near to a pole for UTM, a region too large, or there is no image of classes.
        ZonesError, SamplesError: the file of places cannot be used.
        ServiceError: Earth Engine refused.
    """
    chips = product.chips
    if chips is None:
        raise ProductError(f"expected `chips` in product {product.name}, got none; declare it to plan samples")
    cutting = Cutting(
        lattice=product.area.lattice,
        size=chips.size,
        utm_resolution=chips.resolution if chips.crs == "utm" else None,
        whole=chips.within == "whole",
    )
    match chips.sampling:
        case "random":
            found = local_places.random(chips, area, regions, cutting)
        case "grid":
            found = local_places.grid(chips, area, regions, cutting)
        case "points":
            found = local_places.of_file(chips, area, regions, cutting, places_file)
        case "stratified":
            kept = {} if drawn is None else drawn
            if area.key not in kept:
                kept.clear()
                kept[area.key] = asked_places.of_classes(
                    open_session(), product, chips, area=area, regions=regions, cutting=cutting
                )
            found = kept[area.key]
        case "images":
            found = asked_places.of_images(
                open_session(), product, chips, area=area, period=period, regions=regions, cutting=cutting
            )
    return _planned(found, chips, cutting.lattice.crs)


def _planned(found: FoundPlaces, chips: Chips, crs: str) -> PlannedSamples:
    longitude, latitude = degrees(crs, found.x, found.y)
    splits = _splits(found, chips, crs)
    places = Places(found.ids, longitude, latitude, found.labels, found.source_images, found.times)
    return PlannedSamples(
        work=work_list(places, found.windows, splits),
        unplaced=found.unplaced,
        shortfalls=found.shortfalls,
        shares={} if splits is None else met_shares(splits, chips.split),
        notes=_notes(found),
    )


def _splits(found: FoundPlaces, chips: Chips, crs: str) -> NDArray[np.object_] | None:
    if chips.split_block is None:
        return None
    return split_places(
        found.x, found.y, shares=chips.split, block=chips.split_block, seed=chips.seed, geographic=CRS(crs).geographic
    )


def _notes(found: FoundPlaces) -> tuple[str, ...]:
    if not found.unplaced:
        return found.notes
    asked = found.unplaced + len(found.ids)
    return (f"{found.unplaced} of {asked} chips could not be placed in the region", *found.notes)
