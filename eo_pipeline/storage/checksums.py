"""CRC32C as Cloud Storage lists it. What does not belong here: what is done about a difference."""

import base64
from pathlib import Path

import google_crc32c

_PIECE = 1 << 20


class Crc32c:
    """The checksum of bytes that come in parts, in order."""

    def __init__(self) -> None:
        self._value = google_crc32c.Checksum()

    def add(self, part: bytes) -> None:
        """Go on with the bytes that follow."""
        self._value.update(part)

    @property
    def text(self) -> str:
        """Base64 of the big-endian checksum of all bytes so far."""
        return base64.b64encode(self._value.digest()).decode()


def crc32c_of(path: Path) -> str:
    """Base64 of the big-endian CRC32C of a file's bytes."""
    checksum = Crc32c()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            checksum.add(piece)
    return checksum.text
