"""What a catalog hands over and what the graph makes of it. What does not belong here: arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.pixels import Pixels


class BandSource(Protocol):
    """One band of one image of a catalog, read lazily from its pyramid.

    Attributes:
        pixel_type: the type of every pixel.
        projection: the native lattice (level 0); level k has the same origin and pixels 2**k larger.
        dimensions: (width, height) of level 0, or None for an unbounded source.
            Level k then holds ceil(width / 2**k) by ceil(height / 2**k) pixels.
        pyramiding: how levels were made.
    """

    @property
    def pixel_type(self) -> PixelType: ...  # noqa: D102 - described above
    @property
    def projection(self) -> Projection: ...  # noqa: D102 - described above
    @property
    def dimensions(self) -> tuple[int, int] | None: ...  # noqa: D102 - described above
    @property
    def pyramiding(self) -> Literal["mean", "sample", "mode", "min", "max", "median"]: ...  # noqa: D102 - described above

    def read(self, level: int, x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """A window of a level, starting at column x and row y of that level.

        Returns:
            Pixels (row, column) and their mask (row, column), 0..1 as float32 or bool, non-zero where valid.
        """
        ...


@dataclass(frozen=True)
class ImageRecord:
    """One image of a catalog.

    Attributes:
        id: full asset id, for example COPERNICUS/S2_SR_HARMONIZED/20190101T...
        properties: what a client sees, with system:index, system:time_start (milliseconds since 1970), system:version.
        footprint: outline in EPSG:4326, longitude before latitude.
        version: the asset's version.
        bands: sources by band name, in the image's order.
    """

    id: str
    properties: Mapping[str, object]
    footprint: BaseGeometry
    version: int
    bands: Mapping[str, BandSource]


@dataclass(frozen=True)
class Band:
    """One band of an image.

    Attributes:
        id: its name.
        pixel_type: the type of every pixel.
        projection: the default lattice, used where a request names none.
        dimensions: (width, height) on that lattice, or None if unbounded.
        pixels: how to compute it on any grid.
    """

    id: str
    pixel_type: PixelType
    projection: Projection
    dimensions: tuple[int, int] | None
    pixels: Pixels


@dataclass(frozen=True)
class Image:
    """Bands, properties and an outline; nothing is computed yet.

    Attributes:
        bands: in order; names are unique.
        properties: what a client sees.
        footprint: the outline, or None if unbounded.
        id: asset id of an unchanged catalog image, else None.
        version: the asset's version, with id.
        grid: the grid that clipToBoundsAndScale nailed down, else None.
    """

    bands: tuple[Band, ...]
    properties: Mapping[str, object] = field(default_factory=dict)
    footprint: Geometry | None = None
    id: str | None = None
    version: int | None = None
    grid: Grid | None = None

    @property
    def band_names(self) -> list[str]:
        """Names of the bands, in order."""
        return [band.id for band in self.bands]

    def with_bands(self, *bands: Band) -> Image:
        """The same image of other bands; it is no longer the catalog's, so it loses its id."""
        return replace(self, bands=bands, id=None, version=None)

    def with_properties(self, properties: Mapping[str, object]) -> Image:
        """The same image with exactly these properties."""
        return replace(self, properties=dict(properties))
