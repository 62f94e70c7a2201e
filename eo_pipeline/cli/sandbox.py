"""`eo-pipeline sandbox`: becomes the sandbox's process.

What does not belong here: anything of the sandbox. It is reached over HTTP only and never imported.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from eo_pipeline.cli.processes import why_taken
from eo_pipeline.errors import SettingsError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8900, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".eo/sandbox"),
    show_default=True,
    help="Folder for buckets, operations and the journal; made if missing.",
)
@click.option(
    "--catalog", type=FILE, help="YAML of local rasters by Earth Engine id.  [default: a small built-in world]"
)
@click.option("--settings", type=FILE, help="YAML of the service's settings.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Service seconds a second: with 60, minutes pass in seconds.",
)
@click.option("--bucket", "buckets", multiple=True, help="Bucket of Cloud Storage to make if missing; may be repeated.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="'KIND NAME=VALUE ..'",
    help="Something that goes wrong, e.g. 'status path=image:export status=503 count=2'; may be repeated.",
)
def command(
    *,
    port: int,
    data: Path,
    catalog: Path | None,
    settings: Path | None,
    speed: float,
    buckets: tuple[str, ...],
    faults: tuple[str, ...],
) -> None:
    """Serve Earth Engine, Cloud Storage, Drive and STAC on this machine.

    The unmodified clients work against it, without an account. Stop it with Ctrl-C.
    """
    _check_port(port)
    arguments = sandbox_arguments(
        port=port, data=data, catalog=catalog, settings=settings, speed=speed, buckets=buckets, faults=faults
    )
    os.execv(sys.executable, arguments)  # noqa: S606 - an argument list, so that a signal reaches the sandbox itself


def _check_port(port: int) -> None:
    if reason := why_taken(port):
        raise SettingsError(
            f"--port: expected a port that can be listened at, got {port} ({reason}); another sandbox may "
            "run there: use it, end it, or choose another port"
        )


def sandbox_arguments(
    *,
    port: int,
    data: Path,
    speed: float,
    catalog: Path | None = None,
    settings: Path | None = None,
    buckets: Sequence[str] = (),
    faults: Sequence[str] = (),
) -> list[str]:
    """The command line of a sandbox process; speed is in service seconds a second."""
    arguments = [sys.executable, "-m", "eo_pipeline.sandbox"]
    arguments += ["--port", str(port), "--data", str(data), "--speed", str(speed)]
    if catalog is not None:
        arguments += ["--catalog", str(catalog)]
    if settings is not None:
        arguments += ["--settings", str(settings)]
    for bucket in buckets:
        arguments += ["--bucket", bucket]
    for fault in faults:
        arguments += ["--fault", fault]
    return arguments
