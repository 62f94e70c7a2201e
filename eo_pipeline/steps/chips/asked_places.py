"""Places that Earth Engine is asked for: pixels of each class, and the images of a period.

What does not belong here: the requests (`earth_engine.sample_requests`).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core import keys
from eo_pipeline.core.chips.chip_boxes import Windows, region_window, repeated
from eo_pipeline.core.chips.found_places import FoundPlaces, texts
from eo_pipeline.core.chips.placing import Cutting, Numbers, from_degrees, inner_places, only_fitting
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.chips.seeds import generator, service_seed
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Chips, Product, Strata
from eo_pipeline.core.zonal.reprojecting import METRES_PER_DEGREE
from eo_pipeline.earth_engine.sample_requests import MOST_VERTICES, Outline, class_pixels, outline, source_images
from eo_pipeline.earth_engine.session import Session

_TIMES_WHOLE = 2
"""How many times as many pixels are asked for where some chips will not lie in the region as a whole."""


def of_classes(
    session: Session, product: Product, chips: Chips, *, area: Area, regions: Regions, cutting: Cutting
) -> FoundPlaces:
    """As many pixels of each class as are declared, or as there are, with their class as label.

    Raises:
        ProductError: there is no such image of classes.
        ServiceError: Earth Engine refused.
    """
    strata, count = _strata(chips)
    crs, region = cutting.lattice.crs, regions.polygon(area.key)
    asked = outline(region, step=_units(strata.scale, crs) / 4)
    pixels = class_pixels(
        session,
        strata,
        asked.polygon,
        crs=crs,
        count=count * _TIMES_WHOLE if cutting.whole else count,
        seed=service_seed(chips.seed, "stratified", area.key),
        tag=keys.workload_tag(product.name),
    )
    x, y = from_degrees(crs, pixels.longitude, pixels.latitude, area)
    held = regions.holds(area.key, x, y)
    there = _shuffled(x[held], y[held], pixels.classes[held], generator(chips.seed, "classes", area.key))
    labels = texts([str(value) for value in there[2].tolist()])
    found = FoundPlaces(labels, there[0], there[1], cutting.windows(there[0], there[1]), labels=labels)
    fitting = only_fitting(found, region, cutting)
    return _numbered(fitting, area, count, known=sorted(set(pixels.classes.tolist())), asked=asked)


def _strata(chips: Chips) -> tuple[Strata, int]:
    assert chips.strata is not None  # noqa: S101  # the declaration has it with this sampling, and a count
    assert chips.count is not None  # noqa: S101
    return chips.strata, chips.count


def _units(metres: float, crs: str) -> float:
    return metres / METRES_PER_DEGREE if CRS(crs).geographic else metres


def _shuffled(
    x: Numbers, y: Numbers, classes: NDArray[np.int64], numbers: np.random.Generator
) -> tuple[Numbers, Numbers, NDArray[np.int64]]:
    """Class after class, each in an order that does not depend on the service's."""
    sorted_by_place = np.lexsort((y, x))
    chance = numbers.random(len(x))
    order = sorted_by_place[np.lexsort((chance, classes[sorted_by_place]))]
    return x[order], y[order], classes[order]


def _numbered(found: FoundPlaces, area: Area, count: int, *, known: list[int], asked: Outline) -> FoundPlaces:
    """At most `count` of each class, with ids; what is missing of a class is told."""
    assert found.labels is not None  # noqa: S101  # of_classes gave them
    number = _position_in_run(found.labels)
    kept = found.only(number < count)
    labels, numbers = kept.labels, number[number < count]
    assert labels is not None  # noqa: S101  # likewise
    ids = texts([f"{area.key}-{label}-{n:06d}" for label, n in zip(labels, numbers.tolist(), strict=True)])
    there = {str(value): int((labels == str(value)).sum()) for value in known}
    shortfalls = {label: n for label, n in there.items() if n < count}
    notes = [
        f"class {label}: {n} of {count} chips, since no more pixels of it fit in the region"
        for label, n in shortfalls.items()
    ]
    if asked.tolerance:
        notes.append(
            f"the region was simplified by {asked.tolerance:g} units of its CRS to at most {MOST_VERTICES} vertices to "
            "ask for its pixels; those outside the region itself were dropped"
        )
    return replace(kept, ids=ids, unplaced=0, shortfalls=shortfalls, notes=tuple(notes))


def _position_in_run(labels: NDArray[np.object_]) -> NDArray[np.int64]:
    """0, 1, 2, ... within each run of equal labels."""
    _, first, of_row = np.unique(labels.astype(str), return_index=True, return_inverse=True)
    return np.arange(len(labels)) - first[of_row]


def of_images(
    session: Session, product: Product, chips: Chips, *, area: Area, period: Period, regions: Regions, cutting: Cutting
) -> FoundPlaces:
    """One chip for each of the source's images that touch an area, or for `count` of them that the seed chooses.

    All show the same window: around a point inside the region, or the whole region if no size is declared.

    Raises:
        ProductError: the region is too large for one chip.
        ServiceError: Earth Engine refused.
    """
    region, source = regions.polygon(area.key), product.source
    assert source is not None  # noqa: S101  # the declaration has it with this sampling
    asked = outline(region, step=cutting.lattice.resolution)
    images = source_images(session, product, area, period, asked.polygon, tag=keys.workload_tag(product.name))
    chosen = _chosen(images.ids, images.times, chips, area)
    ids, times = images.ids[chosen], images.times[chosen]
    placed = _window(region, area, chips, cutting)
    if placed is None:
        nowhere = np.zeros(0)
        empty = FoundPlaces(ids[:0], nowhere, nowhere, cutting.windows(nowhere, nowhere), unplaced=len(ids))
        return replace(empty, notes=("no chip of that size lies in the region as a whole",))
    x, y, window = placed
    return FoundPlaces(
        ids=texts([f"{area.key}-{index}" for index in ids]),
        x=np.full(len(ids), x),
        y=np.full(len(ids), y),
        windows=repeated(window, len(ids)),
        source_images=texts([f"{source.collection}/{index}" for index in ids]),
        times=times,
    )


def _chosen(ids: NDArray[np.object_], times: NDArray[np.int64], chips: Chips, area: Area) -> NDArray[np.int64]:
    """Positions of the images that are cut, by time and then by id."""
    kept = np.arange(len(ids))
    if chips.count is not None and chips.count < len(ids):
        lots = [generator(chips.seed, "images", area.key, index).random() for index in ids]
        kept = np.argsort(np.array(lots), kind="stable")[: chips.count]
    return kept[np.lexsort((ids[kept].astype(str), times[kept]))]


def _window(region: BaseGeometry, area: Area, chips: Chips, cutting: Cutting) -> tuple[float, float, Windows] | None:
    """Place and pixels of an area's chips; None if none of that size lies in the region as a whole."""
    x, y = inner_places(region)
    if "size" not in chips.model_fields_set:
        window = region_window(region, area.geobox, (float(x[0]), float(y[0])), cutting.utm_resolution)
        return float(x[0]), float(y[0]), window
    windows = cutting.windows(x, y)
    fits = np.flatnonzero(cutting.fits(region, windows, x))
    return (float(x[fits[0]]), float(y[fits[0]]), windows.only(fits[:1])) if fits.size else None
