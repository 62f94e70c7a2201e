"""What a product is: the declaration a person writes in YAML, checked and frozen.

The field names are the YAML's. What does not belong here: reading files the declaration names, asking Earth Engine
whether a collection or band exists, and Dagster.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.period_rules import CalendarRule, DaysRule, parse_period_rule
from eo_pipeline.core.periods import Period, parse_duration
from eo_pipeline.core.zones import check_statistics
from eo_pipeline.errors import EoPipelineError

DEFAULT_FILE_DIMENSIONS = 12800
"""Pixels a side of one exported file: 5 x 2560, and a multiple of Earth Engine's 256-pixel shards."""

_SHARD = 256
_MAX_FILE_BYTES = 2**31
_IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*\()")


class Section(BaseModel):
    """A part of the declaration: unknown fields are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _text(value: object) -> object:
    return str(value) if isinstance(value, date | int) else value


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except EoPipelineError as error:
        raise ValueError(str(error)) from error
    return text


Start = Annotated[str, BeforeValidator(_text)]
Duration = Annotated[str, AfterValidator(_duration)]
Scalar = str | float | int | bool


def _numbers(count: int) -> WithJsonSchema:
    """Dagster's sample YAML knows arrays by `items` only, not the `prefixItems` of a tuple."""
    return WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count})


Point = Annotated[tuple[float, float], _numbers(2)]
Bounds = Annotated[tuple[float, float, float, float], _numbers(4)]


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
    band: str | None = Field(None, description="any other class band, together with exclude or include")
    exclude: list[int] | None = Field(None, description="classes of `band` to mask")
    include: list[int] | None = Field(None, description="the only classes of `band` to keep")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.scl_exclude, self.scl_include, self.qa_pixel, self.cloud_score_plus, self.band]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("expected exactly one of scl_exclude, scl_include, qa_pixel, cloud_score_plus, band")
        if (self.band is not None) != ((self.exclude is not None) != (self.include is not None)):
            raise ValueError("expected `band` together with exactly one of exclude, include")
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


class Periods(Section):
    """The product's time steps, in UTC, half-open."""

    every: str = Field(description="day, month, year, '<n> days' (restarting each 1 January) or image")
    start: Start = Field(description="first period, for example 2019-01 or 2019-01-01")
    end: Start | None = Field(None, description="no period starts at or after this date")
    available_after: Duration = Field("0d", description="wait this long after a period's end before exporting it")
    recheck_for: Duration = Field("0d", description="look for late or reprocessed images this long after the end")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            _ = self.rule
        except EoPipelineError as error:
            raise ValueError(f"every: {error}") from error
        starts_at, ends_at = self.starts_at, self.ends_at
        if ends_at is not None and ends_at <= starts_at:
            raise ValueError(f"expected an end after the start {self.start}, got {self.end}")
        return self

    @property
    def of_images(self) -> bool:
        """True if the source's own image dates are the periods: one day each, listed by asking the service."""
        return self.every == "image"

    @property
    def rule(self) -> CalendarRule | DaysRule:
        """How time is cut; the days of the source's images are a choice among all days."""
        return parse_period_rule("day" if self.of_images else self.every)

    @property
    def starts_at(self) -> datetime:
        """First instant, UTC."""
        return _instant("start", self.start)

    @property
    def ends_at(self) -> datetime | None:
        """First instant after the last period, UTC, or None if the product goes on."""
        return None if self.end is None else _instant("end", self.end)

    def until(self, now: datetime) -> tuple[Period, ...]:
        """Every period of the rule that has ended by `now`, in order."""
        limit = now if self.ends_at is None else min(now, self.ends_at)
        return tuple(p for p in self.rule.periods(self.starts_at, limit) if p.end <= now)


def _instant(field: str, text: str) -> datetime:
    padded = text + "0001-01-01"[len(text) :] if len(text) in (4, 7) else text
    try:
        day = date.fromisoformat(padded)
    except ValueError as error:
        raise ValueError(f"{field}: expected a date such as 2019, 2019-01 or 2019-01-01, got {text!r}") from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


