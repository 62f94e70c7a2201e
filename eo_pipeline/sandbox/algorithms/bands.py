"""Choosing, naming and adding bands; constants. What does not belong here: changing pixels."""

from __future__ import annotations

from dataclasses import replace

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.catalog_images import image_with
from eo_pipeline.sandbox.graph.collections import Collection
from eo_pipeline.sandbox.graph.comparing import text_of
from eo_pipeline.sandbox.graph.constants import constant_band, constant_image, filled, unique_names
from eo_pipeline.sandbox.graph.evaluate import Context
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.sources import catalog_image
from eo_pipeline.sandbox.patterns import Pattern

FAMILY = Family()


@FAMILY.algorithm("Image.load")
def load(id_: str, context: Context) -> Image:
    """The catalog's image of an id."""
    record = context.catalog.image(id_)
    if record is None:
        raise ServiceError(
            f"Image.load: Image asset '{id_}' not found (does not exist or caller does not have access).",
            404,
            "NOT_FOUND",
        )
    return catalog_image(record)


@FAMILY.algorithm("Image.constant")
def constant(value: object) -> Image:
    """One value everywhere; an image stays what it is."""
    return value if isinstance(value, Image) else constant_image(value)


@FAMILY.algorithm("Image.select")
def select(input_: Image, band_selectors: list[object], new_names: list[str] | None) -> Image:
    """Bands by name, pattern or index, renamed if names are given."""
    bands = selected("Image.select", input_, band_selectors)
    if new_names is not None:
        bands = _renamed("Image.select", bands, new_names)
    return replace(input_, bands=unique_names(bands))


def selected(function: str, image: Image, selectors: list[object]) -> list[Band]:
    """Bands that match selectors, in the selectors' order.

    Raises:
        ServiceError: a selector matches nothing.
    """
    return [band for selector in selectors for band in _matching(function, image, selector)]


def _matching(function: str, image: Image, selector: object) -> list[Band]:
    if isinstance(selector, int | float):
        index = int(selector)
        if not -len(image.bands) <= index < len(image.bands):
            raise ServiceError(f"{function}: Band index {index} out of bounds (image has {len(image.bands)} bands).")
        return [image.bands[index]]
    exact = [band for band in image.bands if band.id == selector]
    found = exact or _named_like(image, text_of(selector))
    if not found:
        available = ", ".join(image.band_names)
        raise ServiceError(
            f"{function}: Band pattern '{selector}' did not match any bands. Available bands: [{available}]"
        )
    return found


def _named_like(image: Image, said: str) -> list[Band]:
    pattern = Pattern(said)
    return [band for band in image.bands if pattern.full_match(band.id)]


def _renamed(function: str, bands: list[Band], names: list[str]) -> list[Band]:
    if len(names) != len(bands):
        raise ServiceError(
            f"{function}: The number of names ({len(names)}) must match the number of bands ({len(bands)})."
        )
    return [replace(band, id=name) for band, name in zip(bands, names, strict=True)]


@FAMILY.algorithm("Image.rename")
def rename(input_: Image, names: list[str]) -> Image:
    """The same bands under new names."""
    bands = _renamed("Image.rename", list(input_.bands), names)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ServiceError(
            f"Image.rename: Can't add a band named '{twice}' to image because a band with this name already exists."
        )
    return replace(input_, bands=tuple(bands))


@FAMILY.algorithm("Image.addBands")
def add_bands(dst_img: Image, src_img: Image, names: list[str] | None, overwrite: bool) -> Image:
    """The first image's bands, then the second's; equal names replace the first's, or get a suffix."""
    new = list(src_img.bands) if names is None else selected("Image.addBands", src_img, list(names))
    if not overwrite:
        return dst_img.with_bands(*unique_names((*dst_img.bands, *new)))
    replacing = {band.id: band for band in new}
    kept = [replacing.pop(band.id, band) for band in dst_img.bands]
    return dst_img.with_bands(*kept, *replacing.values())


@FAMILY.algorithm("Image.slice")
def slice_bands(image: Image, start: int, end: int | None) -> Image:
    """Bands from start up to, not including, end; negative numbers count from the back."""
    return image.with_bands(*image.bands[start:end])


@FAMILY.algorithm("Image.bandNames")
def band_names(image: Image) -> list[str]:
    """Names of the bands."""
    return image.band_names


@FAMILY.algorithm("Image.bandTypes")
def band_types(image: Image) -> dict[str, PixelType]:
    """Pixel types by band name."""
    return {band.id: band.pixel_type for band in image.bands}


@FAMILY.algorithm("Image.metadata")
def metadata(image: Image, property_: str, name: str | None) -> Image:
    """A property as a constant image of type double; masked everywhere if it is not set."""
    value = image.properties.get(property_)
    band = constant_band(name or property_, float(value) if isinstance(value, int | float) else 0.0)
    if value is None:
        band = masked_like(band, band.pixel_type)
    return Image((band,))


def masked_like(band: Band, pixel_type: PixelType) -> Band:
    """A band of this name and type that is masked everywhere."""
    return replace(band, pixel_type=pixel_type, pixels=filled(0, pixel_type.dtype, valid=False))


@FAMILY.algorithm("Image.linkCollection")
def link_collection(
    input_: Image,
    image_collection: Collection,
    linked_bands: object,
    linked_properties: object,
    match_property_name: str,
) -> Image:
    """Bands and properties of the image whose property equals this one's; masked bands and nulls if there is none."""
    match = image_with(image_collection, match_property_name, input_.properties.get(match_property_name))
    names, linked = _names(linked_bands), dict.fromkeys(_names(linked_properties))
    if match is None:
        new = _masked_bands(names, image_collection.first())
    else:
        linked |= {name: match.properties.get(name) for name in linked}
        new = selected("Image.linkCollection", match, list(names))
    result = add_bands(input_, Image(tuple(new)), None, overwrite=True)
    return result.with_properties({**input_.properties, **linked})


def _names(value: object) -> list[str]:
    if value is None:
        return []
    return [text_of(member) for member in value] if isinstance(value, list) else [text_of(value)]


def _masked_bands(names: list[str], like: object) -> list[Band]:
    """Bands that are masked everywhere, of the type they have in an image of the collection, or double."""
    types = {band.id: band.pixel_type for band in like.bands} if isinstance(like, Image) else {}
    return [masked_like(constant_band(name, 0), types.get(name, DOUBLE)) for name in names]
