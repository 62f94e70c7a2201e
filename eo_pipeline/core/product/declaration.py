"""A whole product, and whether its parts fit together. What does not belong here: rules within one part."""

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.formulas import parse_formula
from eo_pipeline.core.mosaics.options import check_options
from eo_pipeline.core.product.area import AreaGrid
from eo_pipeline.core.product.budget import Budget
from eo_pipeline.core.product.chips import Chips
from eo_pipeline.core.product.composite import Composite, check_composite
from eo_pipeline.core.product.made_here import OF_EARTH_ENGINE, check_made_here, check_of_mosaics, counted_here
from eo_pipeline.core.product.mask import Mask, check_linked
from eo_pipeline.core.product.mosaic import Mosaic
from eo_pipeline.core.product.periods import Periods
from eo_pipeline.core.product.pieces import check_alone, check_chips, check_left_alone, check_series
from eo_pipeline.core.product.points import Points
from eo_pipeline.core.product.results import Cube, Export, OutputBand
from eo_pipeline.core.product.section import SHARD, Section
from eo_pipeline.core.product.series import Series
from eo_pipeline.core.product.source import Index, Place, Source
from eo_pipeline.core.product.table import Table
from eo_pipeline.core.product.zones import ZoneTable
from eo_pipeline.errors import EoPipelineError, ProductError

DEFAULT_FILE_DIMENSIONS = 12800
"""Pixels a side of one exported file: 5 x 2560, and a multiple of Earth Engine's 256-pixel shards."""

_MAX_FILE_BYTES = 2**31


