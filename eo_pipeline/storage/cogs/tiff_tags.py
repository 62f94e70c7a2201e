"""TIFF directories as bytes: reading and writing tags, classic and BigTIFF, little-endian.

Does not belong here: what tags mean, and where blocks are.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
SAMPLES, PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, OFFSETS, SIZES = 277, 284, 317, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, NODATA = 338, 339, 42113
SHORT, LONG, LONG8 = 3, 4, 16
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE = {1: "<u1", 3: "<u2", 4: "<u4", 13: "<u4", 16: "<u8", 18: "<u8"}


@dataclass(frozen=True)
class Form:
    """One of TIFF's two forms.

    Attributes:
        header: first bytes of a file before the position of its first directory.
        number: struct format of how many tags a directory has.
        entry: struct format of a tag's code, type and count.
        pointer: struct format of a position.
    """

    header: bytes
    number: str
    entry: str
    pointer: str

    @property
    def header_size(self) -> int:
        """Bytes before anything else may stand."""
        return len(self.header) + self.inline

    @property
    def inline(self) -> int:
        """Bytes of a value that still stand in its entry; also those of a position."""
        return struct.calcsize(self.pointer)

    def directory_size(self, tags: Iterable["Tag"]) -> int:
        """Bytes of a directory with all its values, a multiple of 8."""
        entry = struct.calcsize(self.entry) + self.inline
        outside = [len(tag.value) for tag in tags if len(tag.value) > self.inline]
        entries = struct.calcsize(self.number) + sum(entry for _ in tags) + self.inline
        return _padded(entries) + sum(map(_padded, outside))


CLASSIC = Form(b"II*\0", "<H", "<HHI", "<I")
BIG = Form(b"II+\0\x08\0\0\0", "<Q", "<HHQ", "<Q")


@dataclass(frozen=True)
class Tag:
    """One tag of a directory.

    Attributes:
        code: TIFF's number for its meaning.
        type: TIFF's number for the type of its values.
        count: how many values.
        value: the values, little-endian.
    """

    code: int
    type: int
    count: int
    value: bytes

    @classmethod
    def whole(cls, code: int, kind: int, values: int | NDArray[Any]) -> Self:
        """A tag of whole numbers of type SHORT, LONG or LONG8."""
        numbers = np.atleast_1d(values).astype(_WHOLE[kind])
        return cls(code, kind, numbers.size, numbers.tobytes())

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The values, where they are whole numbers."""
        return np.frombuffer(self.value, _WHOLE[self.type]).astype(np.int64)


def directory_bytes(tags: Mapping[int, Tag], position: int, *, following: int, form: Form) -> bytes:
    """A directory that stands at `position` of its file, with all its values; `following` is where the next one is."""
    ordered = [tags[code] for code in sorted(tags)]
    entry = struct.calcsize(form.entry) + form.inline
    outside = _padded(struct.calcsize(form.number) + len(ordered) * entry + form.inline)
    entries, values = [struct.pack(form.number, len(ordered))], []
    for tag in ordered:
        entries.append(struct.pack(form.entry, tag.code, tag.type, tag.count))
        if len(tag.value) <= form.inline:
            entries.append(tag.value.ljust(form.inline, b"\0"))
        else:
            entries.append(struct.pack(form.pointer, position + outside))
            values.append(tag.value.ljust(_padded(len(tag.value)), b"\0"))
            outside += len(values[-1])
    entries.append(struct.pack(form.pointer, following))
    head = b"".join(entries)
    return b"".join([head.ljust(_padded(len(head)), b"\0"), *values])


def read_directories(file: BinaryIO) -> list[dict[int, Tag]]:
    """All directories of a little-endian TIFF in their order, tags by code; [] if the file is no such TIFF."""
    file.seek(0)
    start = file.read(BIG.header_size)
    form = next((form for form in (CLASSIC, BIG) if start.startswith(form.header)), None)
    if form is None:
        return []
    (position,) = struct.unpack_from(form.pointer, start, len(form.header))
    directories = []
    while position:
        tags, position = _read_directory(file, position, form)
        directories.append(tags)
    return directories


def _read_directory(file: BinaryIO, position: int, form: Form) -> tuple[dict[int, Tag], int]:
    file.seek(position)
    (number,) = struct.unpack(form.number, file.read(struct.calcsize(form.number)))
    size = struct.calcsize(form.entry) + form.inline
    entries = file.read(number * size + form.inline)
    tags = [_read_tag(file, entries[start : start + size], form) for start in range(0, number * size, size)]
    (following,) = struct.unpack_from(form.pointer, entries, number * size)
    return {tag.code: tag for tag in tags}, following


def _read_tag(file: BinaryIO, entry: bytes, form: Form) -> Tag:
    code, kind, count = struct.unpack_from(form.entry, entry)
    size = _BYTES[kind] * count
    value = entry[struct.calcsize(form.entry) :][:size]
    if size > form.inline:
        (position,) = struct.unpack_from(form.pointer, entry, struct.calcsize(form.entry))
        file.seek(position)
        value = file.read(size)
    return Tag(code, kind, count, value)


def _padded(size: int) -> int:
    return -(-size // 8) * 8
