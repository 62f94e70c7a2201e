"""Downloads of chips: this project's requests beside the well-known recipe, the quota, and a server's ceiling.

A server of canned chips (256 x 256 pixels, red, green, blue, 197 kB) answers each request after 1.5 s or 0.1 s. Both
sides decode every chip and take its CRC32C, which is compared with what the server holds; with the recipe beside it
they write it too. Under the service's default quota (40 at once, 100 a second) the limit is what the quota allows.
With the quota lifted it is what the same server sends to processes that do next to no work a request; beside it stand
what one such process gets, and what one event loop of aiohttp gets that throws the bytes away. Ours begins every time
knowing nothing of the quota; the recipe's processes are started before its clock. A rate is chips over seconds from the
first call to the last chip: ramp-up is in it. Where fewer chips are fetched than planned, what was under way at the end
counts as requested, too. A line whose aim is missed says so in `met`; the benchmark fails if chips
are missing or wrong.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from benchmarks.aims import Aim, rounded
from benchmarks.canned_pixels import Service, Spoilt, canned_pixels, counts_of
from benchmarks.canned_quota import Counts, Quota
from benchmarks.chip_clients import checksum, held
from benchmarks.harness import Json, Measurement, Side, measure

DEFAULT, LIFTED = Quota(at_once=40, per_second=100), Quota()
"""The service's default quota (https://developers.google.com/earth-engine/guides/usage), and none."""
SPOILT = Spoilt(busy=0.025, unavailable=0.025, reset=0.025, truncated=0.025)
SLOW, FAST = 1.5, 0.1
UNDER_QUOTA = ((SLOW, 1200, 600), (FAST, 2500, 1000))
"""Latency in seconds, chips for ours, chips for the recipe."""
LIFTED_CHIPS, LIFTED_RECIPE_CHIPS = 5000, 500
PLANNED, FETCHED = 100_000, 20_000
SPOILT_CHIPS = 2000
LOADS = ((1, 400), (1, 1000), (2, 1000), (3, 1200))
"""Processes of the plain load, and its requests at once: the best of them is the server's ceiling."""
BARE_AT_ONCE = 400
FLAT_MB = 20
"""That memory may grow by. It swings by the replies that are read at once, a chip each, so medians are compared."""
_RECIPE, _QUOTA, _CEILING = "recipe", "quota", "server's ceiling"
_ONE_PROCESS, _BARE = "the same with one client process", "one bare event loop"


@dataclass(frozen=True)
class Rate:
    """What something else reaches in the same run.

    Attributes:
        chips: that it fetched; 0 for a limit that is computed.
        per_s: chips a second.
        refused: of its requests, over the quota.
        ours: our rate as a multiple of this one.
    """

    chips: int
    per_s: float
    refused: int
    ours: float


@dataclass(frozen=True)
class Line:
    """One line of the result.

    Attributes:
        name: what was done.
        chips: that ours fetched.
        per_s: chips a second of ours.
        beside: what else reaches how much, by its name.
        requests: of ours, as the server counted them.
        refused: of those, over the quota.
        most_at_once: of ours, as the server saw them.
        peak_mb: highest resident memory of ours, MB (1e6 bytes).
        grown_mb: its median over the second half of the chips, less that from a tenth of them to half.
        aim: what the line is to reach.
        equal: True if all chips of both sides came and are those that the server holds.
    """

    name: str
    chips: int
    per_s: float
    beside: Mapping[str, Rate]
    requests: int
    refused: int
    most_at_once: int
    peak_mb: float
    grown_mb: float
    aim: Aim
    equal: bool

    def to_json(self) -> str:
        """One line; numbers with four significant digits."""
        aim = {key: value for key, value in asdict(self.aim).items() if value is not None}
        return json.dumps(rounded({**asdict(self), "aim": aim, "met": self.aim.met}))


@dataclass(frozen=True)
class Run:
    """One side against a server of its own.

    Attributes:
        measurement: of the side, whose answer has seconds, checksums by the chip's number and, of ours, memory_mb.
        counts: of the server.
    """

    measurement: Measurement
    counts: Counts

    @property
    def checksums(self) -> Mapping[str, int]:
        """Of the chips, by their numbers."""
        found: Mapping[str, int] = self.measurement.answer["checksums"]
        return found

    @property
    def per_s(self) -> float:
        """Chips a second."""
        return len(self.checksums) / float(self.measurement.answer["seconds"])

    @property
    def grown_mb(self) -> float:
        """Median resident memory over the second half of the chips, less that from a tenth of them to half."""
        memory: list[float] = self.measurement.answer["memory_mb"]
        tenth, half = len(memory) // 10, len(memory) // 2
        return statistics.median(memory[half:]) - statistics.median(memory[tenth:half])

    def right(self, count: int) -> bool:
        """Whether so many chips came, each as the server holds it."""
        found = self.checksums.items()
        return len(found) == count and all(checksum(held(int(number))) == value for number, value in found)

    def beside(self, ours: "Run") -> Rate:
        """As what stands beside ours."""
        return Rate(len(self.checksums), self.per_s, self.counts.refused, ours.per_s / self.per_s)


