"""Training samples that are asked for one by one. What does not belong here: choosing places (`core.chips`)."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from eo_pipeline.core.product.section import Section, some_words

_SHARES = 1e-6
"""How far the shares of a split may be from 1 together."""


class Strata(Section):
    """The image of classes that stratified chips are drawn from."""

    image: str = Field(description="Earth Engine id of an image, or of a collection that is mosaicked")
    band: str = Field(description="the band that holds the classes")
    scale: float = Field(gt=0, description="metres a pixel at which places are drawn")


class Visualize(Section):
    """How numbers become colours; in physical units of the output."""

    bands: list[str] = Field(description="one band, or red, green and blue")
    min: float = Field(description="shown black, or as the first colour of the palette")
    max: float = Field(description="shown white, or as the last colour of the palette")
    gamma: float = Field(1.0, gt=0, description="above 1 is brighter")
    palette: list[str] = Field([], description="colours of a single band as names or hexadecimal digits")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.bands) not in (1, 3):
            raise ValueError(f"bands: expected one band, or three for red, green and blue, got {len(self.bands)}")
        if not self.min < self.max:
            raise ValueError(f"max: expected more than min ({self.min:g}), got {self.max:g}; swap or correct them")
        if self.palette and len(self.bands) != 1:
            raise ValueError("palette: expected none beside three bands; name one band or remove the palette")
        if self.palette and self.gamma != 1:
            raise ValueError("gamma: expected none beside a palette; remove one of them")
        return self


class Chips(Section):
    """Small images of equal size around sampled places, one request each, in place of tiles."""

    sampling: Literal["random", "stratified", "grid", "points", "images"] = Field(
        "random",
        description="random points, as many of each class, a grid, the points of a file, or one chip an image",
    )
    count: int | None = Field(
        None, gt=0, description="chips of each area if random, of each class if stratified, at most so many if images"
    )
    seed: int = Field(1, ge=0, description="the same seed draws the same places, in every period")
    strata: Strata | None = Field(None, description="classes of stratified chips, which become their labels")
    file: str | None = Field(None, description="points, or polygons that stand for a point inside; for points")
    id: str | None = Field(None, description="column of the file that names its places; unique")
    label: str | None = Field(None, description="column of the file that becomes the chips' label")
    step: int | None = Field(None, gt=0, description="pixels from chip to chip of a grid; the size if absent")
    within: Literal["centre", "whole"] = Field(
        "centre", description="what of a chip must lie inside its area's polygon"
    )
    size: int = Field(256, gt=0, le=4096, description="pixels a side; images without it show the whole area")
    crs: Literal["product", "utm"] = Field("product", description="the product's CRS, or each chip's own UTM zone")
    resolution: float | None = Field(None, gt=0, description="metres a pixel; needed with crs utm")
    format: Literal["geotiff", "npy", "png", "zarr"] = Field(
        "geotiff", description="a file a chip, or one store of all chips (chip, band, y, x)"
    )
    visualize: Visualize | None = Field(None, description="how a PNG is coloured; needed with format png")
    repository: str | None = Field(None, description="Icechunk repository of format zarr, named as that of a cube")
    split: dict[str, float] = Field({}, description="shares by name, for example {train: 0.8, test: 0.2}; sum is 1")
    split_block: float | None = Field(
        None, gt=0, description="CRS units of area.crs: places in one such square share a split; needed with split"
    )
    tolerance: float = Field(0.0, ge=0, lt=1, description="share of a partition's chips that may fail")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for check in (_check_needs, _check_count, _check_split):
            check(self)
        return self

    @property
    def asks_for_places(self) -> bool:
        """True if places are found by asking Earth Engine."""
        return self.sampling in ("stratified", "images")

    @property
    def spacing(self) -> int:
        """Pixels from chip to chip of a grid."""
        return self.size if self.step is None else self.step


_NEEDS = (
    ("strata", "sampling", "stratified", True),
    ("file", "sampling", "points", True),
    ("id", "sampling", "points", True),
    ("label", "sampling", "points", False),
    ("step", "sampling", "grid", False),
    ("resolution", "crs", "utm", True),
    ("visualize", "format", "png", True),
    ("repository", "format", "zarr", True),
)
"""Field, the field that it depends on, the only value that it goes with, and whether that value needs it."""


def _check_needs(chips: Chips) -> None:
    for field, other, only, needed in _NEEDS:
        given, chosen = getattr(chips, field) is not None, getattr(chips, other)
        if given and chosen != only:
            raise ValueError(f"{field}: expected it with {other} {only} only, got {other} {chosen}; remove one of them")
        if needed and chosen == only and not given:
            raise ValueError(f"{field}: expected this field with {other} {only}, got none; add it")


def _check_count(chips: Chips) -> None:
    if chips.sampling in ("random", "stratified") and chips.count is None:
        of = "area" if chips.sampling == "random" else "class"
        raise ValueError(
            f"count: expected how many chips of each {of} with sampling {chips.sampling}, got none; add it"
        )
    if chips.sampling == "images" and chips.format == "zarr" and "size" not in chips.model_fields_set:
        raise ValueError("size: expected it with sampling images and format zarr, whose chips have one size; add it")
    if chips.sampling in ("grid", "points") and chips.count is not None:
        raise ValueError(
            f"count: expected none with sampling {chips.sampling}, which tells how many there are; remove it"
        )


def _check_split(chips: Chips) -> None:
    if bool(chips.split) != (chips.split_block is not None):
        missing = "split_block" if chips.split else "split"
        raise ValueError(f"{missing}: expected it beside {'split' if chips.split else 'split_block'}, got none; add it")
    if not chips.split:
        return
    if wrong := [name for name, share in chips.split.items() if not 0 < share <= 1]:
        raise ValueError(
            f"split: expected shares above 0 and at most 1, got other ones of {some_words(wrong)}; correct them"
        )
    total = math.fsum(chips.split.values())
    if abs(total - 1) > _SHARES:
        raise ValueError(f"split: expected shares whose sum is 1, got {total:g}; correct them")
