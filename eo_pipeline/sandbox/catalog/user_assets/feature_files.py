"""Files of features: a line of JSON each, read one at a time. Not here: where features come from."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import shapely.geometry

from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.values import Feature

_LINES, _OFFSETS = "features.jsonl", "offsets.u64"


def write_features(folder: Path, features: Iterable[Feature]) -> int:
    """Write features with JSON properties into an empty folder and tell how many there were."""
    offsets = array("Q")
    with (folder / _LINES).open("wb") as lines:
        for feature in features:
            offsets.append(lines.tell())
            lines.write(json.dumps(_line(feature)).encode() + b"\n")
    with (folder / _OFFSETS).open("wb") as file:
        offsets.tofile(file)
    return len(offsets)


class FeatureFile(Sequence[Feature]):
    """The features that `write_features` wrote; only places of lines are held in memory.

    Args:
        folder: Holds the files.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = folder / _LINES
        self._offsets = array("Q", (folder / _OFFSETS).read_bytes())

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[Feature]:
        with self._lines.open("rb") as lines:
            for line in lines:
                yield _feature(json.loads(line))

    @overload
    def __getitem__(self, place: int) -> Feature: ...
    @overload
    def __getitem__(self, place: slice) -> list[Feature]: ...
    def __getitem__(self, place: int | slice) -> Feature | list[Feature]:
        """A feature, or several, by place."""
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        with self._lines.open("rb") as lines:
            lines.seek(self._offsets[place])
            return _feature(json.loads(lines.readline()))


def _line(feature: Feature) -> dict[str, object]:
    geometry = feature.geometry
    shape = None if geometry is None else shapely.geometry.mapping(geometry.shape)
    edges = {} if geometry is None else {"crs": geometry.crs, "geodesic": geometry.geodesic}
    return {"shape": shape, **edges, "properties": dict(feature.properties)}


def _feature(line: dict[str, Any]) -> Feature:
    if line["shape"] is None:
        return Feature(None, line["properties"])
    shape = shapely.geometry.shape(line["shape"])
    return Feature(Geometry(shape, line["crs"], line["geodesic"]), line["properties"])
