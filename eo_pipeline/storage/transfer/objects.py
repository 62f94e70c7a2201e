"""One object: its pieces, its checksum, its final name.

What does not belong here: HTTP (`media`), and which objects.
"""

import asyncio
from pathlib import Path

from eo_pipeline.storage.checksums import Crc32c, crc32c_of
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.stored import Download, Flaw
from eo_pipeline.storage.transfer.background import together
from eo_pipeline.storage.transfer.media import BLOCK, Media, RefusedError
from eo_pipeline.storage.transfer.part_files import PartFile
from eo_pipeline.storage.transfer.patience import Patience
from eo_pipeline.storage.transfer.values import Limits, StoredObject


class Fetcher:
    """Brings objects to their paths, all of them together with so many requests at once.

    Args:
        media: reads bytes.
        limits: requests at once, and bytes of each.
        patience: with objects that come corrupt.
    """

    def __init__(self, media: Media, *, limits: Limits, patience: Patience) -> None:
        self._media = media
        self._limits = limits
        self._patience = patience
        self._held = min(BLOCK, limits.piece)
        self._gate = asyncio.Semaphore(limits.at_once)

    async def fetch(self, source: StoredObject, path: Path, *, there: bool) -> Download[StoredObject]:
        """Bring one object to its path, unless it is there already and whole.

        Args:
            source: the object.
            path: in a folder that is there.
            there: whether there is a file of that name.

        Raises:
            DiskFullError: there is no room for it.
            StorageError: the path may not be written.
            ServiceUnreachableError: see `Media.read`.
        """
        if there and await asyncio.to_thread(_is_whole, source, path):
            return Download(source, path, crc32c=source.crc32c)
        crc32c = ""
        for _ in range(self._patience.corrupt_reads):
            try:
                with room_for(path, source.size):
                    crc32c = await (self._small if source.size <= self._held else self._large)(source, path)
            except RefusedError as error:
                return Download(source, None, str(error), error.flaw)
            if crc32c == source.crc32c:
                return Download(source, path, crc32c=crc32c)
        problem = f"expected CRC32C {source.crc32c}, got {crc32c} in {self._patience.corrupt_reads} downloads"
        return Download(source, None, problem, Flaw.CORRUPT)

    async def _small(self, source: StoredObject, path: Path) -> str:
        """Bring all bytes at once; give their checksum, and them their final name if it is right."""
        content: list[bytes] = []

        async def take(_: int, block: list[bytes]) -> None:
            content.extend(block)

        async with self._gate:
            await self._media.read(source, 0, source.size, take)
        return await asyncio.to_thread(_stored, source, path, content)

    async def _large(self, source: StoredObject, path: Path) -> str:
        """The same, with bytes that go to the disk as they come."""
        with PartFile(path, source, self._limits.piece) as part:
            await self._in_pieces(source, part)
            crc32c = await asyncio.to_thread(crc32c_of, part.part)
            if crc32c == source.crc32c:
                part.publish()
            else:
                part.discard()
        return crc32c

    async def _in_pieces(self, source: StoredObject, part: PartFile) -> None:
        missing = list(part.missing())
        pieces = iter(missing)

        async def write(start: int, block: list[bytes]) -> None:
            await asyncio.to_thread(part.write, start, block)

        async def work() -> None:
            for start, stop in pieces:
                async with self._gate:
                    await self._media.read(source, start, stop, write)
                part.note(start)

        await together(work, min(self._limits.at_once, len(missing)))


def _stored(source: StoredObject, path: Path, content: list[bytes]) -> str:
    """Write the content of a small object; give its checksum."""
    checksum = Crc32c()
    for data in content:
        checksum.add(data)
    if checksum.text == source.crc32c:
        with PartFile(path, source, source.size) as part:
            part.write(0, content)
            part.publish()
    return checksum.text


def _is_whole(source: StoredObject, path: Path) -> bool:
    return path.stat().st_size == source.size and crc32c_of(path) == source.crc32c
