"""Where pixels come from, and what is computed of them. What does not belong here: evaluating formulas."""

import re
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from eo_pipeline.core.product.section import Scalar, Section

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


Place = Literal["earth_engine", "stac", "files", "tiles"]
"""Where images are: composed inside Earth Engine, or read and composed here."""


class Source(Section):
    """The images and what is taken from them: a collection of Earth Engine, unless stac, files or tiles is given."""

    collection: str = Field(
        "", description="Earth Engine's id, for example COPERNICUS/S2_SR_HARMONIZED, or the collection of `stac`"
    )
    stac: str | None = Field(
        None, description="address of a STAC API or catalogue whose items are read and composed here"
    )
    files: str | None = Field(
        None,
        description="NetCDF, GRIB or GeoTIFF files that are read and composed here, for example era5/*.nc, or a file "
        "that lists them; relative to the YAML's folder or the project's",
    )
    tiles: str | None = Field(
        None,
        description="aligned tiles that are copied as they are, with {period} (or {year}, {month}, {day}, {doy}) where "
        "the period's date stands, for example gs://bucket/{period}/*.tif, or a file that lists them, such as "
        "lists/{period}.txt; relative to the YAML's folder or the project's",
    )
    bands: list[str] = Field(min_length=1, description="bands that the index, the composite or the output use")
    where: dict[str, Condition] = Field(
        {}, description="conditions on image properties; a property that none of the images has is an error"
    )
    scale: float = Field(1.0, description="factor from stored to physical values of the source's bands")
    offset: float = Field(0.0, description="added after scale")
    nodata: float | None = Field(
        None,
        description="stored number of pixels without a value, where neither the archive nor its files say one; if "
        "absent that of an output that stores the same numbers",
    )
    native_resolution: float | None = Field(
        None, gt=0, description="metres a pixel at which masks apply; asked from the collection if absent"
    )

    @model_validator(mode="after")
    def _bands_once(self) -> Self:
        if repeated := _repeated(self.bands):
            raise ValueError(f"expected each band once, got {', '.join(repeated)} more than once")
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in ("stac", "files", "tiles") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"expected one of stac, files, tiles, got {' and '.join(given)}; keep one")
        if self.place in ("earth_engine", "stac") and not self.collection:
            raise ValueError(
                "expected `collection`, for example COPERNICUS/S2_SR_HARMONIZED of Earth Engine or sentinel-2-l2a of "
                "`stac`, got none"
            )
        if self.place in ("earth_engine", "tiles") and self.nodata is not None:
            raise ValueError(
                "nodata: expected it beside stac or files, whose pixels are read here, got neither; remove it: Earth "
                "Engine masks such pixels, and tiles are copied as they are"
            )
        if self.place in ("files", "tiles"):
            self._check_alone(given[0])
        return self

    def _check_alone(self, place: str) -> None:
        """Files have no collection, no properties, and say themselves what numbers mean."""
        said = self.model_fields_set & {"collection", "where", "native_resolution"}
        if said:
            raise ValueError(f"expected no {' or '.join(sorted(said))} beside `{place}`; remove it")

    @property
    def place(self) -> Place:
        """Where the images are."""
        if self.stac is not None:
            return "stac"
        if self.files is not None:
            return "files"
        return "earth_engine" if self.tiles is None else "tiles"


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


def _repeated(values: Sequence[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})
