"""Recorded Earth Engine tasks of a production pipeline, as records of exports.

The file is of the shared data and is read by path. What does not belong here: what is predicted (`estimates`).
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import ROOT, BenchmarkError
from eo_pipeline.core.estimates.work import ExportRecord, Work

FILE = ROOT.parent / "shared" / "data" / "ee_task_history" / "ee_completed_tasks_subset.csv"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d+)?")
_ORBIT = re.compile(r" Orbit: \d+")


@dataclass(frozen=True)
class Task:
    """One completed task.

    Attributes:
        kind: its description without date and orbit: what would be a product.
        created: seconds since 1970.
        to_storage: True if it exported to Cloud Storage, as the nightly mosaics do; else to an asset, orbit by orbit.
        record: what it took; its period is the date in its description. Pixels are not recorded: 1 stands for them.
    """

    kind: str
    created: float
    to_storage: bool
    record: ExportRecord


def read_tasks(file: Path = FILE) -> list[Task]:
    """Every task, by its end.

    Raises:
        BenchmarkError: the file is not there.
    """
    if not file.is_file():
        msg = (
            f"expected recorded tasks in {file}, found none; get the shared data, which is not part of this repository"
        )
        raise BenchmarkError(msg)
    with file.open(newline="", encoding="utf-8") as lines:
        return sorted(map(_task, csv.DictReader(lines)), key=lambda task: task.record.ended)


def _task(row: dict[str, str]) -> Task:
    description = row["description"]
    created, started, ended = (int(row[f"{name}_timestamp_ms"]) / 1000 for name in ("creation", "start", "update"))
    date = _DATE.search(description)
    record = ExportRecord(
        work=Work("switzerland", date[0] if date else "", pixels=1, bands=1, tiles=1),
        eecu_seconds=float(row["batch_eecu_usage_seconds"]),
        queue_seconds=started - created,
        run_seconds=ended - started,
        ended=ended,
    )
    return Task(
        _ORBIT.sub("", _DATE.sub("DATE", description)), created, "storage/browser" in row["destination_uris"], record
    )
