"""What one export asks of Earth Engine, as a frozen value with an identity.

The digest decides whether an export is the same as an earlier one. What does not belong here: building the
expression (`earth_engine.recipes`), sending it (`earth_engine.operations`), and smaller exports of the same pixels
(`splitting`).
"""

import math
from dataclasses import dataclass
from typing import Any

from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys

FORMAT_VERSION = 1
"""Raised when the meaning of a digest changes, so that nothing made under another meaning is reused."""


@dataclass(frozen=True)
class CloudStorage:
    """A folder of a Cloud Storage bucket.

    Attributes:
        bucket: without gs://.
        folder: in the bucket, without slashes at the ends; may be empty.
    """

    bucket: str
    folder: str = ""

    @property
    def identity(self) -> list[str]:
        """As part of a digest."""
        return [self.bucket, self.folder]

    @property
    def address(self) -> str:
        """For the ledger and for people."""
        return f"gs://{self.bucket}"


@dataclass(frozen=True)
class Drive:
    """A folder of a person's Google Drive.

    Attributes:
        folder: name of a folder; Earth Engine makes it if there is none.
    """

    folder: str

    @property
    def identity(self) -> list[str]:
        """As part of a digest."""
        return ["drive", self.folder]

    @property
    def address(self) -> str:
        """For the ledger and for people."""
        return f"drive://{self.folder}"


@dataclass(frozen=True)
class EarthEngineAsset:
    """A folder or image collection of Earth Engine assets.

    Attributes:
        parent: `projects/P/assets/FOLDER`.
    """

    parent: str

    @property
    def identity(self) -> list[str]:
        """As part of a digest."""
        return ["asset", self.parent]

    @property
    def address(self) -> str:
        """For the ledger and for people."""
        return f"ee://{self.parent}"


Destination = CloudStorage | Drive | EarthEngineAsset


def tile_count(geobox: GeoBox, file_dimensions: int) -> int:
    """Files that pixels are split into: rows x columns of `file_dimensions`."""
    height, width = geobox.shape
    return math.ceil(height / file_dimensions) * math.ceil(width / file_dimensions)


@dataclass(frozen=True)
class ImageContent:
    """Pixels.

    Attributes:
        geobox: the pixels wanted, north up.
        band_names: of the exported file, in order.
        nodata: stored value of masked pixels (NaN allowed).
        file_dimensions: pixels a side of one file, a multiple of 256.
        max_pixels: refused by the service above this.
    """

    geobox: GeoBox
    band_names: tuple[str, ...]
    nodata: float
    file_dimensions: int
    max_pixels: int

    @property
    def identity(self) -> dict[str, Any]:
        """As part of a digest."""
        return {
            "grid": [str(self.geobox.crs), list(self.geobox.affine)[:6], list(self.geobox.shape)],
            "bands": list(self.band_names),
            "nodata": str(self.nodata),
            "file_dimensions": self.file_dimensions,
            "max_pixels": self.max_pixels,
        }

    @property
    def stem(self) -> str:
        """Beginning of the names of its files."""
        return "tile"

    @property
    def tile_count(self) -> int:
        """Files that the export is split into."""
        return tile_count(self.geobox, self.file_dimensions)


@dataclass(frozen=True)
class TableContent:
    """Rows.

    Attributes:
        columns: exported properties, in order; all if empty.
    """

    columns: tuple[str, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """As part of a digest."""
        return {"columns": list(self.columns)}

    @property
    def stem(self) -> str:
        """Name of its file without the ending."""
        return "table"

    @property
    def tile_count(self) -> int:
        """One file."""
        return 1


@dataclass(frozen=True)
class ExportTask:
    """One export, planned.

    Attributes:
        product: the product's name.
        area_key: partition key of the area.
        period_key: partition key of the period.
        service: address of the Earth Engine service.
        project: Earth Engine project that pays.
        expression: the serialised `ee.Image` or `ee.FeatureCollection`, canonical JSON text.
        inputs: fingerprint of the source images, so that late or reprocessed ones make another export.
        content: pixels or rows.
        destination: where the service writes.
        priority: 0..9999, higher starts earlier; not part of the identity.
        whole: digest of the export that this one is a piece of; empty if it is none.
    """

    product: str
    area_key: str
    period_key: str
    service: str
    project: str
    expression: str
    inputs: str
    content: ImageContent | TableContent
    destination: Destination
    priority: int
    whole: str = ""

    @property
    def digest(self) -> str:
        """Identity of the data that this export makes and of the place it makes them in."""
        piece = {"whole": self.whole} if self.whole else {}
        return keys.digest(
            {
                "format": FORMAT_VERSION,
                "service": self.service,
                "project": self.project,
                "product": self.product,
                "partition": [self.area_key, self.period_key],
                "expression": self.expression,
                "inputs": self.inputs,
                "destination": self.destination.identity,
                **self.content.identity,
                **piece,
            }
        )

    @property
    def prefix(self) -> str:
        """Prefix of the objects in the bucket or the Drive folder; the asset's name of an Earth Engine asset."""
        named = {"product": self.product, "area_key": self.area_key, "period_key": self.period_key}
        match self.destination:
            case CloudStorage(folder=folder):
                prefix = keys.object_prefix(**named, digest=self.digest, whole=self.whole, stem=self.content.stem)
                return f"{folder}/{prefix}" if folder else prefix
            case Drive():
                return keys.drive_prefix(**named, digest=self.digest)
            case EarthEngineAsset(parent=parent):
                return keys.asset_id(parent, **named, digest=self.digest)

    @property
    def tile_count(self) -> int:
        """Files that the export is split into; 1 for an asset."""
        return 1 if isinstance(self.destination, EarthEngineAsset) else self.content.tile_count

    def request_id(self, generation: int) -> str:
        """Identity of one attempt; generations count from 1."""
        return keys.request_id(digest=self.digest, generation=generation)

    def description(self, generation: int) -> str:
        """Text of the task list, with the request id at its end."""
        return keys.description(
            product=self.product,
            area_key=self.area_key,
            period_key=self.period_key,
            destination="/".join(self.destination.identity),
            request_id=self.request_id(generation),
        )
