"""`eo-pipeline preview PRODUCT`: true pixels of a small window as a picture, the first chips, or the first rows.

What does not belong here: computing them (`steps.previews.preview`).
"""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from eo_pipeline.cli.preview_pieces import print_rows, show_pieces, write_picture
from eo_pipeline.cli.project import find_project
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.cli.selection import areas_named
from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.errors import KeyFormatError, SettingsError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.steps.cubes.preview_scenes import preview_scenes
from eo_pipeline.steps.cubes.preview_tiles import preview_tiles
from eo_pipeline.steps.previews.preview import Preview, preview, preview_picture
from eo_pipeline.steps.previews.preview_table import preview_table


@click.command()
@click.argument("product")
@click.option("--area", help="Key of an area.  [default: the first]")
@click.option("--period", help="Key of a period, for example 2024-06.  [default: the first]")
@click.option("--side", type=click.IntRange(16, 2048), default=512, show_default=True, help="Longest side, px.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="PNG to write.  [default: previews/...png]"
)
def command(product: str, area: str | None, period: str | None, side: int, out: Path | None) -> None:
    """Show the true pixels of a small window, the first chips, or the first rows of a table, before any task.

    The same recipe as the export, computed at once by Earth Engine; nothing is queued. Of what is composed or copied
    here: a coarse look at a whole area, from overviews.
    """
    quiet()
    chain = find_project(Path.cwd()).chain(product)
    key = areas_named([area] if area else [], chain)[0]
    chosen = _period(chain, period)
    console = Console()
    path = out or Path("previews") / f"{product}_{key}_{chosen.key}.png"
    if chain.product.made_here:
        _show(_made_here(chain, key, chosen, side), chain, key, chosen, path, console)
        return
    session = connect(environment(), interactive=True)
    if chain.product.table is not None:
        print_rows(preview_table(session, chain.product.name, chain.product.table, chain.areas[key], chosen), console)
        return
    if chain.product.pieces not in (None, "zones"):
        show_pieces(session, chain, key, chosen, path=path, console=console)
        return
    found = preview(session, chain.product, chain.areas[key], chosen, side=side)
    _show(found, chain, key, chosen, path, console)


def _made_here(chain: Chain, key: str, period: Period, side: int) -> Preview:
    """All of an area in pixels so coarse that it is soon composed, or copied."""
    product, geobox, scenes = chain.product, chain.areas[key].geobox, ScenesResource()
    if product.place == "tiles":
        return preview_tiles(product.bands, geobox, period, scenes.tiles(chain), side=side)
    return preview_scenes(product, geobox, period, scenes.source(chain), side=side)


def _show(  # noqa: PLR0917  # what is shown, and of what
    found: Preview, chain: Chain, key: str, period: Period, path: Path, console: Console
) -> None:
    if not found.pixels:
        console.print(f"No image of {key} in {period.key} is left after the filters.")
        return
    write_picture(path, preview_picture(found, chain.product, title=f"{chain.product.name} · {key} · {period.key}"))
    _print(found, console, of="tiles" if chain.product.place == "tiles" else "images")
    console.print(f"Picture: {os.path.relpath(path)}")


def _period(chain: Chain, key: str | None) -> Period:
    declared = chain.product.period
    if key is None:
        return declared.rule.containing(declared.starts_at)
    try:
        period = chain.period(key)
    except KeyFormatError as error:
        first = declared.rule.containing(declared.starts_at).key
        raise SettingsError(f"--period: expected a period of the product such as {first}, got {key!r}") from error
    if period.start < declared.starts_at or (declared.ends_at is not None and period.start >= declared.ends_at):
        until = "" if declared.end is None else f", until before {declared.end}"
        raise SettingsError(f"--period: expected a period of the product, from {declared.start}{until}, got {key!r}")
    return period


def _print(found: Preview, console: Console, *, of: str) -> None:
    height, width = found.geobox.shape
    listed = "" if found.images is None else f" from {found.images} {of}"
    console.print(f"{width} x {height} pixels of {found.geobox.crs}{listed}")
    table = Table(box=None, pad_edge=False)
    for heading in ("band", "usable", "min", "max"):
        table.add_column(heading, justify="left" if heading == "band" else "right")
    for band in found.summaries:
        low, high = ("-" if v is None else f"{v:.6g}" for v in (band.minimum, band.maximum))
        table.add_row(band.name, f"{band.valid_share:.1%}", low, high)
    console.print(table)
