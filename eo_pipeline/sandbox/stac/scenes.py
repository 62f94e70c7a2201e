"""What the API asks of a collection and of its scenes. What does not belong here: any collection."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord

Order = tuple[int, str, str]
"""Time in milliseconds since 1970, name and collection: sorts scenes, and no two have the same."""


@dataclass(frozen=True)
class BandFile:
    """One band of a scene as a file.

    Attributes:
        path: folder and name below the address of files, unique.
        source: the band.
        nodata: value of pixels without data; NaN for floats.
        added: what stored pixels have over the source's; 0 for floats.
    """

    path: str
    source: BandSource
    nodata: float
    added: int = 0


class Scene(Protocol):
    """An image as an item."""

    @property
    def collection(self) -> str: ...  # noqa: D102 - id of its collection
    @property
    def record(self) -> ImageRecord: ...  # noqa: D102 - the image
    @property
    def id(self) -> str: ...  # noqa: D102 - the item's id, unique in its collection
    @property
    def time_ms(self) -> int: ...  # noqa: D102 - sensed, milliseconds since 1970
    @property
    def order(self) -> Order: ...  # noqa: D102 - its place among all scenes
    @property
    def folder(self) -> str: ...  # noqa: D102 - of its files, below the address of files

    def properties(self) -> Mapping[str, object]:
        """The item's properties; costly ones are found out only when one of them is asked for."""
        ...

    def assets(self, address: str) -> dict[str, dict[str, object]]:
        """The item's assets by key; its files are in the folder at an address."""
        ...

    def file(self, name: str) -> BandFile | None:
        """The file of a name without its ending, for example B04; None if there is none."""
        ...


@dataclass(frozen=True)
class About:
    """What a collection says of itself.

    Attributes:
        id: its id.
        title: of one line.
        description: of a few.
        extensions: names and versions of the extensions of its items, for example eo/v1.1.0.
        start_ms: the time of its first scene or earlier, milliseconds since 1970; None if not known.
        is_endless: whether scenes go on for ever.
    """

    id: str
    title: str
    description: str
    extensions: tuple[str, ...]
    start_ms: int | None
    is_endless: bool


class Collection(Protocol):
    """Finds the scenes of one collection."""

    @property
    def about(self) -> About: ...  # noqa: D102 - what it says of itself

    def newest(self, start_ms: int, end_ms: int, region: BaseGeometry | None) -> Iterator[Scene]:
        """Scenes sensed in [start_ms, end_ms) whose footprint meets a region of EPSG:4326, lazily, by falling order."""
        ...

    def find(self, item: str) -> Scene | None:
        """The scene of an item's id, or None."""
        ...


def schemas(extensions: tuple[str, ...]) -> list[str]:
    """Addresses of the schemas of extensions."""
    return [f"https://stac-extensions.github.io/{name}/schema.json" for name in extensions]
