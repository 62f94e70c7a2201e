"""A proxy before a sandbox that remembers what a client asked for, when, and what it was answered.

What does not belong here: expectations. Faults are the sandbox's: a broken answer is passed on broken.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class _Server(ThreadingHTTPServer):
    """Takes many connections that are opened at the same time; the kernel drops those that wait beyond a few."""

    request_queue_size = 256
    daemon_threads = True


_NOT_PASSED = {"connection", "transfer-encoding", "keep-alive", "server", "date", "content-length"}


@dataclass(frozen=True)
class _Reply:
    """What the service answered."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes
    whole: bool
    """The service sent as much as it said."""


@dataclass(frozen=True)
class Asked:
    """One POST."""

    path: str
    body: Mapping[str, Any]
    began: float
    """`time.monotonic`."""
    ended: float
    status: int
    """0 if the connection broke."""

    @property
    def window(self) -> tuple[int, int, float, float]:
        """Of computePixels: width and height in pixels, left and top in CRS units."""
        size, place = self.body["grid"]["dimensions"], self.body["grid"]["affineTransform"]
        return size["width"], size["height"], place["translateX"], place["translateY"]


@dataclass
class Recorder:
    """A running proxy."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    under_way: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def taking(self) -> Iterator[list[Asked]]:
        """A request that is passed on; what is put into the list is remembered, before the client has its answer."""
        taken: list[Asked] = []
        with self._changed:
            self.under_way += 1
        try:
            yield taken
        finally:
            with self._changed:
                self.asked += taken
                self.under_way -= 1
                self._changed.notify_all()

    def pixels(self) -> list[Asked]:
        """Requests for pixels, in the order in which they ended; waits for what a killed client has left under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self.under_way, timeout=10)
        return self.pixels_so_far()

    def pixels_so_far(self) -> list[Asked]:
        """The same while others are under way."""
        return [entry for entry in self.asked if entry.path.endswith("image:computePixels")]

    def most_at_once(self) -> int:
        """How many requests for pixels were under way at the same time."""
        found = self.pixels()
        return max(sum(other.began <= entry.began < other.ended for other in found) for entry in found)


@contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """A proxy of the service at `upstream`, on a port of its own."""
    place = urlsplit(upstream)
    recorder = Recorder("")

    class Handler(BaseHTTPRequestHandler):
        """Passes one request on."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass("GET", b"")

        def do_POST(self) -> None:
            self._pass("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
            pass

        def _pass(self, method: str, body: bytes) -> None:
            reply = None
            with recorder.taking() as taken:
                began = time.monotonic()
                with suppress(OSError, http.client.HTTPException):
                    reply = self._reply(method, body)
                if method == "POST":
                    path, status = urlsplit(self.path).path, reply.status if reply and reply.whole else 0
                    taken.append(Asked(path, json.loads(body or b"{}"), began, time.monotonic(), status))
            self.close_connection = reply is None or not reply.whole
            if reply is not None:
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True

        def _reply(self, method: str, body: bytes) -> _Reply:
            upstream_connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            upstream_connection.request(method, self.path, body, headers)
            with closing(upstream_connection), upstream_connection.getresponse() as answer:
                length = answer.getheader("content-length")
                content, whole = _content(answer)
                kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED]
                return _Reply(answer.status, [*kept, ("Content-Length", length or str(len(content)))], content, whole)

        def _send(self, reply: _Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)

    server = _Server(("127.0.0.1", 0), Handler)
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _content(answer: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body as far as it came, and whether that is all."""
    try:
        return answer.read(), True
    except http.client.IncompleteRead as error:
        return error.partial, False
