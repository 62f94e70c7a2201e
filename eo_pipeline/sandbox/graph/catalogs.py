"""What the graph asks of a catalog. What does not belong here: any catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature


class Asset(Protocol):
    """One entry of a catalog.

    Attributes:
        type: IMAGE, IMAGE_COLLECTION, TABLE or FOLDER.
        properties: of the asset itself.
        endless: True for a collection whose images go on for ever unless an end of time is given.
    """

    @property
    def type(self) -> str: ...  # noqa: D102 - described above
    @property
    def properties(self) -> Mapping[str, object]: ...  # noqa: D102 - described above
    @property
    def endless(self) -> bool: ...  # noqa: D102 - described above


class Catalog(Protocol):
    """Where images come from."""

    def asset(self, asset_id: str) -> Asset | None:
        """The entry of an id, None if there is none."""
        ...

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """Images of a collection by time, then id; time in [start_ms, end_ms), footprint intersecting the region.

        Times are milliseconds since 1970, the region is in EPSG:4326; None leaves a side open. May be infinite.
        """
        ...

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """The features of a table, each with a system:index; None if there is no such table."""
        ...

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:
        """Where (EPSG:4326) the images with these property values lie at most; None if it cannot be told."""
        ...

    def image(self, image_id: str) -> ImageRecord | None:
        """The image of an id, None if there is none."""
        ...
