"""The process that serves: listens, says when it is ready, and ends cleanly on a signal. Not here: what is served."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from eo_pipeline.sandbox.frame.connections import BreakableProtocol

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """Uvicorn that prints one line once it listens, and for which a signal is an ordinary end."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say where."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stdout.write(f"sandbox ready at http://{host}:{port}\n")
        sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM without raising them again afterwards."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def end_with_stdin(self) -> None:
        """End when standard input closes, as it does when the starting process dies."""

        def wait() -> None:
            while os.read(sys.stdin.fileno(), 4096):  # unbuffered: the interpreter ends while this thread waits
                pass
            self.should_exit = True

        threading.Thread(target=wait, name="sandbox-stdin", daemon=True).start()


def make_server(app: ASGIApp, *, host: str, port: int) -> Server:
    """A server of an application; port 0 takes a free one."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BreakableProtocol,
        loop="asyncio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return Server(config)
