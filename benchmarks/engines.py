"""The same 500 small tasks in 16 batches on local processes, Dask and Lithops: what each costs beside the work.

Ours is the default engine, local processes, which it starts within its time; Dask's cluster is there before the clock
starts, as it would be for a user; Lithops starts an interpreter a batch. Each has four workers on this machine. The
overhead is what a run takes beyond its workers' own seconds over four. The limit is the tasks in one loop, over four.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from benchmarks.engine_jobs import stored
from benchmarks.harness import ROOT, Json, Measurement, Side, in_turn
from benchmarks.lines import Cost, Line

TASKS, BATCHES, WORKERS, ROUNDS = 500, 16, 4, 3
_MODULE = "benchmarks.engine_jobs"


def comparisons() -> Iterator[Line]:
    """Processes beside Dask, then beside Lithops, all measured in turn."""
    with tempfile.TemporaryDirectory() as scratch, _cluster(scratch) as address:
        folders = [_folder(scratch, name) for name in ("processes", "dask", "lithops", "loop")]
        sides = _sides(folders, address, Path(scratch))
        measured = in_turn("engines", sides, ROUNDS)
        expected = measured[-1][0].answer["sums"]
        equal = all(
            _right(runs, expected) and stored(folder, TASKS) == expected
            for runs, folder in zip(measured, folders, strict=True)
        )
    ours, dask, lithops, loop = measured
    for peer, theirs in (("dask", dask), ("lithops", lithops)):
        yield _line(peer, ours, theirs, loop, equal=equal)


def _sides(folders: Sequence[str], address: str, scratch: Path) -> list[Side]:
    processes, dask, lithops, loop = folders
    job: Mapping[str, Json] = {"tasks": TASKS, "batches": BATCHES}
    config, environment = _lithops(scratch)
    return [
        Side("processes", _MODULE, "on_processes", {**job, "folder": processes, "workers": WORKERS}),
        Side("dask", _MODULE, "on_dask", {**job, "folder": dask, "address": address}),
        Side("lithops", _MODULE, "on_lithops", {**job, "folder": lithops, "config": config}, environment=environment),
        Side("loop", _MODULE, "in_a_loop", {"tasks": TASKS, "folder": loop}),
    ]


def _line(
    peer: str, ours: Sequence[Measurement], theirs: Sequence[Measurement], loop: Sequence[Measurement], *, equal: bool
) -> Line:
    alone = Cost.of(loop)
    return Line(
        name=f"{TASKS} tasks in {BATCHES} batches on {WORKERS} workers",
        ours=Cost.of(ours),
        peer=peer,
        theirs=Cost.of(theirs),
        limit=replace(alone, seconds=alone.seconds / WORKERS),
        equal=equal,
        told={"overhead_s": _overhead(ours), f"overhead_s of {peer}": _overhead(theirs)},
    )


def _overhead(runs: Sequence[Measurement]) -> float:
    """Seconds of a run beyond its workers' own seconds over their number; the least of the rounds."""
    return min(run.seconds - float(run.answer["worker_seconds"]) / WORKERS for run in runs)


def _right(runs: Sequence[Measurement], expected: Sequence[int]) -> bool:
    return all(run.answer["sums"] == expected for run in runs)


def _folder(scratch: str, name: str) -> str:
    folder = Path(scratch) / name
    folder.mkdir()
    return str(folder)


@contextmanager
def _cluster(scratch: str) -> Iterator[str]:
    """Address of a scheduler with four workers of one thread."""
    from distributed import LocalCluster  # noqa: PLC0415  # started here only; the list of benchmarks needs none

    with LocalCluster(  # type: ignore[no-untyped-call]  # it has no annotations
        n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, local_directory=scratch
    ) as running:
        yield running.scheduler_address


def _lithops(scratch: Path) -> tuple[str, Mapping[str, str]]:
    """Lithops's configuration and environment: all its files below `scratch`, workers that find this project."""
    config, home = scratch / "lithops.yaml", scratch / "home"
    home.mkdir()
    general = {"backend": "localhost", "storage": "localhost", "monitoring_interval": 0.1}
    config.write_text(yaml.safe_dump({"lithops": general, "localhost": {"worker_processes": WORKERS}}))
    paths = ":".join([str(ROOT), *(path for path in sys.path if path)])
    return str(config), {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": paths}
