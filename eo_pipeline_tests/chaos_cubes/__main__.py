"""`python -m eo_pipeline_tests.chaos_cubes`, for `make chaos-cubes`. What does not belong here: what is done."""

import secrets
import sys
import time
import traceback
from pathlib import Path
from typing import get_args

import click

from eo_pipeline_tests.chaos.services import ServiceDiedError
from eo_pipeline_tests.chaos_cubes.soak import Options, run
from eo_pipeline_tests.chaos_cubes.stores import Kind


@click.command()
@click.option("--seed", type=click.IntRange(min=0), help="Decides the storm.  [default: another one each time]")
@click.option("--store", type=click.Choice(get_args(Kind)), default="local", show_default=True, help="Of the cube.")
@click.option("--partitions", type=click.IntRange(min=1), default=200, show_default=True, help="Areas times months.")
@click.option("--kills", type=click.IntRange(min=1), default=60, show_default=True, help="How many kill -9.")
@click.option("--seconds", type=float, default=1800.0, show_default=True, help="For the storm.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path(".eo/chaos_cubes"), show_default=True, help="Made anew."
)
def main(*, seed: int | None, store: Kind, partitions: int, kills: int, seconds: float, folder: Path) -> None:
    """Kill writers, their workers and the store at random while a cube is written; then prove that nothing was lost."""
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f}  {line}")

    chosen = secrets.randbelow(10**6) if seed is None else seed
    options = Options(folder.absolute(), chosen, store, partitions=partitions, kills=kills, seconds=seconds)
    try:
        report = run(options, say)
    except (ServiceDiedError, TimeoutError) as error:
        traceback.print_exc()
        click.echo(f"Chaos won ({store}, seed {chosen}): {str(error).splitlines()[0]}")
        sys.exit(1)
    for line in report.lines():
        click.echo(line)
    sys.exit(1 if report.complaints else 0)


if __name__ == "__main__":
    main()
