"""What a product says of how images become one. What does not belong here: composing them (core.composites)."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from eo_pipeline.core.product.section import Section
from eo_pipeline.core.product.source import Index, Source
from eo_pipeline.core.reducers import PATTERN, kind_of
from eo_pipeline.errors import ProductError


class Composite(Section):
    """How the images of a period become one."""

    reducer: str = Field(
        "median",
        description="of the usable pixels of a place: median, mean, max, min or percentile_N, N from 0 to 100; mosaic "
        "takes the last image on top, first the earliest, best_pixel the one of the highest quality; medoid, for "
        "what is composed here, the one nearest to all others",
        json_schema_extra={"pattern": PATTERN},
    )
    quality: str | None = Field(
        None, description="with best_pixel: a band of source.bands, or an index with compute: per_scene"
    )
    counts: list[Literal["n_obs", "n_valid", "source_day"]] = Field(
        [],
        description="also store how many images saw the pixel, how many saw it usable and, for what is composed here "
        "by max, min, mosaic, first, best_pixel or medoid, the day of the image that the pixel is of",
    )

    @field_validator("reducer")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            kind_of(value)
        except ProductError as error:
            raise ValueError(str(error).removeprefix("composite: ")) from error
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.quality is None) == (self.reducer == "best_pixel"):
            raise ValueError(
                f"expected `quality` beside best_pixel and beside no other reducer, got {self.reducer} "
                f"{'without' if self.quality is None else 'with'} it; name a band or index whose highest value wins"
            )
        if "source_day" in self.counts and not kind_of(self.reducer).chooses:
            raise ValueError(
                f"counts: expected source_day only where a pixel is of one image, got reducer {self.reducer}; choose "
                "max, min, mosaic, first, best_pixel or medoid"
            )
        return self


def check_composite(composite: Composite, source: Source, index: Mapping[str, Index]) -> None:
    """How images become one, against what they are.

    Args:
        composite: of the product.
        source: likewise.
        index: likewise.

    Raises:
        ValueError: they do not fit.
    """
    per_image = [*source.bands, *(name for name, one in index.items() if one.compute == "per_scene")]
    if composite.quality is not None and composite.quality not in per_image:
        raise ValueError(
            f"composite.quality: expected one of {', '.join(per_image)}, which every image has, got "
            f"{composite.quality}; add it to source.bands or index"
        )
    if source.place != "earth_engine":
        return
    if composite.reducer == "medoid":
        raise ValueError(
            "composite.reducer: expected one that Earth Engine computes, got medoid, which needs pixels that are "
            "composed here; choose another, or read the images from source.stac"
        )
    if "source_day" in composite.counts:
        raise ValueError(
            "composite.counts: expected n_obs and n_valid beside a collection of Earth Engine, got source_day, which "
            "needs pixels that are composed here; remove it, or read the images from source.stac"
        )
