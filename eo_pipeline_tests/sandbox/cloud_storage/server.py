"""A real server of the storage routes alone, in a thread or (``python -m ...server ROOT PORT``) in a process.

Not here: faults and the journal, which the sandbox's application adds.
"""

import json
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from starlette.applications import Starlette

from eo_pipeline.sandbox.cloud_storage.routes import routes
from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline.sandbox.cloud_storage.store import Store, utc_now
from eo_pipeline.sandbox.cloud_storage.tokens import open_tokens


@dataclass
class Running:
    """A server that runs; assigning `settings` takes effect at the next request."""

    endpoint: str
    store: Store
    settings: CloudStorageSettings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    root: Path, settings: CloudStorageSettings | None = None, clock: Callable[[], datetime] = utc_now
) -> Iterator[Running]:
    port, store = free_port(), Store(root, clock)
    state = Running(f"http://127.0.0.1:{port}", store, settings or CloudStorageSettings())
    app = Starlette(routes=routes(store, lambda: state.settings, open_tokens(root, clock)))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start within 20 seconds"
            time.sleep(0.01)
        yield state
    finally:
        server.should_exit = True
        thread.join(20)
        store.close()


@contextmanager
def process(root: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server in a process of its own, for clients that hold Python's lock while they wait (GDAL); killed at last."""
    port = free_port()
    command = [sys.executable, "-m", __spec__.name if __spec__ else "", str(root), str(port)]
    with subprocess.Popen(command) as started:
        try:
            deadline = time.monotonic() + 120
            while not _listens(port):
                assert started.poll() is None, f"the server stopped with {started.returncode}"
                assert time.monotonic() < deadline, "the server did not listen within 120 seconds"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", started
        finally:
            started.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Key:
    """A service account's key file and the public half of its key, by key id."""

    path: Path
    public: dict[str, str]


def service_account_key(endpoint: str, folder: Path) -> Path:
    """Write a service-account key, as Google's console hands them out, whose addresses are the sandbox's."""
    return make_key(endpoint, folder).path


def make_key(endpoint: str, folder: Path, **more: object) -> Key:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_id = uuid.uuid4().hex
    account = {
        "type": "service_account",
        "project_id": "sandbox-project",
        "private_key_id": key_id,
        "private_key": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "client_email": "tester@sandbox-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{endpoint}/token",
        "gcs_base_url": endpoint,
        **more,
    }
    path = folder / f"{key_id}.json"
    path.write_text(json.dumps(account), encoding="utf-8")
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return Key(path, {key_id: public})


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=routes(Store(Path(sys.argv[1])))), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning"
    )
