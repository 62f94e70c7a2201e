"""Whether the rest of a product fits a source whose pixels are read and composed here, and how its counts are stored.

What does not belong here: rules within one part (`source`, `results`).
"""

from collections.abc import Collection

from eo_pipeline.core.bands import BandEncoding, Kind
from eo_pipeline.core.product.area import AreaGrid
from eo_pipeline.core.product.periods import Periods
from eo_pipeline.core.product.results import Cube
from eo_pipeline.core.product.section import some_words
from eo_pipeline.core.product.source import Source
from eo_pipeline.core.product.zones import ZoneTable

OF_EARTH_ENGINE = ("recipe", "table", "chips", "series", "points", "mosaic", "export", "budget")
"""Sections about what Earth Engine computes or exports."""
_OF_IMAGES = ("mask", "index", "composite")
"""Sections about several images of a place, of which aligned tiles have one."""
_COUNTS: dict[str, tuple[str, int | None, str, Kind]] = {
    "n_obs": ("1", None, "images of the period that saw the pixel", "count"),
    "n_valid": ("1", None, "images of the period that saw the pixel usable after masking", "count"),
    "source_day": ("d", 0, "solar day of the image that the pixel is of, days since 1970-01-01", "categorical"),
}


def counted_here(name: str) -> BandEncoding:
    """How a count is stored beside values of other types: uint16."""
    units, nodata, meaning, kind = _COUNTS[name]
    return BandEncoding(name, "uint16", 1.0, 0.0, nodata, units, meaning, kind)


def check_made_here(
    source: Source,
    cube: Cube | None,
    zones: ZoneTable | None,
    *,
    area: AreaGrid,
    period: Periods,
    said: Collection[str],
) -> None:
    """Nothing is said of Earth Engine, and there is a cube.

    Args:
        source: not of Earth Engine.
        cube: of the product.
        zones: likewise.
        area: likewise.
        period: likewise.
        said: sections that say something.

    Raises:
        ValueError: something does not fit.
    """
    place = source.place
    nothing = (*OF_EARTH_ENGINE, *(_OF_IMAGES if place == "tiles" else ()))
    if odd := [name for name in nothing if name in said]:
        why = "tiles are copied as they are" if odd[0] in _OF_IMAGES else "pixels are read and composed here"
        raise ValueError(f"expected no {some_words(odd)} beside source.{place}, since {why}; remove it")
    if cube is None:
        raise ValueError(f"expected `cube` beside source.{place}, which is what is made of it, got none; declare it")
    if period.of_images:
        raise ValueError(f"period.every: expected a step of the calendar beside source.{place}, got image; write day")
    if area.features is not None:
        raise ValueError("cube: expected area.cover or area.box, whose areas lie on the cube's shards; got features")
    if zones is not None and (zones.where, zones.of) != ("local", "cube"):
        raise ValueError(
            f"zones: expected of: cube beside source.{place}, since there are no mosaics, got where: {zones.where} and "
            f"of: {zones.of}; write of: cube"
        )
    if place == "tiles":
        _check_tiles(cube, area)


def _check_tiles(cube: Cube, area: AreaGrid) -> None:
    """The cube is copied as a whole."""
    if area.box is None or area.bounds is not None:
        raise ValueError("area: expected box alone beside source.tiles, whose cube is one area, got another; write box")
    if given := [name for name in ("land", "interest") if getattr(cube, name) is not None]:
        raise ValueError(
            f"cube: expected no {' or '.join(given)} beside source.tiles, since only what has a tile is copied; "
            "remove it"
        )


def check_of_mosaics(cube: Cube) -> None:
    """Nothing is said of composing pixels here, where mosaics are copied.

    Raises:
        ValueError: a field is.
    """
    if given := [name for name in ("land", "interest", "engine") if getattr(cube, name) is not None]:
        raise ValueError(
            f"cube: expected no {' or '.join(given)} in a cube of Earth Engine's mosaics, got one; choose the areas by "
            "area.cover, and remove it"
        )
