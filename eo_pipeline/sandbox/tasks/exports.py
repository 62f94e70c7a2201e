"""The work of an image export to files: evaluate window by window, write files, hand them over.

What does not belong here: the request's form, the queue, and where files go.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.earth_engine.raster_files import (
    Layout,
    common_dtype,
    filled,
    masked_fill,
    new_geotiff,
    optimise,
)
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.export_request import ExportRequest, decode_export
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.pixel_progress import PixelProgress
from eo_pipeline.sandbox.tasks.shards import Shard, cut, default_side, windows
from eo_pipeline.sandbox.tasks.task_work import Report


@dataclass(frozen=True)
class Plan:
    """An export whose image is known: what each file holds."""

    image: Image
    request: ExportRequest
    grid: Grid
    layout: Layout
    shards: tuple[Shard, ...]


class ImageExporter:
    """Does the work of `EXPORT_IMAGE` operations.

    Args:
        engine: Evaluates the expression.
        delivery: Takes the files.
    """

    def __init__(self, *, engine: Engine, delivery: Delivery) -> None:
        self._engine = engine
        self._delivery = delivery
        self._settings = delivery.settings

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Export the image of an operation and return its destination URIs.

        Raises:
            ServiceError: What the service would end the operation with.
        """
        request = decode_export(operation.request)
        plan = self._plan(request)
        destination = self._delivery.destination(operation, request.target)
        pixels = plan.grid.width * plan.grid.height * len(plan.layout.band_ids)
        progress = PixelProgress(pixels, report, self._settings)
        with self._delivery.folder(operation) as folder:
            files = self._evaluate(plan, folder, progress)
            for name, path in files.items():
                report(progress=1.0, eecu_seconds=progress.eecu_seconds)
                self._delivery.deliver(operation, destination, name, path, "image/tiff")
        return destination.uris()

    def _plan(self, request: ExportRequest) -> Plan:
        settings = self._settings.now
        image = self._engine.image(request.expression)
        dtype = common_dtype(image)
        engine = self._engine
        grid = engine.export_grid(image) if request.grid is None else engine.request_grid(request.grid, image)
        check_pixels(grid, request.max_pixels or settings.export_max_pixels)
        fill = masked_fill(dtype, no_data=request.no_data, integer_fill=settings.integer_fill)
        layout = Layout(tuple(image.band_names), dtype, request.no_data, fill)
        width, height = self._file_size(request, layout)
        return Plan(image, request, grid, layout, tuple(cut(grid, width=width, height=height)))

    def _file_size(self, request: ExportRequest, layout: Layout) -> tuple[int, int]:
        settings = self._settings.now
        shard_size = request.shard_size or settings.export_shard_size
        if request.file_size is None:
            pixel_bytes = layout.dtype.itemsize * len(layout.band_ids)
            side = default_side(file_bytes=settings.export_file_bytes, pixel_bytes=pixel_bytes, shard_size=shard_size)
            return side, side
        width, height = request.file_size
        if width % shard_size or height % shard_size:
            raise ServiceError(f"fileDimensions ({width}, {height}) must be a multiple of shardSize ({shard_size}).")
        return width, height

    def _evaluate(self, plan: Plan, folder: Path, progress: PixelProgress) -> dict[str, Path]:
        """Files by object name."""
        files: dict[str, Path] = {}
        for number, shard in enumerate(plan.shards):
            path = folder / f"{number}.tif"
            if self._write_shard(plan, shard, path, progress) or not plan.request.skip_empty:
                files[shard.name(plan.request.target.prefix, alone=len(plan.shards) == 1)] = path
        return files

    def _write_shard(self, plan: Plan, shard: Shard, path: Path, progress: PixelProgress) -> bool:
        """Write one file; tells whether any pixel is valid."""
        valid = False
        with new_geotiff(path, shard.grid, plan.layout) as dataset:
            for column, row, grid in windows(shard.grid, self._settings.now.export_window):
                valid |= self._write_window(plan, dataset, Window(column, row, grid.width, grid.height), grid)
                progress.computed(grid, band_count=len(plan.layout.band_ids))
        if plan.request.cloud_optimized:
            optimise(path)
        return valid

    def _write_window(self, plan: Plan, dataset: DatasetWriter, window: Window, grid: Grid) -> bool:
        bands = self._engine.read(plan.image, grid)
        dataset.write(np.stack([filled(data, mask, plan.layout) for data, mask in bands]), window=window)
        return any(bool(np.any(mask)) for _, mask in bands)


def check_pixels(grid: Grid, limit: int) -> None:
    """Refuse an export of too many pixels.

    Raises:
        ServiceError: The grid has more than `limit` pixels.
    """
    pixels = grid.width * grid.height
    if pixels > limit:
        raise ServiceError(
            f"Export too large: specified {pixels} pixels (max: {limit}). "
            "Specify higher maxPixels value if you intend to export a large area."
        )
