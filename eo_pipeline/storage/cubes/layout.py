"""Layouts to Zarr and back: create the arrays of a `GroupLayout`, describe those of a group.

What does not belong here: values, and Icechunk.
"""

import math
from collections.abc import Iterable
from typing import Any, Literal, cast

import numpy as np
import zarr
from zarr.codecs import BloscCodec

from eo_pipeline.core.cubes.cube_arrays import ArrayLayout, GroupLayout, Json

_PIXEL_COMPRESSOR = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")


def array_at(group: zarr.Group, path: str) -> zarr.Array[Any]:
    """The array at `path` below `group`; a KeyError or TypeError means the layout was not checked."""
    member = group[path]
    if not isinstance(member, zarr.Array):
        raise TypeError(f"Expected an array at {path}, got a group; open the cube with open_or_create_cube.")
    return member


def write_layout(group: zarr.Group, layout: GroupLayout) -> None:
    """Create every array of `layout` below `group`, then write its attributes; no value is written."""
    create_arrays(group, layout.arrays)
    group.attrs.update(dict(layout.attributes))


def create_arrays(group: zarr.Group, arrays: Iterable[ArrayLayout]) -> None:
    """Create arrays below `group`; no value is written."""
    for array in arrays:
        parent, _, name = array.path.rpartition("/")
        owner = group.require_group(parent) if parent else group
        owner.create_array(
            name,
            shape=array.shape,
            chunks=array.chunks,
            shards=array.shards,
            dtype=str if array.dtype == "string" else array.dtype,
            fill_value=float("nan") if array.fill_value == "NaN" else array.fill_value,
            dimension_names=array.dimensions,
            attributes=dict(array.attributes),
            compressors=_compressor(array),
        )


def _compressor(array: ArrayLayout) -> BloscCodec | Literal["auto"] | None:
    """Blosc for pixels; none for chunks of one cell, which would only take longer to read."""
    if array.shards is not None:
        return _PIXEL_COMPRESSOR
    return None if array.chunks and math.prod(array.chunks) == 1 else "auto"


def describe(group: zarr.Group) -> GroupLayout:
    """What `group` holds, as a layout."""
    members = group.members(max_depth=None)
    arrays = (describe_array(path, member) for path, member in members if isinstance(member, zarr.Array))
    return GroupLayout(cast("dict[str, Json]", group.attrs.asdict()), tuple(arrays))


def describe_array(path: str, array: zarr.Array[Any]) -> ArrayLayout:
    """What one array is, as a layout."""
    metadata = array.metadata.to_dict()
    return ArrayLayout(
        path=path,
        dimensions=tuple(str(name) for name in cast("tuple[str, ...]", metadata.get("dimension_names") or ())),
        shape=array.shape,
        chunks=array.chunks,
        shards=array.shards,
        dtype=str(metadata["data_type"]),
        fill_value=_json_fill_value(array.fill_value),
        attributes=cast("dict[str, Json]", array.attrs.asdict()),
    )


def _json_fill_value(value: Any) -> int | float | str:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and np.isnan(plain):
        return "NaN"
    return cast("int | float | str", plain)
