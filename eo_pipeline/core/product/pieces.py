"""Whether what is asked for piece by piece fits the rest of its product.

What does not belong here: rules within one part (`chips`, `series`, `points`).
"""

from collections.abc import Sequence

from eo_pipeline.core.product.area import AreaGrid
from eo_pipeline.core.product.chips import Chips
from eo_pipeline.core.product.composite import Composite
from eo_pipeline.core.product.results import Export
from eo_pipeline.core.product.section import some_words
from eo_pipeline.core.product.series import Series


def check_alone(kind: str, declared: Sequence[str]) -> None:
    """Nothing that is made of tiles, and no other pieces, stands beside them.

    Args:
        kind: chips, series or points.
        declared: all of those, mosaic, zones and cube that the product has.

    Raises:
        ValueError: something does.
    """
    if others := [name for name in declared if name != kind]:
        raise ValueError(
            f"{kind}: expected no {some_words(others)} beside it, since one product is one thing; "
            "declare another product for the rest"
        )


def check_left_alone(kind: str, export: Export) -> None:
    """Nothing is said of tasks where there are none.

    Raises:
        ValueError: a field of `export` is set.
    """
    defaults = Export()
    if said := [name for name in sorted(export.model_fields_set) if getattr(export, name) != getattr(defaults, name)]:
        raise ValueError(
            f"export.{said[0]}: expected no field of export beside {kind}, got {some_words(said)}; no task writes "
            "anything of it, remove the section"
        )


def check_chips(chips: Chips, area: AreaGrid, composite: Composite, recipe: str | None, bands: Sequence[str]) -> None:
    """Chips against areas, images and bands.

    Args:
        chips: as declared.
        area: of the product.
        composite: of the product.
        recipe: of one's own, if any.
        bands: that are exported.

    Raises:
        ValueError: they do not fit.
    """
    if chips.sampling == "images":
        _check_single_images("chips.sampling", "images", composite, recipe)
    if chips.visualize is not None and (unknown := [b for b in chips.visualize.bands if b not in bands]):
        raise ValueError(
            f"chips.visualize.bands: {some_words(unknown)} is not among the bands, which are {some_words(bands)}; "
            "name some of those"
        )
    side = chips.size * area.resolution
    if chips.crs == "product" and chips.split_block is not None and chips.split_block < side:
        raise ValueError(
            f"chips.split_block: expected at least a chip's side, {side:g} units of {area.crs}, got "
            f"{chips.split_block:g}; chips of different splits would overlap"
        )


def check_series(series: Series, composite: Composite, recipe: str | None) -> None:
    """Series against images.

    Args:
        series: as declared.
        composite: of the product.
        recipe: of one's own, if any.

    Raises:
        ValueError: they do not fit.
    """
    if series.of == "images":
        _check_single_images("series.of", "images", composite, recipe)
    elif composite.counts:
        raise ValueError(
            "composite.counts: expected none beside series, whose rows tell count and valid_fraction; remove it"
        )


def _check_single_images(field: str, value: str, composite: Composite, recipe: str | None) -> None:
    if recipe is not None:
        raise ValueError(
            f"{field}: expected `source` beside {value}, got `recipe`: the images behind a function are not known; "
            "write another value"
        )
    if composite != Composite():
        raise ValueError(f"composite: expected none beside {field} {value}, since each image stands alone; remove it")