class AreaGrid(Section):
    """The spatial unit of export and partition; exactly one of cover, features, box."""

    cover: str | None = Field(None, description="file of polygons: areas are the grid cells that they touch")
    features: str | None = Field(None, description="file of polygons: each feature's window is an area")
    box: Bounds | None = Field(
        None,
        description="left, bottom, right, top in CRS units: one area; right may exceed 180 at the antimeridian",
    )
    id: str | None = Field(None, description="column that names the features; needed with features")
    crs: str = Field(description="of grid, areas and results, for example EPSG:32633")
    resolution: float = Field(gt=0, description="CRS units a pixel")
    origin: Point = Field((0.0, 0.0), description="a corner of pixels and cells, CRS units")
    tile: int = Field(2560, gt=0, description="pixels a side of a grid cell")
    bounds: Bounds | None = Field(
        None,
        description="left, bottom, right, top of the cube in CRS units; fixed, so that areas can be added later",
    )
    buffer: float = Field(0.0, ge=0, description="CRS units added around each feature")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(kind is not None for kind in (self.cover, self.features, self.box)) != 1:
            raise ValueError("expected exactly one of cover, features, box")
        if self.features is not None and self.id is None:
            raise ValueError("expected `id`, the column that names the features, beside `features`")
        for field in ("box", "bounds"):
            _check_bounds(field, getattr(self, field))
        return self

    @property
    def lattice(self) -> Lattice:
        """The product's pixel lattice."""
        return Lattice(self.crs, self.resolution, self.origin[0], self.origin[1])

    @property
    def file(self) -> str | None:
        """The file that areas come from, if any."""
        return self.cover or self.features


def _check_bounds(field: str, bounds: Sequence[float] | None) -> None:
    if bounds is None:
        return
    left, bottom, right, top = bounds
    if not (left < right and bottom < top):
        raise ValueError(
            f"expected {field} as left < right and bottom < top, got {list(bounds)}; "
            "across the antimeridian write right = 360 + its longitude"
        )


class OutputBand(Section):
    """How one band is stored: physical = stored * scale + offset."""

    dtype: Literal["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] = Field(
        "float32", description="stored type; all bands of a product share it"
    )
    scale: float = Field(1.0, description="physical units per stored unit, not 0")
    offset: float = Field(0.0, description="physical value of a stored 0")
    nodata: float | int | None = Field(None, description="stored value of unusable pixels; NaN if absent for floats")
    units: str = Field("", description="of physical values, kept in tables and cube, for example K")
    description: str = Field("", description="one sentence, kept in tables and cube")
    kind: Literal["continuous", "categorical"] = Field(
        "continuous", description="continuous values are averaged in overviews and coarser products, classes never"
    )

    def encoding(self, name: str) -> BandEncoding:
        """The band's encoding under its name; validates dtype, scale and nodata together."""
        nodata = math.nan if self.nodata is None and self.dtype.startswith("float") else self.nodata
        if nodata is None:
            raise ValueError(
                f"output.{name}: expected `nodata` for the integer dtype {self.dtype}, got none; "
                f"masked pixels would become 0, for example write nodata: {_suggested_nodata(self.dtype)}"
            )
        try:
            return BandEncoding(
                name, self.dtype, self.scale, self.offset, nodata, self.units, self.description, self.kind
            )
        except EoPipelineError as error:
            raise ValueError(f"output.{name}: {error}") from error


def _suggested_nodata(dtype: str) -> int:
    limits = np.iinfo(dtype)
    return int(limits.max) if limits.min == 0 else int(limits.min)


