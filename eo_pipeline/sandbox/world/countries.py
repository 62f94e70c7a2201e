"""Countries as a table of the world. What does not belong here: their pixels."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import shapely.geometry

from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.values import Feature

COUNTRIES_FILE = Path(__file__).parent / "countries_110m.geojson.gz"


def load_countries(file: Path = COUNTRIES_FILE) -> tuple[Feature, ...]:
    """The countries, by name, with the properties of GAUL level 0 that are known.

    ADM0_CODE is the ISO 3166-1 number, not GAUL's own; 0 where there is none.
    """
    entries = json.loads(gzip.decompress(file.read_bytes()))["features"]
    return tuple(_country(number, entry) for number, entry in enumerate(entries))


def _country(number: int, entry: dict[str, dict[str, str | None]]) -> Feature:
    name, code = entry["properties"]["name"], entry["properties"]["iso_n3"]
    properties = {"system:index": f"{number:020x}", "ADM0_NAME": name, "ADM0_CODE": int(code or 0)}
    return Feature(Geometry(shapely.geometry.shape(entry["geometry"])), properties)
