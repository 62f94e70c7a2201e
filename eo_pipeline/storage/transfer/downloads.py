"""All downloads of a call, on one event loop with one pool of connections.

What does not belong here: one object (`objects`).
"""

from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path

import aiohttp
from google.auth.credentials import Credentials

from eo_pipeline.errors import DiskFullError
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.stored import Download
from eo_pipeline.storage.transfer.background import in_background, together
from eo_pipeline.storage.transfer.connections import connector, proxy_of
from eo_pipeline.storage.transfer.media import Media, Remote
from eo_pipeline.storage.transfer.objects import Fetcher
from eo_pipeline.storage.transfer.part_files import discard
from eo_pipeline.storage.transfer.patience import Patience
from eo_pipeline.storage.transfer.tokens import Tokens
from eo_pipeline.storage.transfer.values import Limits, StoredObject

_TIMES = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)
"""Seconds for a connection, and between two parts of an answer."""
_BUFFER = 1 << 18
"""Bytes that a connection may hold before they are taken."""


def downloads(
    remote: Remote,
    credentials: Credentials,
    objects: Sequence[tuple[StoredObject, Path]],
    *,
    limits: Limits,
    patience: Patience,
) -> Iterator[Download[StoredObject]]:
    """Bring objects to paths, the largest first; each is yielded when it is done.

    A path appears only when its bytes have the listed CRC32C. What is there already is not asked for again; of large
    objects also the pieces of an earlier, killed call.

    Raises:
        DiskFullError: there is no room; what was unfinished is removed.
        StorageError: a path may not be written.
        ServiceUnreachableError: nothing came for longer than patience lasts.
        google.auth.exceptions.RefreshError: the credentials were refused.
    """
    largest_first = sorted(objects, key=lambda pair: -pair[0].size)
    there = _existing({path.parent for _, path in objects})

    async def work(emit: Callable[[Download[StoredObject]], None]) -> None:
        async with _session(remote, limits) as session:
            tokens = Tokens(credentials, remote.endpoint)
            media = Media(session, remote=remote, tokens=tokens, patience=patience)
            fetcher = Fetcher(media, limits=limits, patience=patience)
            wanted = iter(largest_first)

            async def some() -> None:
                for source, path in wanted:
                    emit(await fetcher.fetch(source, path, there=path in there))

            await together(some, min(limits.at_once, len(objects)))

    try:
        yield from in_background(work)
    except DiskFullError:
        for _, path in objects:
            discard(path)
        raise


def _existing(folders: Set[Path]) -> frozenset[Path]:
    """What lies in the folders, which are made if they are not there."""
    for folder in folders:
        with room_for(folder, 0):
            folder.mkdir(parents=True, exist_ok=True)
    return frozenset(path for folder in folders for path in folder.iterdir())


def _session(remote: Remote, limits: Limits) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector(remote.endpoint, at_once=limits.at_once),
        timeout=_TIMES,
        auto_decompress=False,
        read_bufsize=_BUFFER,
        proxy=proxy_of(remote.endpoint),
    )
