"""Earth Engine's functions, one family a file. What does not belong here: how an expression is walked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from eo_pipeline.sandbox.algorithms import (
    aggregates,
    arithmetic,
    array_images,
    array_stacks,
    arrays,
    bands,
    collections,
    components,
    composites,
    convolutions,
    date_ranges,
    dates,
    dictionaries,
    distances,
    elements,
    filter_text,
    filters,
    generators,
    geometries,
    image_text,
    joins,
    kernels,
    lists,
    masks,
    neighbourhoods,
    numbers,
    painting,
    paths,
    pixel_kinds,
    projections,
    randomness,
    reducers,
    regions,
    regressions,
    sampling,
    sentinel2,
    spectra,
    strata,
    strings,
    styling,
    terrain,
    texture,
    unary,
    vectors,
    visualization,
)
from eo_pipeline.sandbox.graph.registry import Entry, Family, build_registry
from eo_pipeline.sandbox.graph.signatures import published_signatures

FAMILIES: tuple[Family, ...] = tuple(
    module.FAMILY
    for module in (
        aggregates, arithmetic, array_images, array_stacks, arrays, bands, collections, components, composites,
        convolutions, date_ranges, dates, dictionaries, distances, elements, filter_text, filters, generators,
        geometries, image_text, joins, kernels, lists, masks, neighbourhoods, numbers, painting, paths, pixel_kinds,
        projections, randomness, reducers, regions, regressions, sampling, sentinel2, spectra, strata, strings,
        styling, terrain, texture, unary, vectors, visualization,
    )
)  # fmt: skip
"""Every family of functions."""

_ARRAY_READY = (
    "Image.addBands", "Image.bandNames", "Image.bandTypes", "Image.clip", "Image.constant", "Image.copyProperties",
    "Image.date", "Image.geometry", "Image.id", "Image.mask", "Image.metadata", "Image.projection", "Image.rename",
    "Image.reduceRegion", "Image.reproject", "Image.select", "Image.setDefaultProjection", "Image.slice",
    "Image.updateMask",
)  # fmt: skip
"""Functions that only name, place or mask pixels."""


ARRAY_READY = frozenset(
    [
        *array_images.FAMILY.members,
        "Image.toArray",
        *arithmetic.FAMILY.members,
        *(f"Image.{name}" for name in (*unary.FUNCTIONS, *unary.CASTS)),
        *_ARRAY_READY,
    ]
)
"""Functions that take images whose pixels are arrays."""


@lru_cache(maxsize=2)
def registry(algorithms: Path) -> Mapping[str, Entry]:
    """Every implemented function by wire name, checked against the published signatures in a file, once a process.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: an implementation does not fit.
    """
    return build_registry(FAMILIES, published_signatures(algorithms), ARRAY_READY)
