"""Assets of the catalogue as the service describes and lists them. What does not belong here: pixels."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import shapely
import shapely.geometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo, Catalog
from eo_pipeline.sandbox.earth_engine.asset_filters import AssetFilter
from eo_pipeline.sandbox.earth_engine.asset_names import asset_id, asset_name
from eo_pipeline.sandbox.earth_engine.image_listing import ImageFilter
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import timestamp
from eo_pipeline.sandbox.frame.paging import position_of, token_of
from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.settings import Settings


@dataclass(frozen=True)
class Listing:
    """One page of assets."""

    assets: tuple[Mapping[str, object], ...]
    next_page_token: str | None

    def published(self, *, key: str = "assets") -> dict[str, object]:
        """As the service answers it, entries under `key`: empty parts are left out."""
        token = {} if self.next_page_token is None else {"nextPageToken": self.next_page_token}
        return {key: list(self.assets), **token} if self.assets or token else {}


@dataclass(frozen=True)
class ListQuery:
    """What a client asks of a listing."""

    wanted: AssetFilter | ImageFilter
    page_size: int
    """At most so many entries."""
    page_token: str | None
    basic: bool
    """Names and types only."""


def describe(catalog: Catalog, name: str, settings: Settings) -> dict[str, object]:
    """The asset of a resource name.

    Raises:
        ServiceError: 404, there is none.
    """
    record = catalog.image(asset_id(name))
    if record is not None:
        return _image(record, name)
    info = catalog.asset(asset_id(name))
    if info is None:
        raise missing_asset(asset_id(name), settings)
    changed = {} if info.version is None else {"updateTime": _instant(info.version / 1e6)}
    entry = {"type": info.type, "name": name, "id": asset_id(name), **changed}
    return {**entry, "properties": _visible(info.properties), **_of_system(info.properties)}


def list_images(catalog: Catalog, parent: str, query: ListQuery, settings: Settings) -> Listing:
    """One page of a collection's images, by time; it may be short, with a token, when few images match.

    Args:
        catalog: Holds the collection.
        parent: Resource name of the collection.
        query: Filter, page size and token.
        settings: Say how many images are read for one page at most and how long, and the words of refusals.

    Raises:
        ServiceError: 404, there is no such collection; 400, the token is not one of ours.
    """
    info: AssetInfo | None = catalog.asset(asset_id(parent))
    if info is None or info.type not in {"IMAGE_COLLECTION", "FOLDER"}:
        raise missing_asset(asset_id(parent), settings)
    first, began = position_of(query.page_token), time.thread_time()
    wanted = query.wanted
    found: Iterator[ImageRecord] = catalog.images(
        asset_id(parent), start_ms=wanted.start_ms, end_ms=wanted.end_ms, region=wanted.region
    )
    page: list[Mapping[str, object]] = []
    for position, record in enumerate(islice(found, first, None), start=first):
        is_late = position > first and time.thread_time() - began > settings.list_scan_seconds
        if len(page) == query.page_size or position - first == settings.list_scan_limit or is_late:
            return Listing(tuple(page), token_of(position))
        if wanted.holds(record.properties):
            page.append(_entry(record, basic=query.basic))
    return Listing(tuple(page), None)


def _entry(record: ImageRecord, *, basic: bool) -> dict[str, object]:
    name = asset_name(record.id)
    return {"type": "IMAGE", "name": name, "id": record.id} if basic else _image(record, name)


def _image(record: ImageRecord, name: str) -> dict[str, object]:
    entry: dict[str, object] = {
        "type": "IMAGE",
        "name": name,
        "id": record.id,
        "updateTime": _instant(record.version / 1e6),
        "properties": _visible(record.properties),
        "bands": [_band(band_id, source) for band_id, source in record.bands.items()],
        "geometry": shapely.geometry.mapping(record.footprint),
    }
    return {**entry, **_of_system(record.properties)}


def _of_system(properties: Mapping[str, object]) -> dict[str, object]:
    """Times and size, which are properties in expressions and fields of their own in descriptions."""
    fields: dict[str, object] = {}
    for key, field in (("system:time_start", "startTime"), ("system:time_end", "endTime")):
        instant = properties.get(key)
        if isinstance(instant, int | float):
            fields[field] = _instant(instant / 1000)
    size = properties.get("system:asset_size")
    return fields if size is None else {**fields, "sizeBytes": str(size)}


def _instant(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def _band(band_id: str, source: BandSource) -> dict[str, object]:
    scale_x, shear_x, left, shear_y, scale_y, top = source.projection.transform
    grid: dict[str, object] = {
        "crsCode": source.projection.crs,
        "affineTransform": {
            "scaleX": scale_x,
            "shearX": shear_x,
            "translateX": left,
            "shearY": shear_y,
            "scaleY": scale_y,
            "translateY": top,
        },
    }
    if source.dimensions is not None:
        grid["dimensions"] = {"width": source.dimensions[0], "height": source.dimensions[1]}
    pyramiding = source.pyramiding.upper()
    return {"id": band_id, "dataType": _data_type(source.pixel_type), "grid": grid, "pyramidingPolicy": pyramiding}


def _data_type(pixel_type: PixelType) -> dict[str, object]:
    ends = {"min": pixel_type.low, "max": pixel_type.high}
    known = {name: value for name, value in ends.items() if value is not None}
    return {"precision": pixel_type.precision.upper(), **({"range": known} if known else {})}


def _visible(properties: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in properties.items() if not name.startswith("system:")}


def missing_asset(id_: str, settings: Settings) -> ServiceError:
    """The answer to a request for an asset that does not exist."""
    return ServiceError(settings.missing_asset.replace("{id}", id_), 404, "NOT_FOUND")
