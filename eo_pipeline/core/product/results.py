"""What a product leaves behind: bands, cube, files. What does not belong here: writing them, and zones (`zones`)."""

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.product.section import SHARD, Range, Section
from eo_pipeline.errors import EoPipelineError


class OutputBand(Section):
    """How one band is stored: physical = stored * scale + offset."""

    dtype: Literal["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] = Field(
        "float32", description="stored type; all bands of a product share it"
    )
    scale: float = Field(1.0, description="physical units per stored unit, not 0")
    offset: float = Field(0.0, description="physical value of a stored 0")
    nodata: float | int | None = Field(None, description="stored value of unusable pixels; NaN if absent for floats")
    units: str = Field("", description="of physical values, kept in tables and cube, for example K")
    description: str = Field("", description="one sentence, kept in tables and cube")
    kind: Literal["continuous", "categorical"] = Field(
        "continuous", description="continuous values are averaged in overviews and coarser products, classes never"
    )
    valid_range: Range | None = Field(
        None, description="least and largest stored number of a usable pixel; a cube's check names what lies outside"
    )

    def encoding(self, name: str) -> BandEncoding:
        """The band's encoding under its name; validates dtype, scale and nodata together."""
        nodata = math.nan if self.nodata is None and self.dtype.startswith("float") else self.nodata
        if nodata is None:
            raise ValueError(
                f"output.{name}: expected `nodata` for the integer dtype {self.dtype}, got none; "
                f"masked pixels would become 0, for example write nodata: {_suggested_nodata(self.dtype)}"
            )
        try:
            return BandEncoding(
                name,
                self.dtype,
                self.scale,
                self.offset,
                nodata,
                self.units,
                self.description,
                self.kind,
                self.valid_range,
            )
        except EoPipelineError as error:
            raise ValueError(f"output.{name}: {error}") from error


def _suggested_nodata(dtype: str) -> int:
    limits = np.iinfo(dtype)
    return int(limits.max) if limits.min == 0 else int(limits.min)


class Cube(Section):
    """The Icechunk repository, or plain Zarr, that the product grows."""

    repository: str = Field(description="path below the data root, or s3:// or gs:// address")
    store: StoreKind = Field(
        "icechunk",
        description="icechunk has transactions and versions; zarr is plain Zarr 3, which every reader of Zarr reads, "
        "and which has neither",
    )
    chunk: int = Field(256, gt=0, description="pixels a side of a Zarr chunk")
    shard: int | None = Field(
        None, gt=0, description="pixels a side of a Zarr shard; the area's tile or 2560 if absent"
    )
    land: str | None = Field(
        None,
        description="shards without land are skipped, where pixels are composed here: packaged for coarse land that "
        "comes with the project, or a file of polygons; EO_LAND takes packaged's place",
    )
    interest: str | None = Field(
        None, description="file of polygons: shards outside are skipped, where pixels are composed here"
    )
    engine: str | None = Field(
        None,
        description="what composes pixels here: processes:4, dask:tcp://HOST:8786, lithops or lithops:FILE; EO_ENGINE "
        "if absent",
    )

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            return EngineChoice.from_text(text, field="engine").text
        except EoPipelineError as error:
            raise ValueError(str(error)) from error


class Export(Section):
    """How Earth Engine writes the product."""

    destination: Literal["cloud_storage", "drive", "asset"] = Field(
        "cloud_storage",
        description="a bucket, a person's Google Drive, or Earth Engine assets, which stay there",
    )
    route: Literal["auto", "batch", "interactive"] = Field(
        "batch",
        description="tasks of the queue, requests that are answered at once, or whichever suits each area's size",
    )
    bucket: str | None = Field(None, description="Cloud Storage bucket; EO_BUCKET if absent")
    prefix: str = Field("", description="folder in the bucket, without leading or trailing slash")
    drive_folder: str | None = Field(None, description="name of the folder in Drive; the product's name if absent")
    asset_parent: str | None = Field(
        None, description="folder of Earth Engine assets; projects/EO_PROJECT/assets if absent"
    )
    priority: int = Field(100, ge=0, le=9999, description="of the task, 0 to 9999; above 100 is urgent")
    file_dimensions: int | None = Field(
        None, gt=0, multiple_of=SHARD, description="pixels a side of one exported file, a multiple of 256"
    )
    max_pixels: int = Field(10**12, gt=0, description="Earth Engine refuses an export of more pixels")
    keep: Literal["until_mosaic", "always"] = Field("until_mosaic", description="how long local tiles are kept")
    delete_remote: bool = Field(
        False,
        description="delete exported files once they are verified and recorded, and assets once newer ones are",
    )

    @model_validator(mode="after")
    def _route_fits(self) -> Self:
        if self.route == "interactive" and self.destination != "cloud_storage":
            raise ValueError(
                f"expected route batch or auto beside destination {self.destination}, got interactive; only a task "
                "can write there"
            )
        return self
