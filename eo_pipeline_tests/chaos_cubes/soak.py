"""The whole story: a quiet run, the same from several processes in a storm, and the report.

What does not belong here: its parts.
"""

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import icechunk

from eo_pipeline.cli.processes import python_module, unwound_by_signals
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube
from eo_pipeline_tests.chaos.services import Program, Services, kill_marked
from eo_pipeline_tests.chaos_cubes.coordinator import Job, lines_of, template, write
from eo_pipeline_tests.chaos_cubes.ending import examine
from eo_pipeline_tests.chaos_cubes.looking import Judge, reports
from eo_pipeline_tests.chaos_cubes.plan import AREAS, Plan
from eo_pipeline_tests.chaos_cubes.report import Report
from eo_pipeline_tests.chaos_cubes.stores import STORE, VARIABLES, Kind, Store, opened
from eo_pipeline_tests.chaos_cubes.storm import Say, Storm


@dataclass(frozen=True)
class Options:
    """What is asked for.

    Attributes:
        folder: of everything that is made; what lay there is removed.
        seed: decides what is written and the storm.
        store: where the cube is.
        areas: of the cube that are written.
        partitions: rounded up to whole months of these.
        writers: coordinators.
        kills: SIGKILLs.
        seconds: after which a storm is over.
        shard_seconds: that reading a shard takes.
    """

    folder: Path
    seed: int
    store: Kind
    areas: int = len(AREAS)
    partitions: int = 200
    writers: int = 4
    kills: int = 60
    seconds: float = 1800.0
    shard_seconds: float = 0.15


def run(options: Options, say: Say) -> Report:
    """Everything, to the report; no process is left running, whatever happens.

    Raises:
        TimeoutError: the coordinators were not done in time.
        ServiceDiedError: a process did not start again.
    """
    icechunk.set_logs_filter("error")
    kill_marked(options.folder)
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    plan = Plan(options.seed, options.areas, -(-options.partitions // options.areas), options.writers)
    quiet = CubeAddress(str(options.folder / "quiet"))
    say(f"seed {plan.seed}, {options.store}: {len(plan.writes)} writings of {plan.months * plan.areas} partitions")
    write_quietly(plan, quiet)
    say("written quietly, for comparison")
    with unwound_by_signals(), opened(options.store, options.folder) as store:
        return _storm(options, plan, store, quiet, say)


def write_quietly(plan: Plan, address: CubeAddress) -> None:
    """The same by one process, one after the other."""
    cube = open_or_create_cube(address, template())
    for one in (one for each in plan.lists for one in each):
        write(cube, plan, one, map, seconds=0, run_id="quiet")


def _storm(options: Options, plan: Plan, store: Store, quiet: CubeAddress, say: Say) -> Report:
    folder = options.folder
    job = Job(plan, store.uri, store.options, options.shard_seconds)
    job.save(folder)
    services = Services(folder, {**store.programs, **_coordinators(plan, folder)})
    judge = Judge(job, folder, Random(f"judge {plan.seed}"))  # noqa: S311 - not a secret
    storm = Storm(services, folder, judge, Random(f"storm {plan.seed}"), say)  # noqa: S311 - not a secret
    try:
        services.start(*store.programs)
        services.start(*(name for name in services.programs if name != STORE))
        storm.blow(options.kills, options.seconds)
        reported = reports(plan, folder)
        say(f"calm; {len(reported)} writings reported")
        ending = examine(job.address, plan, quiet, reported)
    finally:
        services.kill_everything()
    logs = [folder / f"coordinator{number}.log" for number in range(plan.writers)]
    trouble = Counter(str(line["trouble"]) for log in logs for line in lines_of(log, "trouble"))
    return Report(options.store, plan, storm.kills, judge.looks, reported, trouble, ending, judge.complaints)


def _coordinators(plan: Plan, folder: Path) -> dict[str, Program]:
    module = "eo_pipeline_tests.chaos_cubes.coordinator"
    return {
        f"coordinator {number}": Program(
            python_module(module, str(folder), str(number)), folder, VARIABLES, lambda: True
        )
        for number in range(plan.writers)
    }
