"""Earth Engine assets that exports make: the folders and collections they lie in, what they hold, their labels.

What does not belong here: names (`core.keys`), and the exports (`export_requests`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import ee
from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError

Holder = Literal["FOLDER", "IMAGE_COLLECTION"]
"""Images lie in either, tables in folders only."""


@dataclass(frozen=True)
class AssetBand:
    """One band of an image asset.

    Attributes:
        name: the band's.
        precision: INT, FLOAT or DOUBLE; integers of all widths are INT.
        geobox: its pixels.
        pyramiding: how coarser levels were made: MEAN, MODE, SAMPLE, MIN, MAX or MEDIAN.
    """

    name: str
    precision: str
    geobox: GeoBox
    pyramiding: str


@dataclass(frozen=True)
class Asset:
    """An asset as the service describes it.

    Attributes:
        name: `projects/.../assets/...`, or its id.
        type: IMAGE, TABLE, FOLDER or IMAGE_COLLECTION.
        size: bytes that it takes of the project's quota; 0 for what holds others.
        bands: in order; none unless it is an image.
        properties: other than the system's.
        start: first instant that it stands for, if it says so.
        end: first instant after.
    """

    name: str
    type: str
    size: int
    bands: tuple[AssetBand, ...]
    properties: Mapping[str, Any]
    start: datetime | None
    end: datetime | None


def describe(session: Session, name: str) -> Asset | None:
    """The asset of a name, or None if there is none.

    Raises:
        ServiceError: the account may not see it, or any other refusal.
    """
    try:
        return _asset(session.call(lambda: ee.data.getAsset(name)))
    except ServiceError as error:
        if classify(str(error)).kind is FailureClass.NOT_FOUND:
            return None
        raise


def make_holder(session: Session, name: str, kind: Holder) -> None:
    """Make a folder or a collection of images, with the folders it lies in; nothing happens if it is there.

    Args:
        session: at the service.
        name: below `projects/PROJECT/assets` or `users/NAME`, which exist.
        kind: of the last one.

    Raises:
        ServiceError: something else has the name, or the account may not.
    """
    if _is_there(session, name, kind):
        return
    parent = name.rpartition("/")[0]
    if not _is_root(parent):
        make_holder(session, parent, "FOLDER")
    try:
        session.call(lambda: ee.data.createAsset({"type": kind}, name))
    except ServiceError:
        if not _is_there(session, name, kind):
            raise


def _is_there(session: Session, name: str, kind: Holder) -> bool:
    """Whether it is; somebody else may make it at any moment."""
    found = describe(session, name)
    if found is not None and found.type != kind:
        raise ServiceError(
            f"expected the asset {name} to be a {kind}, got a {found.type}; move it, or export to another parent"
        )
    return found is not None


def _is_root(name: str) -> bool:
    """Whether it is the top folder of a project or of a user, which nobody makes."""
    return name.count("/") < (3 if name.startswith("projects/") else 2)


def set_properties(session: Session, name: str, properties: Mapping[str, str | float], period: Period) -> None:
    """Label an asset: some of its properties, and the time it stands for, by which collections are filtered.

    Args:
        session: at the service.
        name: of the asset.
        properties: new values; properties that are not named stay.
        period: becomes system:time_start and system:time_end.
    """
    times = {"startTime": _instant(period.start), "endTime": _instant(period.end)}
    mask = ["start_time", "end_time", *(f'properties."{key}"' for key in properties)]
    session.call(lambda: ee.data.updateAsset(name, {**times, "properties": dict(properties)}, mask))


def delete(session: Session, name: str) -> None:
    """Delete an asset that holds no others; one that is gone already does not matter."""
    try:
        session.call(lambda: ee.data.deleteAsset(name))
    except ServiceError as error:
        if classify(str(error)).kind is not FailureClass.NOT_FOUND:
            raise


def _asset(body: Mapping[str, Any]) -> Asset:
    return Asset(
        name=body["name"],
        type=body["type"],
        size=int(body.get("sizeBytes", 0)),
        bands=tuple(map(_band, body.get("bands", ()))),
        properties=body.get("properties", {}),
        start=_parsed(body.get("startTime")),
        end=_parsed(body.get("endTime")),
    )


def _band(body: Mapping[str, Any]) -> AssetBand:
    return AssetBand(
        body["id"], body["dataType"]["precision"], _geobox(body["grid"]), body.get("pyramidingPolicy", "MEAN")
    )


def _geobox(grid: Mapping[str, Any]) -> GeoBox:
    """The grid of a band; JSON leaves out numbers that are 0."""
    affine, size = grid["affineTransform"], grid["dimensions"]
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    crs = grid.get("crsCode") or grid["crsWkt"]
    return GeoBox((size["height"], size["width"]), Affine(*(affine.get(name, 0) for name in names)), crs)


def _instant(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _parsed(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
