"""The calls of GDAL's C interface that its virtual files are made of, in the library that rasterio brings.

rasterio and pyogrio call it for whole rasters and tables; here are its reads, writes, listings and copies by
themselves. Not here: what /vsigs/ means by them (`gdal_client`).
"""

import ctypes
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import rasterio._base

_TEXT, _POINTER, _SIZE = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t
_LIBRARY = ctypes.CDLL(rasterio._base.__file__)  # a search in rasterio's module goes on in the GDAL it is linked with
_STAT_BYTES = 512
"""More than any platform's `struct stat`, whose content is not looked at."""
_TO_THE_END = 2


class _Entry(ctypes.Structure):
    """The first members of GDAL's `VSIDIREntry`."""

    _fields_ = (("name", _TEXT), ("mode", ctypes.c_int))


_CALLS: dict[str, tuple[Any, list[Any]]] = {
    "CPLGetLastErrorMsg": (_TEXT, []),
    "CPLErrorReset": (None, []),
    "CPLPushErrorHandler": (None, [_POINTER]),
    "CPLPopErrorHandler": (None, []),
    "CPLSetThreadLocalConfigOption": (None, [_TEXT, _TEXT]),
    "CSLDestroy": (None, [_POINTER]),
    "VSICopyFile": (ctypes.c_int, [_TEXT, _TEXT, _POINTER, ctypes.c_uint64, _POINTER, _POINTER, _POINTER]),
    "VSICurlPartialClearCache": (None, [_TEXT]),
    "VSIFCloseL": (ctypes.c_int, [_POINTER]),
    "VSIFOpenEx2L": (_POINTER, [_TEXT, _TEXT, ctypes.c_int, _POINTER]),
    "VSIFReadL": (_SIZE, [_POINTER, _SIZE, _SIZE, _POINTER]),
    "VSIFSeekL": (ctypes.c_int, [_POINTER, ctypes.c_uint64, ctypes.c_int]),
    "VSIFTellL": (ctypes.c_uint64, [_POINTER]),
    "VSIFWriteL": (_SIZE, [_TEXT, _SIZE, _SIZE, _POINTER]),
    "VSIGetFileMetadata": (_POINTER, [_TEXT, _TEXT, _POINTER]),
    "VSIOpenDir": (_POINTER, [_TEXT, ctypes.c_int, _POINTER]),
    "VSIGetNextDirEntry": (ctypes.POINTER(_Entry), [_POINTER]),
    "VSICloseDir": (None, [_POINTER]),
    "VSISetPathSpecificOption": (None, [_TEXT, _TEXT, _TEXT]),
    "VSIStatL": (ctypes.c_int, [_TEXT, _POINTER]),
    "VSIUnlink": (ctypes.c_int, [_TEXT]),
}
for _name, (_result, _arguments) in _CALLS.items():
    _function = getattr(_LIBRARY, _name)
    _function.restype, _function.argtypes = _result, _arguments


class GdalError(Exception):
    """A call of GDAL that failed, with GDAL's last message."""


def set_option(path: str, name: str, value: str) -> None:
    """A configuration option for all below a path."""
    _LIBRARY.VSISetPathSpecificOption(path.encode(), name.encode(), value.encode())


@contextmanager
def calling(token_address: str) -> Iterator[None]:
    """Calls within this thread: messages are kept, not printed; service accounts get their tokens from an address."""
    quiet = ctypes.cast(_LIBRARY.CPLQuietErrorHandler, _POINTER)
    _LIBRARY.CPLPushErrorHandler(quiet)
    _LIBRARY.CPLSetThreadLocalConfigOption(b"GO2A_AUD", token_address.encode())
    _LIBRARY.CPLErrorReset()
    try:
        yield
    finally:
        _LIBRARY.CPLSetThreadLocalConfigOption(b"GO2A_AUD", None)
        _LIBRARY.CPLPopErrorHandler()


def expect(holds: object) -> None:
    """Raise GdalError with GDAL's last message unless a call's result is good."""
    if not holds:
        raise GdalError(_LIBRARY.CPLGetLastErrorMsg().decode())


@contextmanager
def opened(path: str, mode: str, options: Sequence[str] = ()) -> Iterator[int]:
    """A handle of a file; what closing it says counts, because only then is a small object sent."""
    texts = (_TEXT * (len(options) + 1))(*(option.encode() for option in options), None)
    handle = _LIBRARY.VSIFOpenEx2L(path.encode(), mode.encode(), 1, ctypes.cast(texts, _POINTER))
    expect(handle)
    try:
        yield handle
    finally:
        closed = _LIBRARY.VSIFCloseL(handle)
    expect(closed == 0)


def size(handle: int) -> int:
    """Bytes of an open file."""
    expect(_LIBRARY.VSIFSeekL(handle, 0, _TO_THE_END) == 0)
    return int(_LIBRARY.VSIFTellL(handle))


def read(handle: int, start: int, count: int) -> bytes:
    """Up to `count` bytes from `start`."""
    expect(_LIBRARY.VSIFSeekL(handle, start, 0) == 0)
    content = ctypes.create_string_buffer(max(1, count))
    found = _LIBRARY.VSIFReadL(content, 1, count, handle)
    return content.raw[:found]


def write(handle: int, data: bytes) -> None:
    """Add bytes to an open file."""
    expect(_LIBRARY.VSIFWriteL(data, 1, len(data), handle) == len(data))


def exists(path: str) -> bool:
    """Whether there is a file or a folder."""
    return bool(_LIBRARY.VSIStatL(path.encode(), ctypes.create_string_buffer(_STAT_BYTES)) == 0)


def entries(path: str, *, deep: bool) -> list[str]:
    """Paths in a folder, or also in those in it; folders end in ``/``."""
    handle = _LIBRARY.VSIOpenDir(path.encode(), -1 if deep else 0, None)
    found = []
    while handle and (entry := _LIBRARY.VSIGetNextDirEntry(handle)):
        found.append(entry[0].name.decode() + ("/" if stat.S_ISDIR(entry[0].mode) else ""))
    if handle:
        _LIBRARY.VSICloseDir(handle)
    return found


def headers(path: str) -> dict[str, str]:
    """What the service says about an object, by lower-case header."""
    found = _texts(_LIBRARY.VSIGetFileMetadata(path.encode(), b"HEADERS", None))
    return {name.lower(): value for name, _, value in (entry.partition("=") for entry in found)}


def copy(source: str, target: str) -> None:
    """Copy a file."""
    unknown_size = (1 << 64) - 1
    expect(_LIBRARY.VSICopyFile(source.encode(), target.encode(), None, unknown_size, None, None, None) == 0)


def unlink(path: str) -> None:
    """Delete a file."""
    expect(_LIBRARY.VSIUnlink(path.encode()) == 0)


def forget(path: str) -> None:
    """Forget what earlier calls found at a path and below."""
    _LIBRARY.VSICurlPartialClearCache(path.encode())


def _texts(pointer: int | None) -> list[str]:
    """A list of texts that GDAL made, which is freed."""
    found: list[str] = []
    if pointer:
        texts = ctypes.cast(pointer, ctypes.POINTER(_TEXT))
        while (text := texts[len(found)]) is not None:
            found.append(text.decode())
        _LIBRARY.CSLDestroy(pointer)
    return found
