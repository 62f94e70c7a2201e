"""A TCP proxy that loses the reply to chosen requests: they reach the server, the client sees a closed connection."""

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class LossyProxy:
    """Forwards to a server; loses replies while `patterns`, each used once, match the request's head."""

    server: tuple[str, int]
    listener: socket.socket
    patterns: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """First lines of the requests whose reply was lost."""

    @property
    def endpoint(self) -> str:
        host, port = self.listener.getsockname()
        return f"http://{host}:{port}"

    def serve(self) -> None:
        with suppress(OSError):  # raised by accept when the listener is closed: the end
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.server) as server, suppress(ConnectionError):
            losing = False
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(1 << 20)
                    if source is client:
                        losing = losing or self._loses(data)
                    if not data or (source is server and losing):
                        return
                    (server if source is client else client).sendall(data)

    def _loses(self, data: bytes) -> bool:
        for pattern in self.patterns:
            if re.match(pattern.encode(), data):
                self.patterns.remove(pattern)
                self.lost.append(data.partition(b"\r\n")[0].decode())
                return True
        return False


@contextmanager
def lossy(endpoint: str) -> Iterator[LossyProxy]:
    """A proxy in front of a server."""
    parts = urlsplit(endpoint)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = LossyProxy((parts.hostname or "", parts.port or 0), listener)
        thread = threading.Thread(target=proxy.serve, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
