"""`python -m eo_pipeline_tests.chaos_cubes.relay PORT TARGET_PORT`: passes bytes on between two ports of this machine.

A store that keeps all in memory cannot be killed; this can: every connection breaks, wherever its request or its reply
was. What does not belong here: losing chosen replies (`sandbox.cloud_storage.proxy`).
"""

import select
import socket
import sys
import threading
from contextlib import suppress


def relay(port: int, target: int) -> None:
    """Pass on for ever."""
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_forward, args=(client, target), daemon=True).start()


def _forward(client: socket.socket, target: int) -> None:
    with client, suppress(OSError), socket.create_connection(("127.0.0.1", target)) as server:
        other = {client: server, server: client}
        while True:
            ready, _, _ = select.select([client, server], [], [])
            for source in ready:
                data = source.recv(1 << 16)
                if not data:
                    return
                other[source].sendall(data)


if __name__ == "__main__":
    relay(int(sys.argv[1]), int(sys.argv[2]))
