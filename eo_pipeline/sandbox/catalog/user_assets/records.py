"""One asset of a client as a value, and its form on disk. What does not belong here: files of pixels and features."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eo_pipeline.sandbox.catalog.catalog import AssetType
from eo_pipeline.sandbox.catalog.pyramid import Policy
from eo_pipeline.sandbox.graph.grids import Projection, Transform
from eo_pipeline.sandbox.graph.pixel_types import PixelType


@dataclass(frozen=True)
class StoredBand:
    """One band of an image asset, in a file of its own.

    Attributes:
        id: its name.
        file: name of the GeoTIFF in the asset's folder.
        pixel_type: of every pixel.
        projection: native lattice.
        dimensions: (width, height), pixels.
        pyramiding: how levels are made.
    """

    id: str
    file: str
    pixel_type: PixelType
    projection: Projection
    dimensions: tuple[int, int]
    pyramiding: Policy


@dataclass(frozen=True)
class UserAsset:
    """An asset that a client made.

    Attributes:
        id: Earth Engine asset id; one in a cloud project is `projects/P/assets/A/B`.
        type: kind of asset, in the service's words.
        version: instant of the last change, microseconds since 1970.
        folder: name of the folder that holds its files; empty for folders and collections. Copies share it.
        properties: set by the client; none begins with `system:`.
        start_ms: milliseconds since 1970, or None.
        end_ms: milliseconds since 1970, or None.
        bands: of an image, in order.
        footprint: of an image, GeoJSON in EPSG:4326, longitude first; None for other types.
        size_bytes: of its files.
        policy: its IAM policy as the client set it.
        maker: name of the operation that made it, or empty.
    """

    id: str
    type: AssetType
    version: int = 0
    folder: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)
    start_ms: int | None = None
    end_ms: int | None = None
    bands: tuple[StoredBand, ...] = ()
    footprint: Mapping[str, Any] | None = None
    size_bytes: int = 0
    policy: Mapping[str, object] = field(default_factory=dict)
    maker: str = ""

    @property
    def parent(self) -> str:
        """Id of the folder or collection it is in."""
        return self.id.rpartition("/")[0]

    @property
    def index(self) -> str:
        """Its name in its parent."""
        return self.id.rpartition("/")[2]

    def published_properties(self) -> dict[str, object]:
        """The client's properties and the system's, as expressions see them."""
        times = {"system:time_start": self.start_ms, "system:time_end": self.end_ms}
        known = {name: value for name, value in times.items() if value is not None}
        size = {"system:asset_size": self.size_bytes} if self.folder else {}
        return {"system:index": self.index, **self.properties, **known, **size, "system:version": self.version}

    def stored(self) -> dict[str, object]:
        """JSON values from which `restored` makes the same asset."""
        return dataclasses.asdict(self)


def restored(fields: Mapping[str, Any]) -> UserAsset:
    """The asset that `UserAsset.stored` wrote."""
    return UserAsset(**{**fields, "bands": tuple(_band(band) for band in fields["bands"])})


def _band(fields: Mapping[str, Any]) -> StoredBand:
    projection, width_height = fields["projection"], fields["dimensions"]
    transform: Transform = tuple(projection["transform"])
    return StoredBand(
        id=fields["id"],
        file=fields["file"],
        pixel_type=PixelType(**fields["pixel_type"]),
        projection=Projection(projection["crs"], transform),
        dimensions=(width_height[0], width_height[1]),
        pyramiding=fields["pyramiding"],
    )
