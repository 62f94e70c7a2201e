"""`python -m eo_pipeline_tests.chaos`, which `make chaos` calls. What does not belong here: what is done."""

import secrets
import sys
import time
import traceback
from pathlib import Path

import click

from eo_pipeline_tests.chaos.chaos import Options, run
from eo_pipeline_tests.chaos.services import ServiceDiedError
from eo_pipeline_tests.chaos.watching import StalledError


@click.command()
@click.option("--seed", type=click.IntRange(min=0), help="Decides the storm.  [default: another one each time]")
@click.option("--partitions", type=click.IntRange(min=4), default=100, show_default=True, help="Areas times months.")
@click.option("--kills", type=click.IntRange(min=1), default=50, show_default=True, help="How many kill -9.")
@click.option("--seconds", type=float, default=1800.0, show_default=True, help="For the storm, and for calm after it.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path(".eo/chaos"), show_default=True, help="Made anew."
)
def main(*, seed: int | None, partitions: int, kills: int, seconds: float, folder: Path) -> None:
    """Kill the pipeline's processes at random while everything else goes wrong; then prove that nothing was lost."""
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f}  {line}")

    chosen = secrets.randbelow(10**6) if seed is None else seed
    try:
        verdict = run(Options(folder.absolute(), chosen, partitions, kills, seconds), say)
    except (StalledError, ServiceDiedError, TimeoutError) as error:
        traceback.print_exc()
        click.echo(f"Chaos won (seed {chosen}): {str(error).splitlines()[0]}")
        sys.exit(1)
    for line in verdict.lines():
        click.echo(line)
    sys.exit(1 if verdict.complaints else 0)


if __name__ == "__main__":
    main()
