"""Downloads: objects of 200 kB by 25, 50 and 100 at once, and one of 1 GB over connections that are capped.

A server in a process of its own sends canned bytes. Small objects: each answer begins after 100 ms; the peer is the
transfer manager of google-cloud-storage with as many threads; the limit is what the same server and bytes cost a
client that throws them away. Beside each line stands its share of the ideal, which is concurrency / latency. Large
object: a connection sends at most 40 MB/s; the peer is one stream. Every file is compared by its CRC32C.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager

from benchmarks.canned_objects import canned_objects, content
from benchmarks.harness import Comparison, Side, compare
from eo_pipeline.storage.checksums import Crc32c, crc32c_of
from eo_pipeline.storage.transfer import Limits, Patience, Remote, StoredObject, downloads

SMALL, LATENCY, ROUNDS_A_CONNECTION = 200_000, 0.1, 40
LARGE, BYTES_PER_SECOND = 1_000_000_000, 40_000_000
BUCKET = "bench"


def checksum(size: int) -> str:
    """CRC32C of an object of this size, base64."""
    value = Crc32c()
    for piece in content(0, size):
        value.add(bytes(piece))
    return value.text


def ours(*, url: str, size: int, count: int, at_once: int, crc32c: str, folder: str) -> list[str]:
    """With this project's downloads; gives the CRC32C of each file."""
    made = Path(tempfile.mkdtemp(dir=folder))
    wanted = [(StoredObject(f"tile{number}-{size}", size, crc32c, 1), made / f"{number}") for number in range(count)]
    limits = Limits(at_once=at_once)
    done = downloads(Remote(url, BUCKET), AnonymousCredentials(), wanted, limits=limits, patience=Patience())
    return [download.crc32c for download in done]


def transfer_manager_threads(*, url: str, size: int, count: int, at_once: int, folder: str) -> list[str]:
    """With google-cloud-storage, which compares CRC32C if the service says it; here we do."""
    client = storage.Client(project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": url})
    bucket, made = client.bucket(BUCKET), Path(tempfile.mkdtemp(dir=folder))
    paths = [made / f"{number}" for number in range(count)]
    results = transfer_manager.download_many(
        [(bucket.blob(f"tile{number}-{size}", generation=1), str(path)) for number, path in enumerate(paths)],
        worker_type=transfer_manager.THREAD,
        max_workers=at_once,
        raise_exception=True,
        download_kwargs={"checksum": None, "raw_download": True},
    )
    return [crc32c_of(path) for path, _ in zip(paths, results, strict=True)]


def one_stream(*, url: str, size: int, count: int, folder: str) -> list[str]:
    """Through one connection, one request for all of an object."""
    return transfer_manager_threads(url=url, size=size, count=count, at_once=1, folder=folder)


def thrown_away(*, url: str, size: int, count: int, at_once: int) -> int:
    """The bytes of as many requests, read and forgotten: what server and connections cost; gives their number."""

    async def read() -> int:
        numbers, total = iter(range(count)), 0
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

            async def work() -> None:
                nonlocal total
                for number in numbers:
                    address = f"{url}/download/storage/v1/b/{BUCKET}/o/tile{number}-{size}?alt=media"
                    async with session.get(address) as response:
                        total += len(await response.read())

            await asyncio.gather(*(work() for _ in range(at_once)))
        return total

    return asyncio.run(read())


def comparisons() -> Iterator[Comparison]:
    """One comparison a number of small objects at once, one of the large object; files are removed unmeasured."""
    for at_once in (25, 50, 100):
        with canned_objects(latency=LATENCY) as url, tempfile.TemporaryDirectory() as folder:
            yield small_objects(url, at_once, folder)
    with (
        canned_objects(latency=LATENCY, bytes_per_second=BYTES_PER_SECOND) as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        yield large_object(url, folder)


def small_objects(url: str, at_once: int, folder: str) -> Comparison:
    """Ours beside the peer; says the share of concurrency / latency on stderr."""
    count, expected = at_once * ROUNDS_A_CONNECTION, checksum(SMALL)
    requests = {"url": url, "size": SMALL, "count": count, "at_once": at_once}
    files = {**requests, "folder": folder}
    result = compare(
        f"{count} objects of 200 kB, 100 ms latency, {at_once} at once",
        ours=Side("event loop", "benchmarks.transfer", "ours", {**files, "crc32c": expected}),
        peer=Side("transfer_manager threads", "benchmarks.transfer", "transfer_manager_threads", files),
        equal=lambda mine, theirs: mine == theirs == [expected] * count,
        limit=Side("thrown away", "benchmarks.transfer", "thrown_away", requests),
        rounds=3,
    )
    ideal_s = count * LATENCY / at_once
    shares = {"ours": result.ours_s, result.peer: result.peer_s, "server's ceiling": result.limit_s or ideal_s}
    told = ", ".join(f"{name} {ideal_s / seconds:.1%}" for name, seconds in shares.items())
    print(f"{at_once} at once, of {at_once / LATENCY:.0f} objects/s: {told}", file=sys.stderr, flush=True)
    return result


def large_object(url: str, folder: str) -> Comparison:
    """Ours in ranges beside one stream."""
    expected = checksum(LARGE)
    request = {"url": url, "size": LARGE, "count": 1, "folder": folder}
    here = {**request, "at_once": Limits().at_once, "crc32c": expected}
    return compare(
        f"one object of {LARGE / 1e9:.0f} GB, {BYTES_PER_SECOND / 1e6:.0f} MB/s a connection",
        ours=Side("ranges", "benchmarks.transfer", "ours", here),
        peer=Side("one stream", "benchmarks.transfer", "one_stream", request),
        equal=lambda mine, theirs: mine == theirs == [expected],
        rounds=1,
    )