class ZoneTable(Section):
    """The polygons that are measured; they may cross areas."""

    file: str = Field(description="polygons in any CRS, relative to the YAML's folder or the project's")
    id: str = Field(description="column that names the zones; unique, never null")
    statistics: list[str] = Field(["mean", "count"], min_length=1, description="see the table of statistics")
    bands: list[str] | None = Field(None, description="measured bands; the output's bands if absent, without counts")
    all_touched: bool = Field(False, description="count every touched pixel, not only those whose centre is inside")

    @model_validator(mode="after")
    def _known_statistics(self) -> Self:
        try:
            check_statistics(self.statistics)
        except EoPipelineError as error:
            raise ValueError(str(error)) from error
        return self


class Cube(Section):
    """The Icechunk repository that the product grows."""

    repository: str = Field(description="path below the data root, or s3:// or gs:// address")
    chunk: int = Field(256, gt=0, description="pixels a side of a Zarr chunk")
    shard: int | None = Field(
        None, gt=0, description="pixels a side of a Zarr shard; the area's tile or 2560 if absent"
    )


class Export(Section):
    """How Earth Engine writes the product."""

    bucket: str | None = Field(None, description="Cloud Storage bucket; EO_BUCKET if absent")
    prefix: str = Field("", description="folder in the bucket, without leading or trailing slash")
    priority: int = Field(100, ge=0, le=9999, description="of the task, 0 to 9999; higher starts earlier")
    file_dimensions: int | None = Field(
        None, gt=0, multiple_of=_SHARD, description="pixels a side of one exported file, a multiple of 256"
    )
    max_pixels: int = Field(10**12, gt=0, description="Earth Engine refuses an export of more pixels")
    keep: Literal["until_mosaic", "always"] = Field("until_mosaic", description="how long local tiles are kept")
    delete_remote: bool = Field(False, description="delete the bucket's objects once their tiles are verified")


