"""What a Zarr group holds, as plain values: arrays, their chunks and attributes; and how two descriptions differ.

This is the structure that the golden files of cube templates hold. What does not belong here: how a product's grid and
bands become arrays (`cube_template`), and Zarr itself (`storage.cubes`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyproj
from pyproj.exceptions import CRSError

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None

TIME = "time"
_DESCRIPTIVE = {"title", "long_name", "Conventions", "zarr_conventions", "valid_range"}
_CRS_TEXTS = {"crs_wkt", "proj:wkt2"}
_FLAGS = {"flag_values", "flag_meanings"}
_GRID_MAPPING = {"crs_wkt", "GeoTransform"}
"""What decides in a grid mapping; the rest of it is derived from the CRS, by one version of PROJ or another."""


@dataclass(frozen=True)
class ArrayLayout:
    """One Zarr array, without its values.

    Attributes:
        path: name below the cube's root, such as `red` or `ledger/state`.
        dimensions: a name for each axis; `time` is the axis that grows.
        shape: length of each axis; 0 along `time` in a template.
        chunks: unit of reading and compression, one length an axis.
        shards: unit of writing, whole chunks, or None where a chunk is an object of its own.
        dtype: Zarr's name of the data type, such as `uint16` or `string`.
        fill_value: value of what was never written, as JSON (`NaN` as text).
        attributes: strict JSON, no NaN.
    """

    path: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    dtype: str
    fill_value: int | float | str
    attributes: Mapping[str, Json] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """The layout as a golden file holds it."""
        return {
            "dimensions": list(self.dimensions),
            "shape": list(self.shape),
            "chunks": list(self.chunks),
            "shards": None if self.shards is None else list(self.shards),
            "dtype": self.dtype,
            "fill_value": self.fill_value,
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True)
class GroupLayout:
    """A group's attributes and every array below it.

    Attributes:
        attributes: of the root group, strict JSON.
        arrays: with paths relative to the root, each once.
    """

    attributes: Mapping[str, Json]
    arrays: tuple[ArrayLayout, ...]

    def as_json(self) -> dict[str, Json]:
        """The layout as a golden file holds it."""
        return {
            "attributes": dict(self.attributes),
            "arrays": {array.path: array.as_json() for array in self.arrays},
        }


def differences(expected: GroupLayout, found: GroupLayout, *, growing: str = TIME, what: str = "cube") -> list[str]:
    """Name everything in which a group departs from a template, but for what only describes.

    The length of the growing axis, titles, long names and valid ranges may differ; a CRS is compared by meaning, not
    by its text. Flags may lack their last ones, as in a cube that is older than they are.

    Args:
        expected: the template.
        found: what is there.
        growing: name of the axis that grows.
        what: the group is, in the lines.

    Returns:
        Lines such as `red dtype: expected uint16, the cube has uint8`; empty when the group fits.
    """
    wanted = {array.path: array for array in expected.arrays}
    there = {array.path: array for array in found.arrays}
    lines = [f"{what} {line}" for line in _attribute_differences(expected.attributes, found.attributes, what)]
    for path in sorted(wanted.keys() | there.keys()):
        if path not in there:
            lines.append(f"{path}: expected, the {what} does not have it")
        elif path not in wanted:
            lines.append(f"{path}: not expected, the {what} has it")
        else:
            lines.extend(f"{path} {line}" for line in _array_differences(wanted[path], there[path], growing, what))
    return lines


def _array_differences(expected: ArrayLayout, found: ArrayLayout, growing: str, what: str) -> Iterator[str]:
    pairs = (
        ("dimensions", expected.dimensions, found.dimensions),
        ("shape", _fixed_lengths(expected, growing), _fixed_lengths(found, growing)),
        ("chunks", expected.chunks, found.chunks),
        ("shards", expected.shards, found.shards),
        ("dtype", expected.dtype, found.dtype),
        ("fill_value", expected.fill_value, found.fill_value),
    )
    for name, wanted, there in pairs:
        if wanted != there:
            yield f"{name}: expected {wanted}, the {what} has {there}"
    yield from _attribute_differences(expected.attributes, found.attributes, what)


def _fixed_lengths(array: ArrayLayout, growing: str) -> tuple[int, ...]:
    """The shape but for the growing axis; all of it where somebody else named no axes."""
    if len(array.dimensions) != len(array.shape):
        return array.shape
    lengths = zip(array.dimensions, array.shape, strict=True)
    return tuple(length for name, length in lengths if name != growing)


def _attribute_differences(expected: Mapping[str, Json], found: Mapping[str, Json], what: str) -> Iterator[str]:
    names = (expected.keys() | found.keys()) - _DESCRIPTIVE
    for name in sorted(names & _GRID_MAPPING if "crs_wkt" in expected else names):
        wanted, there = expected.get(name), found.get(name)
        if not _fits(name, wanted, there):
            yield f"{name}: expected {wanted!r}, the {what} has {there!r}"


def _fits(name: str, wanted: Json, there: Json) -> bool:
    if name in _CRS_TEXTS:
        return _same_crs(wanted, there)
    if name in _FLAGS:
        return _begins_with(_flags(wanted), _flags(there))
    return wanted == there


def _flags(value: Json) -> list[Json] | None:
    """Values as a list, meanings word by word."""
    if isinstance(value, str):
        return list(value.split())
    return value if isinstance(value, list) else None


def _begins_with(wanted: list[Json] | None, there: list[Json] | None) -> bool:
    if not wanted or not there:
        return wanted == there
    return wanted[: len(there)] == there


def _same_crs(wanted: Json, there: Json) -> bool:
    try:
        return bool(pyproj.CRS.from_user_input(wanted) == pyproj.CRS.from_user_input(there))
    except CRSError:
        return False
