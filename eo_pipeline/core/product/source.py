"""Where pixels come from and how they become one image. What does not belong here: evaluating formulas and masks."""

import re
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from eo_pipeline.core.product.section import Scalar, Section

_BITS = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")
_LAST_BIT = 31
_IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*\()")


class Condition(Section):
    """What an image's property must satisfy; several operators must all hold."""

    lt: float | None = Field(None, description="less than")
    lte: float | None = Field(None, description="at most")
    gt: float | None = Field(None, description="more than")
    gte: float | None = Field(None, description="at least")
    eq: Scalar | None = Field(None, description="equal to")
    neq: Scalar | None = Field(None, description="other than")
    one_of: list[Scalar] | None = Field(None, alias="in", description="any of these values")

    @model_validator(mode="after")
    def _has_operator(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected at least one of lt, lte, gt, gte, eq, neq, in; for example {lt: 80}")
        return self


class Source(Section):
    """The Earth Engine image collection and what is taken from it."""

    collection: str = Field(description="Earth Engine id, for example COPERNICUS/S2_SR_HARMONIZED")
    bands: list[str] = Field(min_length=1, description="bands that the index, the composite or the output use")
    where: dict[str, Condition] = Field({}, description="conditions on image properties")
    scale: float = Field(1.0, description="factor from stored to physical values of the source's bands")
    offset: float = Field(0.0, description="added after scale")
    native_resolution: float | None = Field(
        None, gt=0, description="metres a pixel at which masks apply; asked from the collection if absent"
    )

    @model_validator(mode="after")
    def _bands_once(self) -> Self:
        if repeated := _repeated(self.bands):
            raise ValueError(f"expected each band once, got {', '.join(repeated)} more than once")
        return self


class CloudScorePlus(Section):
    """Cloud Score+ of Sentinel-2: pixels at or above the threshold are usable."""

    band: Literal["cs", "cs_cdf"] = Field("cs_cdf", description="which of the two scores")
    threshold: float = Field(0.6, ge=0, le=1, description="from 0 to 1")


class Mask(Section):
    """Which pixels of a scene are unusable; exactly one kind. Applied at the source's native resolution."""

    scl_exclude: list[int] | None = Field(None, description="classes of Sentinel-2's SCL band to mask")
    scl_include: list[int] | None = Field(None, description="the only classes of SCL to keep")
    qa_pixel: list[int] | None = Field(None, description="bits of Landsat's QA_PIXEL that mask a pixel when set")
    cloud_score_plus: CloudScorePlus | None = Field(None, description="Cloud Score+, linked by system:index")
    band: str | None = Field(None, description="any other band of classes or bits, with exclude, include or bits")
    exclude: list[int] | None = Field(None, description="classes of `band` to mask")
    include: list[int] | None = Field(None, description="the only classes of `band` to keep")
    bits: dict[str, list[int]] | None = Field(
        None, description="fields of bits of `band`, for example 0-1 or 5, and the only values of each to keep"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.scl_exclude, self.scl_include, self.qa_pixel, self.cloud_score_plus, self.band]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("expected exactly one of scl_exclude, scl_include, qa_pixel, cloud_score_plus, band")
        ways = sum(way is not None for way in (self.exclude, self.include, self.bits))
        if ways != (self.band is not None):
            raise ValueError("expected `band` together with exactly one of exclude, include, bits")
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
        """The band of the scene itself that the mask reads, or None for Cloud Score+, which is linked."""
        if self.scl_exclude is not None or self.scl_include is not None:
            return "SCL"
        return "QA_PIXEL" if self.qa_pixel is not None else self.band


class Index(Section):
    """A band computed from others, in Earth Engine's expression syntax over band names."""

    formula: str = Field(description="for example (B8 - B4) / (B8 + B4)")
    compute: Literal["per_scene", "composite"] = Field(
        "per_scene", description="before the composite, on each masked scene, or once from the composite"
    )

    @property
    def names(self) -> list[str]:
        """Names the formula uses, in order of appearance, each once."""
        return list(dict.fromkeys(_IDENTIFIER.findall(self.formula)))


class Composite(Section):
    """How the images of a period become one."""

    reducer: Literal["median", "mean", "max", "min", "mosaic", "first"] = Field(
        "median",
        description="of the usable pixels of a place; mosaic takes the last image on top, first the earliest",
    )
    counts: list[Literal["n_obs", "n_valid"]] = Field(
        [], description="also export how many images saw the pixel and how many saw it usable"
    )


def bit_range(name: str) -> tuple[int, int]:
    """First and last bit, from 0 to 31, of a field of bits such as `0-1` or `5`."""
    match = _BITS.fullmatch(name)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 0 <= first <= last <= _LAST_BIT:
        raise ValueError(f"bits: expected bits from 0 to {_LAST_BIT} such as 5 or 0-1, the lower first, got {name!r}")
    return first, last


def _repeated(values: Sequence[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})
