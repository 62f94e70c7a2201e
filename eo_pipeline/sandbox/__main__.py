"""The sandbox as a program: `python -m eo_pipeline.sandbox --data DIR`.

What does not belong here: anything it serves.
"""

import argparse
import sys
from pathlib import Path

from eo_pipeline.sandbox.app import application
from eo_pipeline.sandbox.assembly import open_parts
from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.faults import parse_fault
from eo_pipeline.sandbox.frame.server import make_server
from eo_pipeline.sandbox.settings import Settings, load_settings


def parser() -> argparse.ArgumentParser:
    """The program's arguments."""
    arguments = argparse.ArgumentParser(
        prog="python -m eo_pipeline.sandbox",
        description="Earth Engine and Cloud Storage on this machine, for their unmodified clients.",
    )
    arguments.add_argument("--data", type=Path, required=True, help="folder of operations, objects and the journal")
    arguments.add_argument("--host", default="127.0.0.1", help="address to listen at (default: this machine only)")
    arguments.add_argument("--port", type=int, default=8900, help="port to listen at; 0 takes a free one")
    arguments.add_argument("--catalog", type=Path, help="YAML file of local rasters served under Earth Engine ids")
    arguments.add_argument("--settings", type=Path, help="YAML file of settings")
    arguments.add_argument("--speed", type=float, default=1.0, help="clock seconds per second; 0: only ticks count")
    arguments.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="'KIND NAME=VALUE ..'",
        help="something that goes wrong, e.g. 'status path=image:export status=503 count=2'; may be repeated",
    )
    arguments.add_argument("--bucket", action="append", default=[], help="bucket to make if missing; may be repeated")
    arguments.add_argument("--end-with-stdin", action="store_true", help="end when standard input closes")
    return arguments


_SWITCH_SECONDS = 0.0005
"""That one thread computes before another may: each call of a library may wait so long for Python's lock."""


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    arguments = parser()
    said = arguments.parse_args()
    try:
        settings = Settings() if said.settings is None else load_settings(said.settings)
        faults = [parse_fault(words) for words in said.fault]
        parts = open_parts(said.data, catalog=said.catalog, settings=settings, speed=said.speed, buckets=said.bucket)
    except (ValueError, OSError, CatalogFileError, ServiceError, StorageError) as error:
        arguments.error(str(error))
    server = make_server(application(parts, faults), host=said.host, port=said.port)
    if said.end_with_stdin:
        server.end_with_stdin()
    sys.setswitchinterval(_SWITCH_SECONDS)
    server.run()


if __name__ == "__main__":
    main()
