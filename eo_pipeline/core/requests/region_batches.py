"""How regions and images are put together into requests of a size that the service answers at once.

What does not belong here: the requests themselves (`earth_engine`), and asking (`steps.asking`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from eo_pipeline.core import keys

PAYLOAD_BYTES = 10 * 2**20
"""Bytes that the body of a request may have (payload limit of the service's API)."""

ROWS = 1000
"""Features of one page of `table:computeFeatures`, so that every request is answered by one page."""


@dataclass(frozen=True)
class Region:
    """A polygon to measure, as a request needs to know it.

    Attributes:
        row: its number in the list of its partition, from 0.
        id: as in its file or table.
        names: values of the columns that the table repeats.
        vertices: of all rings together.
        payload: bytes that it adds to the body of a request: its outline, or only its id if the service has it.
        pixels: of the product's grid, about how many its outline covers.
    """

    row: int
    id: str | int
    names: tuple[str | int | float | None, ...]
    vertices: int
    payload: int
    pixels: int


@dataclass(frozen=True)
class SourceImage:
    """An image of the source's collection.

    Attributes:
        index: its `system:index`.
        time_start: milliseconds since 1970, UTC.
    """

    index: str
    time_start: int


@dataclass(frozen=True)
class Limits:
    """What one request may ask for.

    Attributes:
        rows: regions x images, well below ROWS, so that little is asked again after a kill or a failure.
        payload: bytes of regions, well below PAYLOAD_BYTES so that the recipe has room.
        vertices: of regions, times images: an outline is laid over every image anew.
        pixels: of regions, times images: computing them takes seconds of the minutes that the service allows.
    """

    rows: int = 200
    payload: int = PAYLOAD_BYTES // 4
    vertices: int = 500_000
    pixels: int = 1_000_000


@dataclass(frozen=True)
class Batch:
    """Regions and images of one request; of a product by periods there is no image.

    Attributes:
        regions: at least one.
        images: by time; None if the period's composite is measured.
    """

    regions: tuple[Region, ...]
    images: tuple[SourceImage, ...] | None

    @property
    def rows(self) -> int:
        """How many rows are asked for at most."""
        return len(self.regions) * (1 if self.images is None else len(self.images))

    @property
    def key(self) -> str:
        """Identity of what is asked for within one partition."""
        images = None if self.images is None else [image.index for image in self.images]
        return keys.digest({"regions": [[region.row, region.id] for region in self.regions], "images": images})[:16]

    def halves(self) -> tuple["Batch", ...]:
        """The first and second half of the regions, of the images if there is one region; () if both are single."""
        if len(self.regions) > 1:
            middle = len(self.regions) // 2
            return tuple(replace(self, regions=part) for part in (self.regions[:middle], self.regions[middle:]))
        if self.images is not None and len(self.images) > 1:
            middle = len(self.images) // 2
            return tuple(replace(self, images=part) for part in (self.images[:middle], self.images[middle:]))
        return ()


def batches(
    regions: Sequence[Region], images: Sequence[SourceImage] | None, *, limits: Limits | None = None
) -> Iterator[Batch]:
    """Requests that together ask for every region and image once, neighbours in the list together.

    As many regions as possible share a request, then as many images: what the service reads of an image serves all its
    regions.

    Args:
        regions: in the order of their list; none gives no batch.
        images: by time; None if the period's composite is measured; none gives no batch.
        limits: of one request; a region that alone is above them is asked for alone.
    """
    limit = limits or Limits()
    for group in _region_groups(regions, limit):
        if images is None:
            yield Batch(group, None)
            continue
        many = _images_at_once(group, limit)
        for first in range(0, len(images), many):
            yield Batch(group, tuple(images[first : first + many]))


def _region_groups(regions: Sequence[Region], limit: Limits) -> Iterator[tuple[Region, ...]]:
    group: list[Region] = []
    filled = Limits(0, 0, 0, 0)
    for region in regions:
        more = _with(filled, region)
        if group and not _fits(more, limit):
            yield tuple(group)
            group, more = [], _with(Limits(0, 0, 0, 0), region)
        group.append(region)
        filled = more
    if group:
        yield tuple(group)


def _with(filled: Limits, region: Region) -> Limits:
    return Limits(
        filled.rows + 1,
        filled.payload + region.payload,
        filled.vertices + region.vertices,
        filled.pixels + region.pixels,
    )


def _fits(filled: Limits, limit: Limits) -> bool:
    return (
        filled.rows <= limit.rows
        and filled.payload <= limit.payload
        and filled.vertices <= limit.vertices
        and filled.pixels <= limit.pixels
    )


def _images_at_once(group: Sequence[Region], limit: Limits) -> int:
    vertices, pixels = sum(region.vertices for region in group), sum(region.pixels for region in group)
    return max(1, min(limit.rows // len(group), limit.vertices // max(1, vertices), limit.pixels // max(1, pixels)))
