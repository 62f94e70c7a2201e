"""`eo-pipeline measure ZONES SOURCE...`: statistics of zones over rasters or a cube, without a product.

What does not belong here: measuring them (`steps.zones.measure_files`).
"""

import os
from pathlib import Path

import click
from rich.console import Console

from eo_pipeline.cli.measured import print_measured
from eo_pipeline.cli.progress import shown_progress
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.core.settings import Settings
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.steps.zones.measure_files import Asked, measure_files


@click.command()
@click.argument("zones", type=click.Path(path_type=Path))
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--id", "id_column", required=True, help="Column that names the zones; unique.")
@click.option("--statistics", default="mean,count", show_default=True, help="Names, with commas between them.")
@click.option(
    "--rule",
    type=click.Choice(["center", "all_touched", "fractional"]),
    default="center",
    show_default=True,
    help="Pixels of a polygon: those whose centre is inside, all that it touches, or each by its covered share.",
)
@click.option("--bands", help="Names, with commas between them; band_2 is the second without a name.  [default: all]")
@click.option("--weights", type=click.Path(path_type=Path), help="Raster that weighted_mean weighs pixels by.")
@click.option(
    "--form",
    type=click.Choice(["wide", "long"]),
    default="wide",
    show_default=True,
    help="A column for each number of a zone, or a row.",
)
@click.option("--periods", metavar="A..B", help="Of a cube, for example 2024-01..2024-06, or one.  [default: all]")
@click.option("--geometry", is_flag=True, help="Keep the zones' shapes in the table, as GeoParquet.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Table: .parquet or .csv.")
def command(
    *,
    zones: Path,
    sources: tuple[str, ...],
    id_column: str,
    statistics: str,
    rule: str,
    bands: str | None,
    weights: Path | None,
    form: str,
    periods: str | None,
    out: Path,
    geometry: bool,
) -> None:
    """Measure zones over rasters or a cube, without a product or an account.

    ZONES is a file of polygons, points or lines in any CRS. SOURCE is one or more rasters on one lattice, measured as
    one; or one cube in Icechunk or plain Zarr (a folder, s3:// or gs://), whose table has a row for each zone and
    period.
    """
    quiet()
    console = Console()
    asked = Asked(
        id_column=id_column,
        statistics=_listed(statistics),
        rule=Rule(rule),
        bands=_listed(bands or ""),
        weights=weights,
        form="long" if form == "long" else "wide",
        geometry=geometry,
        periods=None if periods is None else _between(periods),
    )
    with shown_progress(console) as show:
        done = measure_files(
            zones,
            sources,
            asked,
            out,
            settings=Settings.from_mapping(os.environ),
            progress=lambda what, some, total: show({what: (some, total)}),
        )
    print_measured(done, console)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _between(text: str) -> tuple[str, str]:
    first, dots, last = text.partition("..")
    return first, last if dots else first
