"""How far a partition is that is asked for piece by piece, as lines on the console.

What does not belong here: counts of partitions (`progress`).
"""

import time
from collections.abc import Callable, Mapping

from rich.console import Console

from eo_pipeline.cli.progress import SECONDS_BETWEEN_LINES
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener


def piece_lines(console: Console, clock: Callable[[], float] = time.monotonic) -> Mapping[str, PieceListener]:
    """The resource that prints how far a partition is that is asked for piece by piece: a line in some seconds."""
    last = clock()

    def hear(sentence: str) -> None:
        nonlocal last
        if clock() - last >= SECONDS_BETWEEN_LINES:
            last = clock()
            console.print(sentence, soft_wrap=True, markup=False, highlight=False)

    return {"piece_listener": PieceListener(hear)}
