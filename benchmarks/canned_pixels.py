"""A server of Earth Engine's computePixels that only sends canned bytes: chips of 256 x 256 pixels, red, green, blue.

A chip's place says which bytes it has, so that swapped chips are noticed. Every answer is sent `latency` seconds after
its request, by as many processes as there are, under a quota, and a share of them may be spoilt on purpose. What a
client asks for when it connects is answered, too; `GET /counts` says what was seen. Run as `python -m
benchmarks.canned_pixels SETTINGS` (JSON); prints its address and ends with its standard input. What does not belong
here: evaluating, credentials, and any other behaviour of Earth Engine.
"""

import asyncio
import io
import json
import multiprocessing
import re
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, override

import numpy as np

from benchmarks.canned_objects import PERIOD, content
from benchmarks.canned_quota import Counts, Quota, Turnstile
from eo_pipeline.sandbox.earth_engine.discovery import at, load_document, wheel_file

SIDE = 256
BANDS = ("B4", "B3", "B2")
CRS, RESOLUTION = "EPSG:32633", 10.0
LEFT, TOP = 0.0, 10_000_000.0
COLUMNS = 1000
"""Chips lie beside each other in rows of so many, from (LEFT, TOP)."""
CHIP_BYTES = SIDE * SIDE * len(BANDS)
PROCESSES = 2
"""More gain nothing on four cores, of which the client needs one."""

_REQUEST = re.compile(rb"([A-Z]+) (/[^ ]*) HTTP/1.1\r\n(.*?)\r\n\r\n", re.DOTALL)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_X, _Y = (re.compile(rb'"translate%s" ?: ?(-?[\d.e+]+)' % axis) for axis in (b"X", b"Y"))
_SEND_BUFFER = 1_000_000
_STEP = 7919
_START_SECONDS = 30
_RESET = struct.pack("ii", 1, 0)  # lingers for no time: closing resets the connection
_REFUSALS = {
    429: ("RESOURCE_EXHAUSTED", "Too Many Requests: the request rate or concurrency limit was exceeded."),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    404: ("NOT_FOUND", "Not found."),
}


@dataclass(frozen=True)
class Spoilt:
    """Shares of the requests that are let in which get no pixels.

    Attributes:
        busy: answered 429.
        unavailable: answered 503.
        reset: connection broken instead of an answer.
        truncated: answered in half.
    """

    busy: float = 0.0
    unavailable: float = 0.0
    reset: float = 0.0
    truncated: float = 0.0

    def drawn(self, number: float) -> str:
        """What happens to a request whose number, of [0, 1), is drawn; "" if nothing does."""
        for kind, share in asdict(self).items():
            number -= share
            if number < 0:
                return str(kind)
        return ""


@dataclass(frozen=True)
class Service:
    """How the server answers.

    Attributes:
        latency: seconds from a request to its answer.
        quota: over all processes.
        spoilt: shares that go wrong.
    """

    latency: float
    quota: Quota = field(default_factory=Quota)
    spoilt: Spoilt = field(default_factory=Spoilt)


def place_of(number: int) -> tuple[float, float]:
    """Left and top of a chip in CRS."""
    row, column = divmod(number, COLUMNS)
    return LEFT + column * SIDE * RESOLUTION, TOP - row * SIDE * RESOLUTION


def number_at(left: float, top: float) -> int:
    """The chip whose left and top these are."""
    return round((TOP - top) / (SIDE * RESOLUTION)) * COLUMNS + round((left - LEFT) / (SIDE * RESOLUTION))


def chip(number: int) -> memoryview:
    """The bytes of a chip: red, green, blue of each pixel, row by row."""
    start = number * _STEP % PERIOD
    (piece,) = content(start, start + CHIP_BYTES)
    return piece


def _npy_header() -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.zeros((SIDE, SIDE), [(band, "u1") for band in BANDS]))
    return file.getvalue()[:-CHIP_BYTES]


def _head(status: str, kind: str, length: int) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


def _json(body: bytes, status: str = "200 OK") -> bytes:
    return _head(status, "application/json; charset=UTF-8", len(body)) + body


def _refusal(code: int) -> bytes:
    status, message = _REFUSALS[code]
    body = json.dumps({"error": {"code": code, "message": message, "status": status}}).encode()
    return _json(body, f"{code} {status}")


_NPY = _npy_header()
_PIXELS = _head("200 OK", "application/octet-stream", len(_NPY) + CHIP_BYTES) + _NPY