class ProductDeclaration(Section):
    """Everything a person declares about a product, except its name."""

    description: str = Field("", description="for people; kept with the definition")
    owners: list[str] = Field([], description="people as e-mail addresses, teams as team:name")
    source: Source | None = Field(None, description="where images come from; needed unless there is a recipe")
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
    table: Table | None = Field(None, description="rows computed inside Earth Engine, in place of pixels")
    mosaic: Mosaic = Field(Mosaic(), description="how tiles become a mosaic")
    zones: ZoneTable | None = Field(None, description="polygons that are measured; no table if absent")
    cube: Cube | None = Field(None, description="the Zarr cube; none if absent")
    chips: Chips | None = Field(None, description="small images around sampled places, in place of tiles")
    series: Series | None = Field(None, description="statistics of regions over time, in place of tiles")
    points: Points | None = Field(None, description="band values at many points, in place of tiles")
    export: Export = Field(Export(), description="how Earth Engine writes the tiles")
    budget: Budget = Field(Budget(), description="what the product may compute a month")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.table is not None:
            _check_table(self)
            return self
        for check in (
            _check_place,
            _check_recipe,
            _check_formulas,
            _check_composite,
            _check_output,
            _check_mosaic,
            _check_zones,
            _check_cube,
            _check_asset,
            _check_pieces,
        ):
            check(self)
        return self

    @property
    def pieces(self) -> Literal["chips", "series", "points", "zones"] | None:
        """What is asked for piece by piece, in place of tiles; None of other products.

        Zones that are measured inside Earth Engine need no tiles, unless something else of the product does.
        """
        if self.chips is not None:
            return "chips"
        if self.series is not None:
            return "series"
        if self.points is not None:
            return "points"
        there = self.zones is not None and self.zones.where == "earth_engine"
        return "zones" if there and _made_of_tiles(self) == ["zones"] else None

    @property
    def made_here(self) -> bool:
        """True if pixels are read and composed here, and nothing is exported."""
        return self.place != "earth_engine"

    @property
    def place(self) -> Place:
        """Where its images are; a person's own recipe finds them in Earth Engine."""
        return "earth_engine" if self.source is None else self.source.place

    @property
    def value_names(self) -> list[str]:
        """Names of the exported bands that hold values, in file order."""
        if self.output:
            return list(self.output)
        return list(self.index) or (self.source.bands if self.source else [])

    @property
    def bands(self) -> list[BandEncoding]:
        """Every band in file order: values, then counts; none of a table.

        Of what Earth Engine exports in one common dtype and nodata; of what is made here each in its own.
        """
        if self.table is not None:
            return []
        values = [self.output.get(name, OutputBand()).encoding(name) for name in self.value_names]
        if self.made_here:
            return values + [counted_here(name) for name in self.composite.counts]
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
        return min(DEFAULT_FILE_DIMENSIONS, side // SHARD * SHARD)

    @property
    def shard(self) -> int:
        """Pixels a side of the cube's shards."""
        if self.cube is not None and self.cube.shard is not None:
            return self.cube.shard
        return self.area.tile if self.area.box is None and self.area.tile < 2560 else 2560


_PIECES = ("chips", "series", "points")

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


def _check_table(declaration: ProductDeclaration) -> None:
    of_pixels = ("source", "recipe", "mask", "index", "composite", "output", "mosaic", "zones", "cube", *_PIECES)
    if beside := [name for name in of_pixels if name in declaration.model_fields_set and getattr(declaration, name)]:
        raise ValueError(
            f"table: expected no {', '.join(beside)} beside it, since they are about pixels; its function returns the "
            "finished rows"
        )
    if declaration.period.of_images:
        raise ValueError(
            "period.every: expected a step of the calendar beside `table`, got image: the images behind a recipe of "
            "one's own are not known; write day"
        )
    if declaration.export.route == "interactive":
        raise ValueError(
            "export.route: expected batch beside `table`, got interactive; only a task can make a table, remove route"
        )


def _check_place(declaration: ProductDeclaration) -> None:
    source, cube = declaration.source, declaration.cube
    if source is None or not declaration.made_here:
        if cube is not None:
            check_of_mosaics(cube)
        if declaration.mask is not None:
            check_linked(declaration.mask)
        return
    said = {name for name in (*OF_EARTH_ENGINE, "mask", "index", "composite") if _says(declaration, name)}
    check_made_here(source, cube, declaration.zones, area=declaration.area, period=declaration.period, said=said)


def _says(declaration: ProductDeclaration, name: str) -> bool:
    """Whether a section is written and says something."""
    written = name in declaration.model_fields_set
    return written and getattr(declaration, name) != ProductDeclaration.model_fields[name].get_default()


def _check_recipe(declaration: ProductDeclaration) -> None:
    if declaration.source is None and declaration.recipe is None:
        raise ValueError(
            "expected `source` (the built-in recipe) or `recipe` (a Python function), got neither; write `table` for "
            "rows in place of pixels"
        )
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
        if declaration.made_here:
            _check_readable(name, index)


def _check_readable(name: str, index: Index) -> None:
    """What is composed here must be a formula that is known here."""
    try:
        parse_formula(index.formula)
    except ProductError as error:
        raise ValueError(f"index.{name}: {error}") from error


def _check_composite(declaration: ProductDeclaration) -> None:
    if declaration.source is not None and declaration.recipe is None:
        check_composite(declaration.composite, declaration.source, declaration.index)


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
    if not declaration.made_here and len({(e.dtype, str(e.nodata)) for e in encodings}) > 1:
        listed = ", ".join(f"{e.name}: {e.dtype} nodata {e.nodata}" for e in encodings)
        raise ValueError(f"output: expected one dtype and nodata for all bands, since one export has one; got {listed}")


def _check_mosaic(declaration: ProductDeclaration) -> None:
    if declaration.made_here:
        return
    try:
        check_options(declaration.mosaic.options, declaration.bands)
    except EoPipelineError as error:
        raise ValueError(f"mosaic: {error}") from error


def _check_zones(declaration: ProductDeclaration) -> None:
    zones = declaration.zones
    if zones is None:
        return
    made = [*declaration.value_names, *declaration.composite.counts]
    if unknown := [b for b in zones.bands or () if b not in made]:
        raise ValueError(f"zones.bands: {', '.join(unknown)} is not exported; there are {', '.join(made)}")
    _check_measured(zones, declaration)
    measured = zones.bands or declaration.value_names
    classes = [name for name in measured if declaration.output.get(name, OutputBand()).kind == "categorical"]
    if zones.classes is not None and not classes:
        raise ValueError(
            f"zones.classes: expected a categorical band among those measured, got {', '.join(measured)}; write "
            f"output.{measured[0]}.kind: categorical if it holds classes"
        )
    if zones.histogram and len(classes) == len(measured):
        raise ValueError(
            f"zones.histogram: expected a band that is not categorical among those measured, got {', '.join(measured)};"
            " write classes in its place"
        )


def _check_measured(zones: ZoneTable, declaration: ProductDeclaration) -> None:
    """Whether there is what zones are measured of."""
    made = {"mosaic": declaration.mosaic != Mosaic(), "cube": declaration.cube is not None}
    if zones.of == "tiles" and any(made.values()):
        raise ValueError(
            f"zones.of: expected mosaics beside {' and '.join(name for name, said in made.items() if said)}, got tiles;"
            " mosaics are made anyway: measure them, remove of"
        )
    if zones.of == "cube" and declaration.cube is None:
        raise ValueError("zones.of: expected `cube` beside it, got none; declare the cube, or remove of")


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


def _check_asset(declaration: ProductDeclaration) -> None:
    if declaration.export.destination != "asset":
        return
    if made_of_files := _made_of_tiles(declaration):
        raise ValueError(
            f"export.destination: expected no {' or '.join(made_of_files)} beside asset, since both are made of files; "
            "remove them or export to cloud_storage"
        )


def _check_pieces(declaration: ProductDeclaration) -> None:
    kind = declaration.pieces
    if kind is None:
        return
    pieces = [name for name in _PIECES if getattr(declaration, name) is not None]
    check_alone(kind, [*pieces, *_made_of_tiles(declaration)])
    check_left_alone(kind, declaration.export)
    if declaration.chips is not None:
        bands = [*declaration.value_names, *declaration.composite.counts]
        check_chips(declaration.chips, declaration.area, declaration.composite, declaration.recipe, bands)
    if declaration.series is not None:
        check_series(declaration.series, declaration.composite, declaration.recipe)


def _made_of_tiles(declaration: ProductDeclaration) -> list[str]:
    """Sections about what is made of tiles that say something."""
    said = {
        "mosaic": declaration.mosaic != Mosaic(),
        "zones": declaration.zones is not None,
        "cube": declaration.cube is not None,
    }
    return [name for name, is_said in said.items() if is_said]