class ProductDeclaration(Section):
    """Everything a person declares about a product, except its name."""

    description: str = Field("", description="for people; kept with the definition")
    owners: list[str] = Field([], description="people as e-mail addresses, teams as team:name")
    source: Source | None = Field(None, description="the collection; needed unless there is a recipe")
    recipe: str | None = Field(
        None, description="Python function (area, period) -> ee.Image as package.module.function"
    )
    mask: Mask | None = Field(None, description="which pixels are unusable; none are if absent")
    index: dict[str, Index] = Field({}, description="computed bands by name")
    composite: Composite = Field(Composite(), description="how the images of a period become one")
    period: Periods = Field(description="the time steps")
    area: AreaGrid = Field(description="grid, and the areas that are exported")
    output: dict[str, OutputBand] = Field(
        {}, description="exported bands and how each is stored; all indices, or else all source bands, if absent"
    )
    zones: ZoneTable | None = Field(None, description="polygons that are measured; no table if absent")
    cube: Cube | None = Field(None, description="the Zarr cube; none if absent")
    export: Export = Field(Export(), description="how Earth Engine writes the tiles")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        for check in (_check_recipe, _check_formulas, _check_output, _check_zones, _check_cube):
            check(self)
        return self

    @property
    def value_names(self) -> list[str]:
        """Names of the exported bands that hold values, in file order."""
        if self.output:
            return list(self.output)
        return list(self.index) or (self.source.bands if self.source else [])

    @property
    def bands(self) -> list[BandEncoding]:
        """Every exported band in file order: values, then counts, in one common dtype and nodata."""
        values = [self.output.get(name, OutputBand()).encoding(name) for name in self.value_names]
        common = values[0]
        counts = [
            BandEncoding(n, common.dtype, 1.0, 0.0, common.nodata, "1", _COUNT_MEANINGS[n], "count")
            for n in self.composite.counts
        ]
        return values + counts

    @property
    def file_dimensions(self) -> int:
        """Pixels a side of one exported file: declared, or 12,800 reduced until a file is below 2 GiB uncompressed."""
        if self.export.file_dimensions is not None:
            return self.export.file_dimensions
        bands = self.bands
        side = math.isqrt(_MAX_FILE_BYTES // (len(bands) * np.dtype(bands[0].dtype).itemsize))
        return min(DEFAULT_FILE_DIMENSIONS, side // _SHARD * _SHARD)

    @property
    def shard(self) -> int:
        """Pixels a side of the cube's shards."""
        if self.cube is not None and self.cube.shard is not None:
            return self.cube.shard
        return self.area.tile if self.area.box is None and self.area.tile < 2560 else 2560


_COUNT_MEANINGS = {
    "n_obs": "images of the period that saw the pixel",
    "n_valid": "images of the period that saw the pixel usable after masking",
}


class Product(ProductDeclaration):
    """A named product."""

    name: str

    @model_validator(mode="after")
    def _name_fits(self) -> Self:
        if not keys.is_product_name(self.name):
            raise ValueError(
                "expected a product name of lower-case letters, digits and underscores that starts with a letter "
                f"and has at most 63 characters, got {self.name!r}"
            )
        return self


def _check_recipe(declaration: ProductDeclaration) -> None:
    if declaration.source is None and declaration.recipe is None:
        raise ValueError("expected `source` (the built-in recipe) or `recipe` (a Python function), got neither")
    if declaration.recipe is not None and (declaration.mask or declaration.index):
        raise ValueError("expected no `mask` or `index` beside `recipe`: the function returns the finished image")
    if declaration.recipe is not None and not declaration.output:
        raise ValueError("expected `output` beside `recipe`: it names the bands of the image that the function returns")


def _check_formulas(declaration: ProductDeclaration) -> None:
    known = declaration.source.bands if declaration.source else []
    for name, index in declaration.index.items():
        if unknown := [n for n in index.names if n not in known]:
            raise ValueError(
                f"index.{name}: the formula {index.formula!r} uses {', '.join(unknown)}; "
                f"expected only bands of source.bands ({', '.join(known)}); add it there or correct the formula"
            )
        if not index.names:
            raise ValueError(f"index.{name}: expected a formula over bands, got {index.formula!r}")


def _check_output(declaration: ProductDeclaration) -> None:
    if declaration.recipe is None and declaration.source is not None:
        made = [*declaration.index, *declaration.source.bands]
        if unknown := [name for name in declaration.output if name not in made]:
            raise ValueError(
                f"output: {', '.join(unknown)} is neither an index nor a band; there are {', '.join(made)}"
            )
    if both := set(declaration.value_names) & set(declaration.composite.counts):
        raise ValueError(f"output: {', '.join(sorted(both))} is the name of a count; rename the band")
    encodings = [declaration.output.get(n, OutputBand()).encoding(n) for n in declaration.value_names]
    if len({(e.dtype, str(e.nodata)) for e in encodings}) > 1:
        listed = ", ".join(f"{e.name}: {e.dtype} nodata {e.nodata}" for e in encodings)
        raise ValueError(f"output: expected one dtype and nodata for all bands, since one export has one; got {listed}")


def _check_zones(declaration: ProductDeclaration) -> None:
    zones = declaration.zones
    if zones is None or zones.bands is None:
        return
    made = [*declaration.value_names, *declaration.composite.counts]
    if unknown := [b for b in zones.bands if b not in made]:
        raise ValueError(f"zones.bands: {', '.join(unknown)} is not exported; there are {', '.join(made)}")


def _check_cube(declaration: ProductDeclaration) -> None:
    if declaration.cube is None:
        return
    area, shard = declaration.area, declaration.shard
    if area.features is not None:
        raise ValueError(
            "cube: expected area.cover or area.box, whose areas lie on the cube's shards; got area.features"
        )
    if area.cover is not None and area.tile % shard:
        raise ValueError(f"cube.shard: expected a divisor of area.tile ({area.tile}), got {shard}")
    if shard % declaration.cube.chunk:
        raise ValueError(f"cube.chunk: expected a divisor of the shard ({shard}), got {declaration.cube.chunk}")


def _repeated(values: Sequence[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})
