"""The grid of a product and the areas that are exported. What does not belong here: reading files."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.product.section import Bounds, Point, Section


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
