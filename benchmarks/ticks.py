"""What a tick of the operations sensor costs: 10,000 partitions, 3,000 pending, 1,000 held, 12,000 operations listed.

Ours keeps what it read of the event log, as the sensor does from tick to tick; the peer reads the log anew. Both list
the operations of a real sandbox over HTTP, which alone is the limit. Answers are equal if each tick saw the same, and
all of it; over 50 ticks memory must not grow either.
"""

import json
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from benchmarks.chain_sandbox import serving
from benchmarks.child import resident_mb
from benchmarks.harness import Comparison, Json, Side, compare
from benchmarks.history import History, description_of, large_chain, partitions
from eo_pipeline.earth_engine.operations import list_operations
from eo_pipeline.orchestration.event_log.ledger_reader import LedgerReader
from eo_pipeline.orchestration.event_log.partition_cache import mend_caches
from eo_pipeline.orchestration.following.operations_sensor import operations_of
from eo_pipeline.orchestration.following.reports import tick
from eo_pipeline.orchestration.resources import DataRootResource, EarthEngineResource

PENDING, HELD, OTHERS, TICKS = 3000, 1000, 3000, 50
_PROJECT = "benchmark"
_FLAT_MB = 20


def ticks(*, home: str, count: int, keep: bool) -> Json:
    """Exports under way, held and done as each tick sees them, the last watermarks, and the memory that grew, MB."""
    chain, reader = large_chain(home), LedgerReader()
    service = operations_of(EarthEngineResource(), DataRootResource(), [chain])
    watermarks: Mapping[str, int] = {}
    caches: Mapping[str, int] = {}
    counts, sizes = [], []
    with dg.DagsterInstance.from_config(home) as instance:
        for _ in range(count):
            found = tick(
                instance, [chain], service=service, watermarks=watermarks, reader=reader if keep else LedgerReader()
            )
            caches, _ = mend_caches(instance, [chain], caches)
            watermarks = found.watermarks
            counts.append([found.active, len(found.held), len(found.events)])
            sizes.append(resident_mb())
    return {"counts": counts, "watermarks": dict(watermarks), "grown_mb": round(sizes[-1] - sizes[count // 5], 1)}


def listing(*, home: str, count: int) -> int:
    """How many operations there are, listed as often."""
    del home
    return sum(len(list_operations(EarthEngineResource().session())) for _ in range(count)) // count


def write_history(settings: Mapping[str, str], home: Path) -> None:
    """Operations of the sandbox, and an event log in which the first of them are reported."""
    chain = large_chain(str(home))
    wanted = partitions(chain)
    done, held = len(wanted) - PENDING - HELD, wanted[-HELD:]
    url = settings["EO_EARTH_ENGINE_URL"]
    _control(url, "settings", {"running_at_once": 50, "pending_limit": 2 * len(wanted)})
    operations = {partition: _submit(url, description_of(chain, partition)) for partition in wanted[:done]}
    earth_engine = EarthEngineResource(project=_PROJECT, url=url, credentials="anonymous")
    while any(operation.state.active for operation in list_operations(earth_engine.session())):
        time.sleep(1)
    _control(url, "settings", {"pending_seconds": 1e6})
    operations |= {partition: _submit(url, description_of(chain, partition)) for partition in wanted[done:-HELD]}
    operations |= dict.fromkeys(held, "")
    _submit(url, "somebody else's", count=OTHERS)
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        History(chain, earth_engine.settings().service, operations, done).write(instance)


def _submit(url: str, description: str, *, count: int = 1) -> str:
    wanted = {"project": _PROJECT, "count": count, "seconds": 0, "description": description}
    names: list[str] = _control(url, "operations", wanted)["operations"]
    return names[0]


def _control(url: str, path: str, body: Mapping[str, object]) -> Json:
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data=json.dumps(body).encode())  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        return json.load(answer)


def comparisons() -> Iterator[Comparison]:
    """The first tick of a process, and fifty."""
    with tempfile.TemporaryDirectory() as folder:
        catalog, home = Path(folder) / "catalog.yaml", Path(folder) / "home"
        catalog.write_text("collections: {}\n")
        with serving(catalog, Path(folder) / "sandbox") as settings:
            write_history(settings, home)

            def side(name: str, function: str, count: int, **more: bool) -> Side:
                arguments = {"home": str(home), "count": count, **more}
                return Side(name, "benchmarks.ticks", function, arguments, environment=settings)

            for count in (1, TICKS):
                yield compare(
                    f"{count} ticks over {PENDING} pending exports",
                    ours=side("keeps what it read", "ticks", count, keep=True),
                    peer=side("reads the log anew", "ticks", count, keep=False),
                    equal=_agree,
                    limit=side("listing operations", "listing", count),
                    rounds=1,
                )


def _agree(mine: Json, theirs: Json) -> bool:
    right = all(counts == [PENDING, HELD, 0] for counts in mine["counts"]) and mine["grown_mb"] < _FLAT_MB
    return right and (mine["counts"], mine["watermarks"]) == (theirs["counts"], theirs["watermarks"])
