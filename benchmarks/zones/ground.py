"""Files of one run, and who measures them: this project, its peers and the limit as sides that the harness can measure.

Does not belong here: what they have to reach.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Json, Side
from benchmarks.peer_environments import Python


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        pixels: along each side of the raster.
        zones: polygons of all sizes.
        across: small polygons along each side.
        sample: of the small ones that a peer measures, too.
        rounds: how often each side is timed.
    """

    pixels: int
    zones: int
    across: int
    sample: int
    rounds: int


@dataclass(frozen=True)
class Ground:
    """Files of one run.

    Attributes:
        folder: of all of them.
        raster: of the first date.
        later: of the second date, on the same grid.
        zones: polygons of all sizes.
        size: of it all.
        python: interpreters of peers.
    """

    folder: Path
    raster: Path
    later: Path
    zones: Path
    size: Size
    python: Python

    def ours(self, rule: str, threads: int, **other: str) -> Side:
        """Our side; `other` replaces zones or raster, or names a cache."""
        wanted = self._wanted(f"ours-{rule}-{threads}", **other) | {"rule": rule, "threads": threads}
        return Side(f"ours, {threads} threads", "benchmarks.zones.ours", "ours", wanted, prepare="load")

    def peer(self, name: str, **other: Json) -> Side:
        """A peer's side."""
        python = self.python("rasters")
        return Side(name, "benchmarks.zones.peers", name, self._wanted(name, **other), python=python)

    def reading(self, raster: Path, threads: int) -> Side:
        """The limit."""
        return Side("reading", "benchmarks.zones.limits", "reading", {"raster": str(raster), "threads": threads})

    def _wanted(self, name: str, **other: Json) -> dict[str, Json]:
        files = {"zones": self.zones, "raster": self.raster, "answers": self.folder / f"{name}.npy"}
        return {key: str(path) for key, path in files.items()} | other