class Connection(asyncio.Protocol):
    """Answers one request after the other.

    Args:
        service: how.
        turnstile: of all processes.
        random: draws what is spoilt.
        pages: what is answered to GET by the end of the path.
    """

    def __init__(self, service: Service, turnstile: Turnstile, random: Random, pages: Mapping[bytes, bytes]) -> None:
        self._service, self._turnstile, self._random, self._pages = service, turnstile, random, pages
        self._received = b""
        self._loop = asyncio.get_running_loop()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # a stream's transport is a Transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        while found := _REQUEST.match(self._received):
            length = _LENGTH.search(found[3])
            end = found.end() + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            body, self._received = self._received[found.end() : end], self._received[end:]
            self._asked(found[2].partition(b"?")[0], body)

    def _asked(self, path: bytes, body: bytes) -> None:
        if path.endswith(b"/image:computePixels"):
            self._pixels_asked(body)
        elif path == b"/counts":
            self._transport.write(_json(json.dumps(asdict(self._turnstile.counts())).encode()))
        else:
            page = next((page for end, page in self._pages.items() if path.endswith(end)), None)
            self._transport.write(_refusal(404) if page is None else _json(page))

    def _pixels_asked(self, body: bytes) -> None:
        if not self._turnstile.enter():
            self._transport.write(_refusal(429))
            return
        left, top = _X.search(body), _Y.search(body)
        number = number_at(float(left[1]), float(top[1])) if left and top else 0
        fate = self._service.spoilt.drawn(self._random.random())
        self._loop.call_later(self._service.latency, self._answer, number, fate)

    def _answer(self, number: int, fate: str) -> None:
        self._turnstile.leave(spoilt=bool(fate))
        if self._transport.is_closing():
            return
        if not fate:
            self._transport.writelines([_PIXELS, chip(number)])
        elif fate == "truncated":
            self._transport.writelines([_PIXELS, chip(number)[: CHIP_BYTES // 2]])
            self._transport.close()
        elif fate == "reset":
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()
        else:
            self._transport.write(_refusal(429 if fate == "busy" else 503))


def _run(service: Service, turnstile: Turnstile, port: int, seed: int, ready: Any) -> None:
    asyncio.run(_listen(service, turnstile, port, seed, ready))


async def _listen(service: Service, turnstile: Turnstile, port: int, seed: int, ready: Any) -> None:
    """Serves for ever."""
    document = json.dumps(at(load_document(), f"http://127.0.0.1:{port}")).encode()
    pages = {b"/$discovery/rest": document, b"/algorithms": wheel_file("algorithms.json")}
    random = Random(seed)  # noqa: S311 - draws faults, not secrets
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(service, turnstile, random, pages), sock=_bound(port), backlog=2000
    )
    ready.wait()
    await server.serve_forever()


def _bound(port: int) -> socket.socket:
    """A socket that shares its port with those of other processes; what connects is spread over them."""
    shared = socket.socket()
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    shared.bind(("127.0.0.1", port))
    return shared


def serve(service: Service) -> None:
    """Serve until standard input ends."""
    forked = multiprocessing.get_context("fork")
    turnstile, ready = Turnstile(service.quota), forked.Barrier(PROCESSES + 1, timeout=_START_SECONDS)
    with _bound(0) as reserved:
        port = reserved.getsockname()[1]
        workers = [
            forked.Process(
                target=lambda seed: asyncio.run(_listen(service, turnstile, port, seed, ready)), args=(seed,)
            )
            for seed in range(PROCESSES)
        ]
        for worker in workers:
            worker.start()
        ready.wait()
        print(f"http://127.0.0.1:{port}", flush=True)
        with suppress(EOFError):
            input()
        for worker in workers:
            worker.kill()


@contextmanager
def canned_pixels(service: Service) -> Iterator[str]:
    """The address of a server in processes of its own, ended on exit."""
    command = [sys.executable, "-m", "benchmarks.canned_pixels", json.dumps(asdict(service))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - asked for by stdout=PIPE
        yield process.stdout.readline().strip()


def counts_of(url: str) -> Counts:
    """What the server at this address saw so far."""
    with urllib.request.urlopen(f"{url}/counts", timeout=30) as answer:  # noqa: S310 - our own server
        return Counts(**json.load(answer))


def _service(text: str) -> Service:
    said = json.loads(text)
    return Service(said["latency"], Quota(**said["quota"]), Spoilt(**said["spoilt"]))


if __name__ == "__main__":
    serve(_service(sys.argv[1]))
