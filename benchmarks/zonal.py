"""Zonal statistics: 3,000 polygons on 8,000 x 8,000 pixels; ours beside rasterstats, exactextract and plain reading.

Of float32 values: count, mean, standard deviation, least and largest. By pixel centres beside rasterstats, by covered
shares beside exactextract, both in one process as they come; ours with four threads, and with one and two in a line of
their own. A second date of the same grid, whose covered shares are known, stands beside reading the raster. A million
small polygons that cover the raster are measured for memory: a sample of them is compared, and all counts together are
the raster's pixels. Answers are compared before anything is timed; the benchmark fails if they differ by more than a
line says.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.aims import Aim
from benchmarks.harness import Json, Side, in_turn, measure
from benchmarks.lines import Cost, Line, faster
from benchmarks.peer_environments import Python, peer_python
from benchmarks.zones.answers import STATISTICS, Answers, differences, read_answers
from benchmarks.zones.ground import Ground, Size
from benchmarks.zones.scenes import valid_pixels, write_polygons, write_raster, write_small_polygons

THREADS = (1, 2, 4)
EXACT: Mapping[str, float] = dict.fromkeys(STATISTICS, 0.0)
CENTER: Mapping[str, float] = {**EXACT, "mean": 1e-6, "std": 1e-6}
"""By how much answers may differ from rasterstats', relatively: it takes means of float32 in float32."""
FRACTIONAL: Mapping[str, float] = dict.fromkeys(STATISTICS, 1e-6)
SAME: Mapping[str, float] = dict.fromkeys(STATISTICS, 1e-12)
"""The same of ours by any number of threads, and with or without a cache: sums may be taken in another order."""
CPU_RATIO, RATIO, FRACTIONAL_RATIO, TIMES_READING, PEAK_MB = 10, 20, 2.5, 1.5, 2000

FULL = Size(pixels=8000, zones=3000, across=1000, sample=2000, rounds=3)


def comparisons(size: Size = FULL, python: Python = peer_python) -> Iterator[Line]:
    """Both rules beside their peers and by threads, the second date, and very many polygons."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        raster, later = (write_raster(folder / f"{seed}.tif", size.pixels, seed) for seed in (1, 2))
        zones = write_polygons(folder / "zones.fgb", size.pixels, size.zones)
        ground = Ground(folder, raster, later, zones, size, python)
        for make in (centres, shares, threads_by_centres, threads_by_shares, later_date, very_many):
            yield make(ground)


def centres(ground: Ground) -> Line:
    """By pixel centres, beside rasterstats."""
    line = _beside(ground, "center", "rasterstats", CENTER)
    assert line.theirs is not None  # noqa: S101 - it was measured
    cpu = Aim("times rasterstats in CPU time", line.theirs.cpu_s / line.ours.cpu_s, least=CPU_RATIO)
    return replace(line, must=(faster("rasterstats", line.ours, line.theirs, RATIO), cpu))


def shares(ground: Ground) -> Line:
    """By covered shares, beside exactextract."""
    line = _beside(ground, "fractional", "exactextract", FRACTIONAL)
    assert line.theirs is not None  # noqa: S101 - it was measured
    return replace(line, must=(faster("exactextract", line.ours, line.theirs, FRACTIONAL_RATIO),))


def threads_by_centres(ground: Ground) -> Line:
    """Scaling by pixel centres."""
    return _threads(ground, "center")


def threads_by_shares(ground: Ground) -> Line:
    """Scaling by covered shares."""
    return _threads(ground, "fractional")


def later_date(ground: Ground) -> Line:
    """A second date whose covered shares the first one left, beside reading its raster."""
    threads, cache = THREADS[-1], {"cache": str(ground.folder / "cache")}
    measure(ground.ours("fractional", threads, **cache))
    later = {"raster": str(ground.later)}
    alone, known = ground.ours("fractional", 1, **later), ground.ours("fractional", threads, **later, **cache)
    told = _compared(alone, known, SAME)
    name = f"second date of {ground.size.zones} polygons by covered shares, {threads} threads"
    mine, floor = in_turn(name, [known, ground.reading(ground.later, threads)], ground.size.rounds)
    ours, limit = Cost.of(mine), Cost.of(floor)
    reading = Aim("times reading the raster", ours.seconds / limit.seconds, most=TIMES_READING)
    return Line(name, ours, "", None, limit, equal=told["equal"], must=(reading,), told=told)


def very_many(ground: Ground) -> Line:
    """Very many small polygons; how much memory they take."""
    size = ground.size
    zones = {"zones": str(write_small_polygons(ground.folder / "small.fgb", size.pixels, size.across))}
    ours, peer = (
        ground.ours("fractional", THREADS[-1], **zones),
        ground.peer("exactextract", **zones, first=size.sample),
    )
    once = measure(ours)
    told = _compared(ours, peer, FRACTIONAL, measured=True)
    counted, there = float(_answers(ours)[0].sum()), valid_pixels(ground.raster)
    missed = abs(counted - there) / there
    told |= {"sample": size.sample, "pixels": there, "relative_difference_of_all_counts": missed}
    equal = told["equal"] and missed <= FRACTIONAL["count"]
    cost = Cost.of([once])
    peak = Aim("peak MB", cost.peak_mb, most=PEAK_MB)
    return Line(f"{size.across**2} small polygons", cost, "", None, None, equal=equal, must=(peak,), told=told)


def _beside(ground: Ground, rule: str, peer: str, tolerance: Mapping[str, float]) -> Line:
    """Ours with all threads beside a peer in one process."""
    threads = THREADS[-1]
    ours, other = ground.ours(rule, threads), ground.peer(peer)
    told = _compared(ours, other, tolerance)
    name = f"{ground.size.zones} polygons on {ground.size.pixels}^2 by the rule {rule}, {threads} threads"
    sides = [ours, other, ground.reading(ground.raster, threads)]
    mine, theirs, floor = (Cost.of(measured) for measured in in_turn(name, sides, ground.size.rounds))
    return Line(name, mine, peer, theirs, floor, equal=told["equal"], told=told)


def _threads(ground: Ground, rule: str) -> Line:
    """Ours by one thread and by more; the cost is that of most."""
    name = f"{ground.size.zones} polygons by the rule {rule}, {', '.join(map(str, THREADS))} threads"
    sides = [ground.ours(rule, threads) for threads in THREADS]
    told = _compared(sides[-1], sides[0], SAME)
    costs = [Cost.of(measured) for measured in in_turn(name, sides, ground.size.rounds)]
    told["threads"] = {
        str(threads): {"seconds": cost.seconds, "cpu_s": cost.cpu_s, "times_one": costs[0].seconds / cost.seconds}
        for threads, cost in zip(THREADS, costs, strict=True)
    }
    return Line(name, costs[-1], "", None, None, equal=told["equal"], told=told)


def _compared(ours: Side, other: Side, tolerance: Mapping[str, float], *, measured: bool = False) -> dict[str, Json]:
    """The largest relative difference of each statistic; runs both sides, ours only if it was not `measured`."""
    if not measured:
        measure(ours)
    measure(other)
    found = differences(_answers(ours), _answers(other))
    equal = all(found[name] <= tolerance[name] for name in found)
    return {"equal": equal, "largest_relative_difference": found, "tolerance": dict(tolerance)}


def _answers(side: Side) -> Answers:
    return read_answers(Path(side.arguments["answers"]))
