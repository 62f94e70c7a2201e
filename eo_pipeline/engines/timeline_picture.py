"""A timeline as a small picture for a partition's metadata: a lane a worker, a bar an attempt.

What does not belong here: the numbers (`timeline`), encoding (`core.pictures`).
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from eo_pipeline.core.pictures import figure_png
from eo_pipeline.engines.outcomes import Ended
from eo_pipeline.engines.timeline import Bar, Timeline

COLOURS: dict[Ended, str] = {
    "done": "#4c8c5a",
    "failed": "#c0392b",
    "lost": "#e08e2b",
    "timed_out": "#8e44ad",
    "given_up": "#9aa5ad",
}
_NUMBERED = 40
"""Bars up to which each says its batch, and lanes up to which each says its worker."""
_NOBODY = "no worker"


def timeline_png(timeline: Timeline, *, title: str) -> bytes:
    """A PNG of at most core.pictures.MAX_BYTES.

    Args:
        timeline: of `timeline_of`; may be empty.
        title: above it; the totals follow.
    """
    lanes = [*timeline.workers, *([_NOBODY] if any(not bar.worker for bar in timeline.bars) else [])]
    figure = Figure(figsize=(7.0, min(8.0, 1.2 + 0.22 * len(lanes))), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    lane_of = {worker: lane for lane, worker in enumerate(lanes)}
    places = [(bar, lane_of[bar.worker or _NOBODY]) for bar in timeline.bars]
    corners = [
        [(bar.start, lane - 0.4), (bar.end, lane - 0.4), (bar.end, lane + 0.4), (bar.start, lane + 0.4)]
        for bar, lane in places
    ]
    colours = [COLOURS[bar.ended] for bar, _ in places]
    axes.add_collection(PolyCollection(corners, facecolors=colours, edgecolors="white", linewidths=0.5))
    if len(places) <= _NUMBERED:
        _number(axes, places)
    _dress(axes, timeline, lanes)
    figure.suptitle(f"{title}: {told(timeline)}", fontsize=9, fontweight="bold")
    return figure_png(figure)


def told(timeline: Timeline) -> str:
    """The totals in words."""
    batches = len({bar.number for bar in timeline.bars})
    words = f"{_many(batches, 'batch', 'batches')} in {timeline.seconds:.1f} s"
    words += f" on {_many(len(timeline.workers), 'worker', 'workers')}"
    again = f", {timeline.retries} tried again" if timeline.retries else ""
    return f"{words}, {timeline.worker_seconds:.1f} worker-seconds{again}"


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _number(axes: Axes, places: Sequence[tuple[Bar, int]]) -> None:
    for bar, lane in places:
        middle = (bar.start + bar.end) / 2
        axes.text(middle, lane, str(bar.number), ha="center", va="center", fontsize=6, color="white", clip_on=True)


def _dress(axes: Axes, timeline: Timeline, lanes: list[str]) -> None:
    named = lanes if len(lanes) <= _NUMBERED else []
    axes.set_yticks(range(len(named)), named, fontsize=6)
    axes.set_ylim(max(len(lanes), 1) - 0.5, -0.5)
    axes.set_xlim(0, timeline.seconds or 1.0)
    axes.tick_params(axis="x", labelsize=7)
    axes.set_xlabel("seconds", fontsize=7)
    kinds = [how for how in COLOURS if any(bar.ended == how for bar in timeline.bars)]
    if kinds:
        handles = [Patch(color=COLOURS[how], label=how.replace("_", " ")) for how in kinds]
        above = (1.0, 1.0)  # bars reach everywhere inside
        axes.legend(
            handles=handles,
            fontsize=6,
            frameon=False,
            ncols=len(kinds),
            loc="lower right",
            bbox_to_anchor=above,
            borderaxespad=0.1,
        )
