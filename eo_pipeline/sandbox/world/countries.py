"""Countries as tables of the world. What does not belong here: their pixels."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import shapely.geometry

from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.world.fips import FIPS

COUNTRIES_FILE = Path(__file__).parent / "countries_110m.geojson.gz"

GAUL = "FAO/GAUL/2015/level0"
LSIB = "USDOS/LSIB_SIMPLE/2017"

_LSIB_NAMES = {
    "Bosnia and Herz.": "Bosnia & Herzegovina",
    "Central African Rep.": "Central African Rep",
    "Congo": "Rep of the Congo",
    "Dem. Rep. Congo": "Dem Rep of the Congo",
    "Dominican Rep.": "Dominican Republic",
    "Myanmar": "Burma",
    "North Korea": "Korea, North",
    "South Korea": "Korea, South",
    "S. Sudan": "South Sudan",
    "United States of America": "United States",
}
"""Names that LSIB writes otherwise, as far as remembered."""

Entry = Mapping[str, dict[str, Any]]
"""A feature of the file: `name` and `iso_n3` (ISO 3166-1 numeric as text, or None) in its properties."""


def country_tables(file: Path = COUNTRIES_FILE) -> dict[str, tuple[Feature, ...]]:
    """The same outlines as two tables, by id."""
    entries = json.loads(gzip.decompress(file.read_bytes()))["features"]
    return {
        table: tuple(_feature(number, entry, naming(entry)) for number, entry in enumerate(entries))
        for table, naming in _NAMINGS.items()
    }


def _feature(number: int, entry: Entry, properties: Mapping[str, object]) -> Feature:
    outline = Geometry(shapely.geometry.shape(entry["geometry"]))
    return Feature(outline, {"system:index": f"{number:020x}", **properties})


def _gaul(entry: Entry) -> dict[str, object]:
    """ADM0_CODE is the ISO 3166-1 number, not GAUL's own; 0 where there is none."""
    return {"ADM0_NAME": entry["properties"]["name"], "ADM0_CODE": _number(entry)}


def _lsib(entry: Entry) -> dict[str, object]:
    """country_co is the FIPS code; empty where there is none."""
    name = str(entry["properties"]["name"])
    return {"country_na": _LSIB_NAMES.get(name, name), "country_co": FIPS.get(_number(entry), "")}


def _number(entry: Entry) -> int:
    return int(entry["properties"]["iso_n3"] or 0)


_NAMINGS: Mapping[str, Callable[[Entry], dict[str, object]]] = {
    GAUL: _gaul,
    LSIB: _lsib,
}
