"""A server of Cloud Storage's media route that only sends canned bytes: any object's name says its size.

Every answer starts `latency` seconds after its request, and each connection sends at most `bytes_per_second`. Run as
`python -m benchmarks.canned_objects LATENCY BYTES_PER_SECOND`; prints its address and ends with its standard input.
What does not belong here: listing, credentials, and any other behaviour of Cloud Storage.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import override

PERIOD = 1_000_003
"""Bytes after which the content repeats: a prime, so that swapped pieces of any usual size are noticed."""
_PACE_SECONDS = 0.01
_REQUEST = re.compile(rb"GET /download/storage/v1/b/[^/]+/o/[^ ?]*?-(\d+)\?[^ ]* HTTP/1.1\r\n(.*?)\r\n\r\n", re.DOTALL)
_RANGE = re.compile(rb"range: bytes=(\d+)-(\d+)", re.IGNORECASE)
_CONTENT = memoryview(Random(4).randbytes(PERIOD) * 3)  # noqa: S311 - bytes of a benchmark, not a secret


def content(start: int, stop: int) -> Iterator[memoryview]:
    """Bytes [start, stop) that every object has, in pieces."""
    while start < stop:
        place = start % PERIOD
        piece = _CONTENT[place : place + min(stop - start, 2 * PERIOD)]
        yield piece
        start += len(piece)


class Connection(asyncio.Protocol):
    """Answers one request after the other.

    Args:
        latency: seconds from a request to its answer.
        bytes_per_second: sent at most; 0 for no limit.
    """

    def __init__(self, latency: float, bytes_per_second: int) -> None:
        self._latency = latency
        self._rate = bytes_per_second
        self._received = b""
        self._loop = asyncio.get_running_loop()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # a stream's transport is a Transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        if found := _REQUEST.match(self._received):
            self._received = self._received[found.end() :]
            self._loop.call_later(self._latency, self._answer, int(found[1]), _RANGE.search(found[2]))

    def _answer(self, size: int, wanted: re.Match[bytes] | None) -> None:
        start, stop = (int(wanted[1]), min(int(wanted[2]) + 1, size)) if wanted else (0, size)
        head = f"HTTP/1.1 {'206 Partial Content' if wanted else '200 OK'}\r\nContent-Length: {stop - start}\r\n"
        if wanted:
            head += f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n"
        if self._rate:
            self._transport.write(f"{head}\r\n".encode())
            self._send(start, stop, self._loop.time())
        else:
            self._transport.writelines([f"{head}\r\n".encode(), *content(start, stop)])

    def _send(self, start: int, stop: int, due: float) -> None:
        """A part now, the next when the rate allows it."""
        if self._transport.is_closing():
            return
        part = min(stop, start + int(self._rate * _PACE_SECONDS))
        self._transport.writelines(content(start, part))
        if part < stop:
            due += _PACE_SECONDS
            self._loop.call_at(due, self._send, part, stop, due)


async def serve(latency: float, bytes_per_second: int) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency, bytes_per_second), "127.0.0.1", 0, backlog=1000)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    with suppress(EOFError):
        await loop.run_in_executor(None, input)
    server.close()


@contextmanager
def canned_objects(*, latency: float, bytes_per_second: int = 0) -> Iterator[str]:
    """The address of a server in a process of its own, ended on exit."""
    command = [sys.executable, "-m", "benchmarks.canned_objects", str(latency), str(bytes_per_second)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - asked for by stdout=PIPE
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), int(sys.argv[2])))
