"""What a product says of unusable pixels. What does not belong here: masking (core.masking, earth_engine.masking)."""

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from eo_pipeline.core.product.section import Section
from eo_pipeline.core.quality_bands import QA60, SCL, unusable_bits, unusable_classes

_BITS = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_LAST_BIT = 31
_PROBABILITY = "probability"
_KINDS = ("usual", "scl_exclude", "scl_include", "qa_pixel", "cloud_score_plus", "s2cloudless", "band")
WIDEST_DISK = 254
"""Pixels of the largest radius of a mask's disks."""


class CloudScorePlus(Section):
    """Cloud Score+ of Sentinel-2: pixels at or above the threshold are usable."""

    band: Literal["cs", "cs_cdf"] = Field("cs_cdf", description="which of the two scores")
    threshold: float = Field(0.6, ge=0, le=1, description="from 0 to 1")


class S2Cloudless(Section):
    """s2cloudless of Sentinel-2: pixels whose cloud probability is below the threshold are usable."""

    band: str = Field(_PROBABILITY, description="band of scenes that are read here; probability in Earth Engine")
    threshold: float = Field(50.0, ge=0, le=100, description="percent, from 0 to 100")


class Mask(Section):
    """Which pixels of a scene are unusable; exactly one kind. Applied at the source's native resolution."""

    usual: Literal["SCL", "QA_PIXEL", "QA60"] | None = Field(
        None, description="band whose clouds, cloud shadows and defects to mask; QA60 knows clouds only"
    )
    snow: bool = Field(False, description="with `usual`: mask snow, too")
    water: bool = Field(False, description="with `usual`: mask water, too")
    scl_exclude: list[int] | None = Field(None, description="classes of Sentinel-2's SCL band to mask")
    scl_include: list[int] | None = Field(None, description="the only classes of SCL to keep")
    qa_pixel: list[int] | None = Field(None, description="bits of Landsat's QA_PIXEL that mask a pixel when set")
    cloud_score_plus: CloudScorePlus | None = Field(None, description="Cloud Score+, linked by system:index")
    s2cloudless: S2Cloudless | None = Field(None, description="s2cloudless' probability, linked by system:index")
    band: str | None = Field(None, description="any other band of classes or bits, with exclude, include or bits")
    exclude: list[int] | None = Field(None, description="classes of `band` to mask")
    include: list[int] | None = Field(None, description="the only classes of `band` to keep")
    bits: dict[str, list[int]] | None = Field(
        None, description="fields of bits of `band`, for example 0-1 or 5, and the only values of each to keep"
    )
    opening: float = Field(
        0.0,
        ge=0,
        le=WIDEST_DISK,
        description="radius of a disk, in pixels of the quality band: unusable specks too small to hold it are kept",
    )
    dilation: float = Field(
        0.0,
        ge=0,
        le=WIDEST_DISK,
        description="radius of the disk by which what is unusable grows afterwards, in pixels of the quality band",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise ValueError(f"expected exactly one of {', '.join(_KINDS)}")
        ways = sum(way is not None for way in (self.exclude, self.include, self.bits))
        if ways != (self.band is not None):
            raise ValueError("expected `band` together with exactly one of exclude, include, bits")
        return self

    @field_validator("scl_exclude", "scl_include")
    @classmethod
    def _classes_of_scl(cls, value: list[int] | None) -> list[int] | None:
        if unknown := [one for one in value or [] if one not in SCL]:
            legend = ", ".join(f"{one} {name}" for one, name in SCL.items())
            raise ValueError(f"expected classes of SCL ({legend}), got {', '.join(map(str, unknown))}; leave it out")
        return value

    @model_validator(mode="after")
    def _snow_and_water_are_known(self) -> Self:
        if (self.snow or self.water) and self.usual in (None, "QA60"):
            raise ValueError(
                "expected snow and water only beside `usual: SCL` or `usual: QA_PIXEL`, whose bands know them; name "
                "classes or bits of other bands"
            )
        return self

    @field_validator("bits", mode="before")
    @classmethod
    def _texts(cls, value: object) -> object:
        """YAML reads the name of a single bit as a number."""
        return {str(name): kept for name, kept in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _readable_bits(self) -> Self:
        for name, kept in (self.bits or {}).items():
            first, last = bit_range(name)
            if unfit := [value for value in kept if not 0 <= value < 1 << (last - first + 1)]:
                raise ValueError(
                    f"bits.{name}: expected values from 0 to {(1 << (last - first + 1)) - 1}, as {last - first + 1} "
                    f"bit(s) hold, got {', '.join(map(str, unfit))}"
                )
        if self.bits is not None and not (self.bits and all(self.bits.values())):
            raise ValueError("bits: expected fields with at least one value to keep, for example {0-1: [0, 1]}")
        return self

    @property
    def quality_band(self) -> str | None:
        """The band of the scene itself that the mask reads, or None for scores, which Earth Engine links."""
        if self.usual is not None:
            return self.usual
        if self.scl_exclude is not None or self.scl_include is not None:
            return "SCL"
        return "QA_PIXEL" if self.qa_pixel is not None else self.band

    @property
    def score(self) -> CloudScorePlus | S2Cloudless | None:
        """Of masks by a score."""
        return self.cloud_score_plus or self.s2cloudless

    @property
    def in_full(self) -> "Mask":
        """The same mask, with the classes or bits that are usual named."""
        options = {"snow": self.snow, "water": self.water}
        match self.usual:
            case "SCL":
                named = Mask(scl_exclude=unusable_classes(**options))
            case "QA_PIXEL":
                named = Mask(qa_pixel=unusable_bits(**options))
            case "QA60":
                named = Mask(band="QA60", bits={str(bit): [0] for bit in QA60})
            case None:
                return self
        return named.model_copy(update={"opening": self.opening, "dilation": self.dilation})


def check_linked(mask: Mask) -> None:
    """Scores have the names of the collections that Earth Engine links.

    Raises:
        ValueError: another band is asked for.
    """
    if mask.s2cloudless is not None and mask.s2cloudless.band != _PROBABILITY:
        raise ValueError(
            f"mask.s2cloudless.band: expected {_PROBABILITY} beside a collection of Earth Engine, got "
            f"{mask.s2cloudless.band}; remove it"
        )


def bit_range(name: str) -> tuple[int, int]:
    """First and last bit, from 0 to 31, of a field of bits such as `0-1` or `5`."""
    match = _BITS.fullmatch(name)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 0 <= first <= last <= _LAST_BIT:
        raise ValueError(f"bits: expected bits from 0 to {_LAST_BIT} such as 5 or 0-1, the lower first, got {name!r}")
    return first, last
