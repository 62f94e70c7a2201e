"""Features of an Earth Engine table as a file of this machine. What does not belong here: what they are used for."""

import json
from collections.abc import Mapping
from pathlib import Path

import geopandas

from eo_pipeline.core.product import Condition
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.earth_engine.table_features import check_table, features, table
from eo_pipeline.errors import ProductError
from eo_pipeline.storage.vectors import check_writable, write_shapes


def copy_features(session: Session, asset: str, path: Path, *, where: Mapping[str, Condition]) -> int:
    """Write the features of a table that satisfy all conditions, EPSG:4326, with their properties; gives their number.

    Edges that the table has as the shortest way on the ground are straight in degrees in the file.

    Raises:
        SettingsError: there is a file at `path`, or its ending names no known format.
        ProductError: there is no such table, or no such feature.
        ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
    """
    check_writable(path)
    check_table(session, asset, field="table")
    found = list(features(session, table(asset, where)))
    if not found:
        told = "; ".join(f"{name} {_told(condition)}" for name, condition in where.items()) or "there are no conditions"
        raise ProductError(f"{asset}: expected features that satisfy the conditions, got none ({told}); correct them")
    frame = geopandas.GeoDataFrame.from_features(found, crs="EPSG:4326")
    write_shapes(frame, path)
    return len(frame)


def _told(condition: Condition) -> str:
    """As a product declares it; texts are quoted, since 7 and "7" are not the same."""
    said = condition.model_dump(mode="json", by_alias=True, exclude_none=True)
    return ", ".join(f"{operator} {json.dumps(value)}" for operator, value in said.items())
