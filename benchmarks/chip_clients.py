"""Clients that ask a canned server for chips, the same requests each: the recipe, a bare event loop, a plain load.

The recipe is the well-known one: 25 processes, `requests` in each, and a retry that waits 1, 2, 4, .. seconds. It is
favoured: a process keeps its connection, and processes are started before the clock. What does not belong here: this
project's client (`downloads`).
"""

import asyncio
import io
import json
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, override
from urllib.parse import urlsplit

import aiohttp
import google_crc32c
import numpy as np
import requests
from numpy.typing import NDArray

from benchmarks.canned_pixels import BANDS, CRS, RESOLUTION, SIDE, chip, place_of
from benchmarks.harness import Json

PROCESSES = 25
TRIES = 10
PATH = "/v1/projects/benchmark/image:computePixels"
IMAGE = "COPERNICUS/S2_SR_HARMONIZED/20190801T100031_20190801T100031_T33UWP"
EXPRESSION: Json = {
    "result": "0",
    "values": {
        "0": {
            "functionInvocationValue": {
                "functionName": "Image.load",
                "arguments": {"id": {"constantValue": IMAGE}},
            }
        }
    },
}
_RECEIVED = 1 << 20


def request_body(number: int) -> Json:
    """What asks for a chip."""
    left, top = place_of(number)
    grid = {
        "crsCode": CRS,
        "dimensions": {"width": SIDE, "height": SIDE},
        "affineTransform": {
            "scaleX": RESOLUTION, "shearX": 0.0, "translateX": left,
            "shearY": 0.0, "scaleY": -RESOLUTION, "translateY": top,
        },
    }  # fmt: skip
    return {"expression": EXPRESSION, "fileFormat": "NPY", "bandIds": list(BANDS), "grid": grid}


def checksum(pixels: NDArray[np.uint8]) -> int:
    """CRC32C of a chip (band, y, x)."""
    return int(google_crc32c.value(pixels.tobytes()))


def held(number: int) -> NDArray[np.uint8]:
    """A chip (band, y, x) as the server holds it."""
    pixels = np.frombuffer(chip(number), np.uint8).reshape(SIDE, SIDE, len(BANDS))
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0))


def keep(pixels: NDArray[np.uint8], number: int, folder: str | None) -> int:
    """Writes a chip (band, y, x) as `NUMBER.npy`, if there is a folder for it; gives its checksum."""
    if folder is not None:
        with (Path(folder) / f"{number}.npy").open("wb") as file:
            np.save(file, pixels)
    return checksum(pixels)


def recipe(*, url: str, count: int, folder: str | None = None, processes: int = PROCESSES) -> Json:
    """{seconds, checksums by the chip's number} of the first chips by so many processes."""
    with multiprocessing.get_context("spawn").Pool(processes, _start, (url,)) as pool:
        pool.map(time.sleep, [0.1] * processes, chunksize=1)
        started = time.perf_counter()
        checksums = pool.starmap(by_requests, [(number, folder) for number in range(count)])
        return {"seconds": time.perf_counter() - started, "checksums": dict(enumerate(checksums))}


_process: list[tuple[str, requests.Session]] = []
"""Address and connection of one process of the recipe."""


def _start(url: str) -> None:
    _process.append((f"{url}{PATH}", requests.Session()))


def retried[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """As `retry(tries=10, delay=1, backoff=2)` does."""

    def patient(*arguments: P.args, **named: P.kwargs) -> R:
        for tried in range(TRIES - 1):
            try:
                return function(*arguments, **named)
            except (requests.RequestException, ValueError):
                time.sleep(2**tried)
        return function(*arguments, **named)

    return patient


@retried
def _asked(number: int) -> NDArray[np.uint8]:
    url, session = _process[0]
    answer = session.post(url, json=request_body(number), timeout=60)
    answer.raise_for_status()
    pixels = np.load(io.BytesIO(answer.content))
    return np.stack([pixels[band] for band in BANDS])


def by_requests(number: int, folder: str | None) -> int:
    """The checksum of a chip, asked for in a process of the recipe."""
    return keep(_asked(number), number, folder)


def one_loop(*, url: str, count: int, at_once: int) -> Json:
    """{seconds} in which aiohttp in one process reads as many replies and throws them away."""

    async def read() -> None:
        numbers = iter(range(count))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

            async def work() -> None:
                for number in numbers:
                    async with session.post(f"{url}{PATH}", data=json.dumps(request_body(number))) as answer:
                        await answer.read()

            await asyncio.gather(*(work() for _ in range(at_once)))

    started = time.perf_counter()
    asyncio.run(read())
    return {"seconds": time.perf_counter() - started}


def plain_load(*, url: str, count: int, at_once: int, processes: int) -> Json:
    """{seconds} in which so many processes read as many replies between them, with next to no work a request."""
    forked = multiprocessing.get_context("fork")
    ready, left = forked.Barrier(processes + 1), forked.Value("i", count)
    parts = [forked.Process(target=_load, args=(url, left, at_once // processes, ready)) for _ in range(processes)]
    for part in parts:
        part.start()
    ready.wait()
    started = time.perf_counter()
    for part in parts:
        part.join()
    return {"seconds": time.perf_counter() - started}


def _load(url: str, left: "Synchronized[int]", connections: int, ready: Any) -> None:
    def taken() -> int:
        with left.get_lock():
            left.value -= 1
            return left.value

    async def read() -> None:
        loop, (host, _, port) = asyncio.get_running_loop(), urlsplit(url).netloc.partition(":")
        ended, buffer = [loop.create_future() for _ in range(connections)], bytearray(_RECEIVED)
        made = [await loop.create_connection(lambda: _Plain(taken, buffer), host, int(port)) for _ in ended]
        await loop.run_in_executor(None, ready.wait)
        for (_, plain), end in zip(made, ended, strict=True):
            plain.begin(end)
        await asyncio.gather(*ended)

    asyncio.run(read())


class _Plain(asyncio.BufferedProtocol):
    """Sends the next request when the last is answered; what is received overwrites what others received."""

    def __init__(self, taken: Callable[[], int], buffer: bytearray) -> None:
        self._taken, self._buffer, self._missing = taken, buffer, 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # a stream's transport is a Transport

    def begin(self, ended: "asyncio.Future[None]") -> None:
        """Asks until nothing is left."""
        self._ended = ended
        self._ask()

    def _ask(self) -> None:
        if (number := self._taken()) < 0:
            self._transport.close()
            self._ended.set_result(None)
            return
        body = json.dumps(request_body(number)).encode()
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._missing = 0
        self._transport.write(head + body)

    @override
    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    @override
    def buffer_updated(self, nbytes: int) -> None:
        if not self._missing:
            head = self._buffer.index(b"\r\n\r\n", 0, nbytes)
            self._missing = head + 4 + int(self._buffer[:head].lower().partition(b"content-length:")[2].split()[0])
        self._missing -= nbytes
        if not self._missing:
            self._ask()
