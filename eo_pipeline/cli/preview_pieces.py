"""What `eo-pipeline preview` shows of chips, series and points. What does not belong here: computing it (`steps`)."""

import os
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import StorageError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.steps.previews.preview_chips import ChipsPreview, Places, preview_chips
from eo_pipeline.steps.previews.preview_rows import RowsOf, preview_points, preview_series
from eo_pipeline.steps.previews.preview_table import TablePreview


def show_pieces(session: Session, chain: Chain, area: str, period: Period, *, path: Path, console: Console) -> None:
    """Show one area and period of a product that is asked for piece by piece.

    Args:
        session: for interactive requests.
        chain: the product.
        area: its key.
        period: of the product.
        path: of the PNG of chips; the map of their places lies beside it.
        console: for the rest.
    """
    product, chosen = chain.product, chain.areas[area]
    of = RowsOf(product, chain.areas, chain.regions_file, chain.pieces_file)
    if product.chips is not None:
        places = Places(chain.areas, chain.regions_file, chain.pieces_file)
        _show_chips(preview_chips(session, product, places, chosen, period), path, console)
    elif product.series is not None:
        print_rows(preview_series(session, of, chosen, period), console)
    else:
        print_rows(preview_points(session, of, chosen, period), console)


def _show_chips(found: ChipsPreview, path: Path, console: Console) -> None:
    if found.planned is None:
        console.print("No image is left after the filters.")
        return
    listed = "" if found.images is None else f" from {found.images} images"
    console.print(f"{len(found.planned.work):,} chips{listed}")
    for note in found.planned.notes:
        console.print(note, soft_wrap=True, markup=False)
    if not found.sheet:
        return
    beside = path.with_name(f"{path.stem}_places{path.suffix}")
    for file, picture in ((beside, found.places), (path, found.sheet)):
        write_picture(file, picture)
    console.print(f"Places: {os.path.relpath(beside)}")
    console.print(f"First chips: {os.path.relpath(path)}")


def write_picture(path: Path, picture: bytes) -> None:
    """Write a PNG.

    Raises:
        StorageError: it may not be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture)
    except OSError as error:
        raise StorageError(
            f"expected to write {path}, got: {error.strerror}; choose another file with --out"
        ) from error


def print_rows(found: TablePreview, console: Console) -> None:
    """The first rows as a table."""
    if not found.rows:
        console.print("There are no rows.")
        return
    table = Table(*found.columns, box=None, pad_edge=False)
    for row in found.rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
    console.print("There are more rows." if found.has_more else f"That is all: {len(found.rows)} rows.")
