"""`python -m eo_pipeline_tests.published`, which `make published` calls: both published examples, whole.

What does not belong here: the products (`docs/examples`), and reading what they left (`products`).
"""

import sys
import tempfile
import time
from pathlib import Path

import click

from eo_pipeline.cli.init import make_project
from eo_pipeline_tests.end_to_end.command_line import UserProject
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.processes import running_sandbox
from eo_pipeline_tests.published.products import ECOREGIONS, call, chips_of, declare, outlines, series_of
from eo_pipeline_tests.sandbox.clients import initialize

REGIONS = (1, 2, 3, 4)
CHIPS_PERIOD, SERIES_PERIOD = "2024-07", "2024-01"


@click.command()
@click.argument("examples", nargs=-1, type=click.Choice(["chips", "series"]))
@click.option("--folder", type=click.Path(path_type=Path), help="Of everything it makes.  [default: a new one]")
@click.option("--count", type=int, default=1000, show_default=True, help="Chips of each ecoregion.")
@click.option("--resolution", type=float, default=0.01, show_default=True, help="Of the series, degrees a pixel.")
def main(examples: tuple[str, ...], *, folder: Path | None, count: int, resolution: float) -> None:
    """Run the two published examples of fast downloads, or one of them, and look at all that they left.

    EXAMPLES are chips (a thousand in each of four ecoregions) and series (temperature of every district of Africa).
    """
    place = folder or Path(tempfile.mkdtemp(prefix="eo-published-"))
    make_project(place / "project")
    with running_sandbox(place / "sandbox", buckets=[BUCKET]) as sandbox:
        project = UserProject(place / "project", sandbox.url)
        initialize(sandbox)
        wrong = 0
        if "chips" in examples or not examples:
            wrong += _chips(project, count)
        if "series" in examples or not examples:
            wrong += _series(project, resolution)
    click.echo(f"All of it is in {place}")
    sys.exit(1 if wrong else 0)


def _chips(project: UserProject, count: int) -> bool:
    """Whether anything is wrong."""
    declare(project, "rgb_chips", chips={"count": count})
    wanted = [text for one in REGIONS for text in ("--where", f"ECO_ID={one}")]
    failed = call(project, "features", ECOREGIONS, "regions/ecoregions.gpkg", *wanted)
    began = time.monotonic()
    failed = failed or call(project, "run", "rgb_chips", "--partitions", CHIPS_PERIOD)
    seconds = time.monotonic() - began
    shapes = outlines(REGIONS)
    found = {one: chips_of(project.folder / "data", one, CHIPS_PERIOD, shapes[one]) for one in REGIONS}
    for one, chips in found.items():
        click.echo(f"ecoregion {one}: {chips.rows} chips, {chips.right} right; {'; '.join(chips.problems[:5])}")
    right = sum(chips.right for chips in found.values())
    click.echo(f"chips: {right} of {count * len(REGIONS)} right, {seconds:.0f} s, {right / seconds:.1f} a second")
    return bool(failed) or right < 0.99 * count * len(REGIONS)


def _series(project: UserProject, resolution: float) -> bool:
    """Whether anything is wrong."""
    declare(project, "lst_districts", area={"resolution": resolution})
    began = time.monotonic()
    failed = call(project, "run", "lst_districts", "--partitions", SERIES_PERIOD)
    seconds = time.monotonic() - began
    rows = series_of(project.folder / "data", SERIES_PERIOD)
    districts, images = rows["ADM2_CODE"].nunique(), rows["image"].nunique()
    measured = int(rows["LST_Day_1km_mean"].notna().sum())
    click.echo(
        f"series: {len(rows)} rows of {districts} districts, {images} images; {measured} with a mean; {seconds:.0f} s"
    )
    return bool(failed) or len(rows) != districts * images or districts < 2000


if __name__ == "__main__":
    main()
