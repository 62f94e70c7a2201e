"""Exports started with the real client and followed to their end."""

import time
from typing import Any

import ee

from eo_pipeline_tests.sandbox.clients import HEIGHT, IMAGE, LEFT, SIDE, TOP, WIDTH

TRANSFORM = [SIDE, 0, LEFT, 0, -SIDE, TOP]


def whole_region() -> Any:
    """The rectangle of the image, in its CRS."""
    bounds = [LEFT, TOP - SIDE * HEIGHT, LEFT + SIDE * WIDTH, TOP]
    return ee.Geometry.Rectangle(bounds, proj="EPSG:32633", geodesic=False)


def export(description: str, image: Any = None, **options: Any) -> Any:
    """A started task that exports the whole image to the bucket `tiles`."""
    chosen = {"bucket": "tiles", "fileNamePrefix": description, "region": whole_region(), **options}
    if "crsTransform" not in chosen:
        chosen.update(crs="EPSG:32633", crsTransform=TRANSFORM)
    picture = ee.Image(IMAGE) if image is None else image
    task = ee.batch.Export.image.toCloudStorage(picture, description=description, **chosen)
    task.start()
    return task


def ended(task: Any, *, timeout_seconds: float = 60) -> dict[str, Any]:
    """The operation of a task once it is done."""
    deadline = time.monotonic() + timeout_seconds
    while not (operation := ee.data.getOperation(task.operation_name)).get("done"):
        assert time.monotonic() < deadline, f"not done after {timeout_seconds} s: {operation}"
        time.sleep(0.05)
    return dict(operation)


def state(task: Any) -> str:
    """The state of a task's operation."""
    return str(ee.data.getOperation(task.operation_name)["metadata"]["state"])