def comparisons() -> Iterator[Line]:
    """Under the quota, without it, and with spoilt answers."""
    for latency, count, recipe_count in UNDER_QUOTA:
        yield under_quota(latency, count, recipe_count)
    yield against_recipe()
    yield from against_ceiling()
    yield spoilt()


def under_quota(latency: float, count: int, recipe_count: int) -> Line:
    """Ours and the recipe under the default quota."""
    service = Service(latency, DEFAULT)
    mine, theirs = run_ours(service, count), run_recipe(service, recipe_count)
    allowed = count / DEFAULT.seconds(count, latency)
    share = mine.per_s / allowed
    return _line(
        f"{count} chips, {latency} s latency, 40 at once and 100 a second",
        mine,
        Aim("share of what the quota allows", share, least=0.9),
        beside={_QUOTA: Rate(0, allowed, 0, share), _RECIPE: theirs.beside(mine)},
        equal=mine.right(count) and theirs.right(recipe_count),
    )


def against_recipe() -> Line:
    """Ours and the recipe without a quota, slow answers."""
    mine = run_ours(Service(SLOW), LIFTED_CHIPS)
    theirs = run_recipe(Service(SLOW), LIFTED_RECIPE_CHIPS)
    beside = theirs.beside(mine)
    return _line(
        f"{LIFTED_CHIPS} chips, {SLOW} s latency, no quota",
        mine,
        Aim("times the recipe", beside.ours, least=10),
        beside={_RECIPE: beside},
        equal=mine.right(LIFTED_CHIPS) and theirs.right(LIFTED_RECIPE_CHIPS),
    )


def against_ceiling() -> Iterator[Line]:
    """Ours and the server's ceiling without a quota, fast answers, nothing written; then memory in the same run."""
    service = Service(FAST)
    mine = run_ours(service, FETCHED, planned=PLANNED, write=False)
    ceilings = {load: _plain(service, *load) for load in LOADS}
    rates = {
        _CEILING: max(ceilings.values()),
        _ONE_PROCESS: max(rate for (processes, _), rate in ceilings.items() if processes == 1),
        _BARE: _bare(service),
    }
    beside = {name: Rate(FETCHED, rate, 0, mine.per_s / rate) for name, rate in rates.items()}
    name, equal = f"{FETCHED} of {PLANNED} chips, {FAST} s latency, no quota", mine.right(FETCHED)
    share = Aim("share of the server's ceiling", beside[_CEILING].ours, least=0.9)
    yield _line(name, mine, share, beside=beside, equal=equal)
    flat = Aim("MB grown", mine.grown_mb, most=FLAT_MB)
    yield _line(f"memory of {name}", mine, flat, beside={}, equal=equal)


def spoilt() -> Line:
    """Ours under the default quota, a tenth of the answers spoilt."""
    mine = run_ours(Service(FAST, DEFAULT, SPOILT), SPOILT_CHIPS)
    return _line(
        f"{SPOILT_CHIPS} chips, a tenth of the answers spoilt, {FAST} s latency, 40 at once and 100 a second",
        mine,
        Aim("requests a chip", mine.counts.requests / SPOILT_CHIPS, most=1.3),
        beside={},
        equal=mine.right(SPOILT_CHIPS) and mine.counts.spoilt > SPOILT_CHIPS * 0.05,
    )


def run_ours(service: Service, count: int, *, planned: int | None = None, write: bool = True) -> Run:
    """This project's side."""
    return _run(service, "ours", "benchmarks.chip_asks", {"count": count, "planned": planned}, write=write)


def run_recipe(service: Service, count: int) -> Run:
    """The recipe."""
    return _run(service, "recipe", "benchmarks.chip_clients", {"count": count}, write=True)


def _run(service: Service, function: str, module: str, arguments: Json, *, write: bool) -> Run:
    with canned_pixels(service) as url, tempfile.TemporaryDirectory() as folder:
        return Run(
            _measured(function, module, {**arguments, "url": url, "folder": folder if write else None}), counts_of(url)
        )


def _plain(service: Service, processes: int, at_once: int) -> float:
    return _thrown_away(service, "plain_load", processes=processes, at_once=at_once)


def _bare(service: Service) -> float:
    return _thrown_away(service, "one_loop", at_once=BARE_AT_ONCE)


def _thrown_away(service: Service, function: str, **arguments: int) -> float:
    with canned_pixels(service) as url:
        done = _measured(function, "benchmarks.chip_clients", {**arguments, "url": url, "count": FETCHED})
    return FETCHED / float(done.answer["seconds"])


def _measured(function: str, module: str, arguments: Json) -> Measurement:
    told = ", ".join(f"{name} {value}" for name, value in arguments.items() if name not in {"url", "folder"} and value)
    print(f"{function}: {told}", file=sys.stderr, flush=True)
    return measure(Side(function, module, function, arguments))


def _line(name: str, mine: Run, aim: Aim, *, beside: Mapping[str, Rate], equal: bool) -> Line:
    counts = mine.counts
    return Line(
        name=name,
        chips=len(mine.checksums),
        per_s=mine.per_s,
        beside=beside,
        requests=counts.requests,
        refused=counts.refused,
        most_at_once=counts.most_at_once,
        peak_mb=mine.measurement.peak_mb,
        grown_mb=mine.grown_mb,
        aim=aim,
        equal=equal,
    )
