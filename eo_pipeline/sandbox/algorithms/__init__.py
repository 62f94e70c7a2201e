"""Earth Engine's functions, one family a file. What does not belong here: how an expression is walked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eo_pipeline.sandbox.algorithms import (
    aggregates,
    arithmetic,
    bands,
    collections,
    components,
    composites,
    convolutions,
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
    projections,
    randomness,
    reducers,
    regions,
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
        aggregates, arithmetic, bands, collections, components, composites, convolutions, dates, dictionaries,
        distances, elements, filter_text, filters, generators, geometries, image_text, joins, kernels, lists,
        masks, neighbourhoods, numbers, painting, projections, randomness, reducers, regions, sampling,
        sentinel2, spectra, strata, strings, styling, terrain, texture, unary, vectors, visualization,
    )
)  # fmt: skip
"""Every family of functions."""


def registry(algorithms: Path) -> Mapping[str, Entry]:
    """Every implemented function by wire name, checked against the published signatures in a file.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: an implementation does not fit.
    """
    return build_registry(FAMILIES, published_signatures(algorithms))
