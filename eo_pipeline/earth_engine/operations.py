"""Batch tasks: starting an export, listing, finding and cancelling operations.

What does not belong here: deciding what to do about them (`core.reconcile`).
"""

import math
from typing import Any

import ee

from eo_pipeline.core import keys
from eo_pipeline.core.export_plan import CloudStorage, ExportTask, ImageContent
from eo_pipeline.core.failures import FailureClass, classify
from eo_pipeline.core.operations import Operation
from eo_pipeline.earth_engine.recipes import rectangle
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError


def start_export(session: Session, task: ExportTask, image: Any, *, generation: int) -> Operation:
    """Start an image export, or return the operation that an earlier try with the same request id started.

    Raises:
        ServiceError: the service refused; its words are in the message.
    """
    params = _request(task, image, generation)
    try:
        body = session.call(
            lambda: ee.data.exportImage(task.request_id(generation), params), tag=keys.workload_tag(task.product)
        )
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


def _request(task: ExportTask, image: Any, generation: int) -> dict[str, Any]:
    """The ExportImageRequest, shaped by the client's own helper."""
    content, destination = task.content, task.destination
    if not isinstance(content, ImageContent) or not isinstance(destination, CloudStorage):
        raise NotImplementedError(destination)
    options: dict[str, Any] = {}
    if not math.isnan(content.nodata):
        options["formatOptions"] = {"noData": content.nodata}
    batch = ee.batch.Export.image.toCloudStorage(
        image=image,
        description=task.description(generation),
        bucket=destination.bucket,
        fileNamePrefix=task.prefix,
        region=rectangle(content.geobox),
        crs=str(content.geobox.crs),
        crsTransform=list(content.geobox.affine)[:6],
        maxPixels=content.max_pixels,
        fileDimensions=(content.file_dimensions, content.file_dimensions),
        priority=task.priority,
        **options,
    )
    return dict(batch.config or {})


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
