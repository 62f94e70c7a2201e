"""What one export asks of Earth Engine, as a frozen value with an identity.

The digest decides whether an export is the same as an earlier one. What does not belong here: building the
expression (`earth_engine.recipes`) and sending it (`earth_engine.operations`).
"""

import math
from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys

FORMAT_VERSION = 1
"""Raised when the meaning of a digest changes, so that nothing made under another meaning is reused."""


@dataclass(frozen=True)
class ExportTask:
    """One image export, planned.

    Attributes:
        product: the product's name.
        area_key: partition key of the area.
        period_key: partition key of the period.
        service: address of the Earth Engine service.
        project: Earth Engine project that pays.
        expression: the serialised `ee.Image`, canonical JSON text.
        inputs: fingerprint of the source images, so that late or reprocessed ones make another export.
        geobox: the pixels wanted, north up.
        band_names: of the exported file, in order.
        nodata: stored value of masked pixels (NaN allowed).
        file_dimensions: pixels a side of one file, a multiple of 256.
        bucket: Cloud Storage bucket.
        folder: in the bucket, without slashes at the ends; may be empty.
        max_pixels: refused by the service above this.
        priority: 0..9999, higher starts earlier; not part of the identity.
    """

    product: str
    area_key: str
    period_key: str
    service: str
    project: str
    expression: str
    inputs: str
    geobox: GeoBox
    band_names: tuple[str, ...]
    nodata: float
    file_dimensions: int
    bucket: str
    folder: str
    max_pixels: int
    priority: int

    @property
    def digest(self) -> str:
        """Identity of the data that this export makes and of the place it makes them in."""
        return keys.digest(
            {
                "format": FORMAT_VERSION,
                "service": self.service,
                "project": self.project,
                "product": self.product,
                "partition": [self.area_key, self.period_key],
                "expression": self.expression,
                "inputs": self.inputs,
                "grid": [str(self.geobox.crs), list(self.geobox.affine)[:6], list(self.geobox.shape)],
                "bands": list(self.band_names),
                "nodata": str(self.nodata),
                "file_dimensions": self.file_dimensions,
                "destination": [self.bucket, self.folder],
                "max_pixels": self.max_pixels,
            }
        )

    @property
    def prefix(self) -> str:
        """Object prefix of the tiles in the bucket."""
        prefix = keys.object_prefix(
            product=self.product, area_key=self.area_key, period_key=self.period_key, digest=self.digest
        )
        return f"{self.folder}/{prefix}" if self.folder else prefix

    @property
    def tile_count(self) -> int:
        """Files that the export is split into: rows x columns of `file_dimensions`."""
        height, width = self.geobox.shape
        return math.ceil(height / self.file_dimensions) * math.ceil(width / self.file_dimensions)

    def request_id(self, generation: int) -> str:
        """Identity of one attempt; generations count from 1."""
        return keys.request_id(digest=self.digest, generation=generation)

    def description(self, generation: int) -> str:
        """Text of the task list, with the request id at its end."""
        return keys.description(
            product=self.product,
            area_key=self.area_key,
            period_key=self.period_key,
            destination=f"{self.bucket}/{self.folder}",
            request_id=self.request_id(generation),
        )
