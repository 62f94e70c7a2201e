"""`python -m eo_pipeline_tests.chaos_cubes.s3_server PORT`: moto's S3, which takes one change at a time and only whole.

moto looks at `If-Match` and stores in two steps, between which another thread may store, and takes half a body for a
whole one; S3 does neither. It ends when its standard input does. What does not belong here: killing it.
"""

import io
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

type Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_READING = ("GET", "HEAD")


def one_change_at_a_time(application: Application) -> Application:
    """The same application, called with whole bodies, and by one request at a time that changes something."""
    lock = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in _READING:
            return application(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        with lock:
            return application(environ | {"wsgi.input": io.BytesIO(body)}, start_response)

    return serve


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    moto: Any = DomainDispatcherApplication(create_backend_app)
    moto.debug = True
    run_simple(
        "127.0.0.1",
        int(sys.argv[1]),
        one_change_at_a_time(moto),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
