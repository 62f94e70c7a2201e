"""What one partition measures: its regions, its images, and the pixels around them all; kept as plain values.

What does not belong here: outlines, which requests bring along (`outlines`), and asking for any of it (`steps`).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.requests.region_batches import Region, SourceImage
from eo_pipeline.core.zonal.shapes import Bounds


@dataclass(frozen=True)
class WorkList:
    """A partition's work.

    Attributes:
        regions: numbered from 0 in this order.
        images: by time; None if the period's composite is measured.
        geobox: holds the area and all its regions, which may reach beyond it.
    """

    regions: tuple[Region, ...]
    images: tuple[SourceImage, ...] | None
    geobox: GeoBox

    @property
    def pairs(self) -> int:
        """Rows that there are at most."""
        return len(self.regions) * (1 if self.images is None else len(self.images))

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON holds it; `work_list` reads it."""
        return {
            "regions": [asdict(region) for region in self.regions],
            "images": None if self.images is None else [asdict(image) for image in self.images],
            "grid": [str(self.geobox.crs), list(self.geobox.affine)[:6], [int(side) for side in self.geobox.shape]],
        }


def work_list(plain: dict[str, Any]) -> WorkList:
    """The work list of `WorkList.plain`."""
    crs, affine, (height, width) = plain["grid"]
    images = plain["images"]
    return WorkList(
        tuple(Region(**{**region, "names": tuple(region["names"])}) for region in plain["regions"]),
        None if images is None else tuple(SourceImage(**image) for image in images),
        GeoBox((height, width), Affine(*affine), crs),
    )


def around(geobox: GeoBox, lattice: Lattice, bounds: Iterable[Bounds]) -> GeoBox:
    """The pixels of an area and of what reaches beyond it, all in the lattice's CRS."""
    box = geobox.boundingbox
    every = [(box.left, box.bottom, box.right, box.top), *bounds]
    lefts, bottoms, rights, tops = zip(*every, strict=True)
    return lattice.covering((min(lefts), min(bottoms), max(rights), max(tops)))
