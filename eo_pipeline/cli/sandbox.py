"""`eo-pipeline sandbox`: becomes the sandbox's process.

What does not belong here: anything of the sandbox. It is reached over HTTP only and never imported.
"""

import os
import sys
from pathlib import Path

import click


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8085, show_default=True, help="Port on 127.0.0.1.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".eo/sandbox"),
    show_default=True,
    help="Folder for buckets and operations; made if missing.",
)
@click.option(
    "--catalog",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML that maps Earth Engine ids to local rasters. Without it: a small built-in world.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds of service time a second; 60 turns minutes into seconds.",
)
def command(port: int, data: Path, catalog: Path | None, speed: float | None) -> None:
    """Serve Earth Engine and Cloud Storage on this machine.

    The unmodified clients work against it, without an account. Stop it with Ctrl-C.
    """
    arguments = sandbox_arguments(port=port, data=data, catalog=catalog, speed=speed)
    os.execv(sys.executable, arguments)  # noqa: S606 - an argument list, so that a signal reaches the sandbox itself


def sandbox_arguments(*, port: int, data: Path, catalog: Path | None, speed: float | None) -> list[str]:
    """The command line of a sandbox process."""
    arguments = [sys.executable, "-m", "eo_pipeline.sandbox", "--port", str(port), "--data", str(data)]
    if catalog is not None:
        arguments += ["--catalog", str(catalog)]
    if speed is not None:
        arguments += ["--speed", str(speed)]
    return arguments
