"""Batch tasks: starting an export, listing, finding and cancelling operations.

What does not belong here: deciding what to do about them (`core.exports.reconcile`).
"""

from collections.abc import Sequence
from typing import Any

import ee

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.exports.export_plan import CloudStorage, Drive, EarthEngineAsset, ExportTask, ImageContent
from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.earth_engine.export_requests import (
    GeoTiffs,
    Label,
    PixelGrid,
    image_to_asset,
    image_to_cloud_storage,
    image_to_drive,
    table_to_asset,
    table_to_cloud_storage,
    table_to_drive,
)
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError


def start_export(
    session: Session, task: ExportTask, value: Any, *, generation: int, bands: Sequence[BandEncoding] = ()
) -> Operation:
    """Start an export, or return the operation that an earlier try with the same request id started.

    Args:
        session: of exports.
        task: the plan.
        value: the `ee.Image` or `ee.FeatureCollection` of `task.expression`.
        generation: of the attempt, from 1.
        bands: of an image; their kinds decide how coarser levels of an asset are made.

    Raises:
        ServiceError: the service refused; its words are in the message.
    """
    send = ee.data.exportImage if isinstance(task.content, ImageContent) else ee.data.exportTable
    params = request_of(task, value, generation, bands)
    try:
        body = session.call(lambda: send(task.request_id(generation), params), tag=keys.workload_tag(task.product))
    except ServiceError as error:
        if classify(error.said).kind is not FailureClass.ALREADY_EXISTS:
            raise
        return _existing(session, task.request_id(generation), error)
    return Operation.from_json(body)


def _existing(session: Session, request_id: str, refusal: ServiceError) -> Operation:
    for operation in list_operations(session):
        if operation.request_id == request_id:
            return operation
    raise ServiceError(
        f"Earth Engine says that the request {request_id} was made before, but lists no such task ({refusal}); "
        "materialise the submission again with resubmit: true"
    ) from refusal


def request_of(task: ExportTask, value: Any, generation: int, bands: Sequence[BandEncoding]) -> dict[str, Any]:
    """The body of an export request; see `start_export`."""
    label = Label(task.description(generation), task.priority)
    if isinstance(task.content, ImageContent):
        return _image(task, task.content, value, label, bands)
    columns = task.content.columns
    match task.destination:
        case CloudStorage(bucket=bucket):
            return table_to_cloud_storage(value, label, bucket=bucket, prefix=task.prefix, columns=columns)
        case Drive(folder=folder):
            return table_to_drive(value, label, folder=folder, prefix=task.prefix, columns=columns)
        case EarthEngineAsset():
            return table_to_asset(value, label, name=task.prefix)


def _image(
    task: ExportTask, content: ImageContent, image: Any, label: Label, bands: Sequence[BandEncoding]
) -> dict[str, Any]:
    grid = PixelGrid(content.geobox, content.max_pixels)
    files = GeoTiffs(content.file_dimensions, content.nodata)
    match task.destination:
        case CloudStorage(bucket=bucket):
            return image_to_cloud_storage(image, label, grid, files, bucket=bucket, prefix=task.prefix)
        case Drive(folder=folder):
            return image_to_drive(image, label, grid, files, folder=folder, prefix=task.prefix)
        case EarthEngineAsset():
            return image_to_asset(image, label, grid, name=task.prefix, bands=bands)


def list_operations(session: Session) -> list[Operation]:
    """Every operation of the project, newest first, as one paged request."""
    return [Operation.from_json(body) for body in session.call(ee.data.listOperations)]


def get_operation(session: Session, name: str) -> Operation | None:
    """One operation by name, or None if the service does not know it (any more)."""
    try:
        return Operation.from_json(session.call(lambda: ee.data.getOperation(name)))
    except ServiceError as error:
        if classify(error.said).kind is FailureClass.NOT_FOUND:
            return None
        raise


def cancel_operation(session: Session, name: str) -> None:
    """Ask for an operation to be cancelled; the service does not guarantee it."""
    session.call(lambda: ee.data.cancelOperation(name))
