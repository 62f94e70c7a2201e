"""The zones that a product measures inside Earth Engine: of a file, or of a table that only Earth Engine has.

A table's outlines are fetched once a run, so that zones of both kinds are mended, buffered, placed and told in the same
way; edges are straight in longitude and latitude. What does not belong here: measuring them (`in_earth_engine`).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from odc.geo.crs import CRS
from shapely.geometry import shape as shape_of

from eo_pipeline.core import keys
from eo_pipeline.core.grids import Area
from eo_pipeline.core.product import Product, ZoneTable
from eo_pipeline.core.zonal.shapes import Repair, Zones
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.earth_engine.table_features import features
from eo_pipeline.earth_engine.zones.zone_outlines import ID, outlines
from eo_pipeline.errors import ProductError, ZonesError
from eo_pipeline.steps.zones.wanted_zones import KINDS
from eo_pipeline.storage.vectors import read_zones
from eo_pipeline.storage.zone_geometries import check_geometries, mended

_LISTED = 10
"""Ids that an error names."""


def load_zones(
    product: Product, areas: Mapping[str, Area], file: Path | None, open_session: Callable[[], Session]
) -> Zones:
    """The zones of a product.

    Args:
        product: with zones.
        areas: by key; of a table, the zones that touch one of them are taken.
        file: of the zones, found; None if they are a table's.
        open_session: for interactive requests; called only for a table.

    Raises:
        ZonesError: the file or the table cannot be used.
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    declared = product.zones
    if declared is None:
        raise ProductError("expected `zones` in the product, got none; there is nothing to measure")
    if file is not None:
        return read_zones(file, id_column=declared.id, kinds=KINDS)
    collection = outlines(
        declared.source, declared.asset_where, named=declared.id, areas=[area.geobox for area in areas.values()]
    )
    return _zones(list(features(open_session(), collection, tag=keys.workload_tag(product.name))), declared)


def _zones(found: Sequence[Mapping[str, Any]], declared: ZoneTable) -> Zones:
    table = declared.source
    if not found:
        raise ZonesError(
            f"zones.asset: {table}: expected features that touch the areas, got none; name another table or correct "
            "zones.asset_where"
        )
    ids = tuple(feature["properties"].get(ID) for feature in found)
    _check_ids(ids, declared)
    shapes = [None if feature["geometry"] is None else shape_of(feature["geometry"]) for feature in found]
    check_geometries(shapes, declared.id, ids, where=table, kinds=("polygons",))
    there = [shape for shape in shapes if shape is not None]
    repaired = [
        Repair(name, shapely.is_valid_reason(shape))
        for name, shape in zip(ids, there, strict=True)
        if not shape.is_valid
    ]
    whole = tuple(mended(shape, name, where=table) for name, shape in zip(ids, there, strict=True))
    return Zones(table, declared.id, ids, whole, CRS("EPSG:4326"), tuple(repaired), _checksum(found))


def _check_ids(ids: Sequence[Any], declared: ZoneTable) -> None:
    if without := sum(one is None for one in ids):
        raise ZonesError(
            f"zones.asset: {declared.source}: expected a value of {declared.id} in every feature, got {without} "
            "without; name another property or leave them out by zones.asset_where"
        )
    if repeated := sorted(str(one) for one, times in Counter(ids).items() if times > 1):
        raise ZonesError(
            f"zones.asset: {declared.source}: expected every {declared.id} once, got {', '.join(repeated[:_LISTED])} "
            "repeated; name another property or leave them out by zones.asset_where"
        )


def _checksum(found: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of what the service told of the zones, hexadecimal."""
    told = [[feature["properties"].get(ID), feature["geometry"]] for feature in found]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
