"""The whole story: a quiet run, the same in a storm, pressing again what a person would, and the verdict.

What does not belong here: its parts.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

import dagster as dg
import requests
import yaml

from eo_pipeline.cli.processes import end_of_log, free_port, unwound_by_signals
from eo_pipeline.cli.webserver import WebserverError, launch_backfill
from eo_pipeline_tests.chaos.comparing import compare
from eo_pipeline_tests.chaos.ends import LOST, STOPPED, End, ends
from eo_pipeline_tests.chaos.mischief import BUCKET, PROJECT
from eo_pipeline_tests.chaos.proof import Proof, prove
from eo_pipeline_tests.chaos.services import (
    CODE_SERVER,
    DAEMON,
    SANDBOX,
    WEBSERVER,
    Program,
    Services,
    dagster_programs,
    kill_marked,
    sandbox_control,
    sandbox_program,
)
from eo_pipeline_tests.chaos.storm import Say, Storm
from eo_pipeline_tests.chaos.verdict import Verdict
from eo_pipeline_tests.chaos.watching import QUIET_SECONDS, Watch, stored_operations, wait_until_settled
from eo_pipeline_tests.chaos.world import PRODUCT, World, make_world
from eo_pipeline_tests.sandbox.cloud_storage.server import service_account_key

ROOT = Path(__file__).parents[2]
SPEED = 10.0
"""Sandbox seconds a second."""
_RUN = f"from eo_pipeline.cli.main import main; main(['run', {PRODUCT!r}])"
_ROUNDS = 4
"""How often somebody looks at what is red and presses again."""
_SECURED = {"anonymous": False, "foreign_tokens": False, "storage_authentication": "required"}


@dataclass(frozen=True)
class Options:
    """What is asked for.

    Attributes:
        folder: of everything that is made; what lay there is removed.
        seed: decides the storm.
        partitions: rounded up to whole months of four areas.
        kills: SIGKILLs of the storm.
        seconds: after which a storm, or waiting for calm, is over.
        task_seconds: that a task runs.
        patience: seconds that the storm waits for the pipeline to get on before it kills once more.
        hurried: whether Dagster looks after dead runs every two seconds, in place of as often as the project's
            settings say, and calm is believed after half the time.
    """

    folder: Path
    seed: int
    partitions: int = 100
    kills: int = 50
    seconds: float = 1800.0
    task_seconds: float = 6.0
    patience: float = 40.0
    hurried: bool = False


@dataclass(frozen=True)
class Site:
    """Addresses, folders and programs of one run of chaos.

    Attributes:
        options: what is asked for.
        world: the project.
        url: of the sandbox, the same in the quiet run, for it is part of every digest.
        ui: of the webserver.
        variables: of the pipeline, but for its folders.
    """

    options: Options
    world: World
    url: str
    ui: str
    variables: Mapping[str, str]

    def folders(self, folder: Path) -> dict[str, str]:
        """The pipeline's folders below one: made, with the project's settings of Dagster."""
        (folder / "home").mkdir(parents=True)
        (folder / "home" / "dagster.yaml").write_text(self._dagster_settings())
        return {**self.variables, "DAGSTER_HOME": str(folder / "home"), "EO_ROOT": str(folder / "data")}

    def _dagster_settings(self) -> str:
        """The project's dagster.yaml, where waits are cut short if everything is hurried."""
        own = (self.world.project.root / "dagster.yaml").read_text()
        if not self.options.hurried:
            return own
        settings = yaml.safe_load(own)
        settings["run_monitoring"] |= {"poll_interval_seconds": 2, "free_slots_after_run_end_seconds": 5}
        settings["run_coordinator"]["config"]["user_code_failure_retry_delay"] = 2
        return yaml.safe_dump(settings)

    def sandbox(self, folder: Path, settings: Mapping[str, object]) -> Program:
        """The sandbox on a folder of its own below another."""
        return sandbox_program(
            port=_port(self.url),
            data=folder / "sandbox",
            catalog=self.world.catalog,
            bucket=BUCKET,
            settings={**_SECURED, "running_at_once": 4, **settings},
            speed=SPEED,
        )


def run(options: Options, say: Say) -> Verdict:
    """Everything, to the verdict; no process is left running, whatever happens.

    Raises:
        StalledError: something waited for ever.
        ServiceDiedError: a service did not start again.
    """
    site = make_site(options)
    say(f"seed {options.seed}; {sum(map(len, site.world.waves))} partitions; everything is in {options.folder}")
    with unwound_by_signals():
        quiet_run(site, say)
        return stormy_run(site, say)


def make_site(options: Options) -> Site:
    """An empty folder with project, rasters and a key."""
    kill_marked(options.folder)
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    world = make_world(options.folder, partitions=options.partitions, seed=options.seed)
    url = f"http://127.0.0.1:{free_port(0)}"
    variables = {
        "PYTHONPATH": str(ROOT),
        "EO_PROJECT": PROJECT,
        "EO_EARTH_ENGINE_URL": url,
        "EO_STORAGE_URL": url,
        "EO_CREDENTIALS": str(service_account_key(url, options.folder)),
        "EO_BUCKET": BUCKET,
        "EO_POLL_SECONDS": "2",
        "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "1",
    }
    return Site(options, world, url, f"http://127.0.0.1:{free_port(0)}", variables)


def quiet_run(site: Site, say: Say) -> None:
    """The same project by `eo-pipeline run`, on a fresh sandbox at the same address.

    Raises:
        RuntimeError: it failed; with the end of its log.
    """
    say("a quiet run first, for comparison")
    folder = site.options.folder / "quiet"
    variables, log = site.folders(folder), folder / "run.log"
    with running(Services(folder, {SANDBOX: site.sandbox(folder, {})})) as services, log.open("wb") as output:
        services.start(SANDBOX)
        code = subprocess.call(
            [sys.executable, "-c", _RUN],
            cwd=site.world.project.root,
            env={**os.environ, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if code != 0:
        raise RuntimeError(f"expected a quiet run to succeed; {end_of_log(log)}")


def stormy_run(site: Site, say: Say) -> Verdict:
    """The same by the real services, in a storm."""
    options = site.options
    folder = options.folder / "storm"
    variables = site.folders(folder)
    slow = {"running_seconds": options.task_seconds * SPEED, "token_seconds": 60 * SPEED}
    dagster = dagster_programs(
        site.world.project.root, code_port=free_port(0), ui_port=_port(site.ui), variables=variables, folder=folder
    )
    programs = {SANDBOX: site.sandbox(folder, slow), **dagster}
    with running(Services(folder, programs)) as services, opened(folder / "home") as instance:
        services.start(SANDBOX, CODE_SERVER, DAEMON, WEBSERVER)
        watch = Watch(instance, site.world.chain, f"{site.url} {PROJECT}", folder / "sandbox" / "operations")
        random = Random(options.seed)  # noqa: S311 - a storm, not a secret
        storm = Storm(services, site.url, random, say, watch.pulse, options.patience)
        _blow(site, storm, watch, say)
        _settle(site, watch, say)
        pressed = _press_again(site, watch, say)
        journal = sandbox_control(site.url, "journal")["events"]
        proof = prove(journal)
        runs = instance.get_runs()
        return Verdict(
            ends=_ends(watch, proof),
            proof=proof,
            comparison=compare(site.world.chain, folder / "data", options.folder / "quiet" / "data"),
            kills=storm.kills,
            drawn=storm.mischief,
            struck=Counter(str(event["kind"]) for event in journal if event["event"] == "fault"),
            runs=Counter(found.status.value for found in runs),
            retries=sum("dagster/retry_number" in found.tags for found in runs),
            pressed=pressed,
        )


@contextmanager
def running(services: Services) -> Iterator[Services]:
    """Services that end with the block, and all that they have started."""
    try:
        yield services
    finally:
        services.kill_everything()


@contextmanager
def opened(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of a folder, whose settings name DAGSTER_HOME."""
    with patch.dict(os.environ, DAGSTER_HOME=str(home)), dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def _blow(site: Site, storm: Storm, watch: Watch, say: Say) -> None:
    """Kills and mischief, and the backfill launched area by area, each twice, while they go on."""
    options, waves = site.options, site.world.waves
    presses = sorted([*enumerate(waves), *((number + 0.5, wave) for number, wave in enumerate(waves))])
    every = 0.7 * options.kills / len(presses)
    limit = time.monotonic() + options.seconds
    while storm.kills.total() < options.kills:
        while presses and storm.kills.total() >= every * (2 * len(waves) - len(presses)):
            _press(site, "submission", presses.pop(0)[1], say)
        storm.blow()
        if storm.kills.total() % 5 == 0:
            say(watch.progress())
        if time.monotonic() > limit:
            raise TimeoutError(f"expected {options.kills} kills within {options.seconds:.0f} s, got {storm.kills}")
    for _, wave in presses:
        _press(site, "submission", wave, say)
    storm.calm()
    say("calm")


def _press(site: Site, stage: str, partitions: Sequence[str], say: Say) -> None:
    """Launch a backfill as a person does, who presses again if the page shows an error."""
    chain = site.world.chain
    for _ in range(20):
        try:
            launch_backfill(site.ui, chain.key(stage).path, partitions, title="chaos")
        except (WebserverError, OSError) as error:
            say(f"pressing {stage} failed, once more: {str(error)[:100]}")
            time.sleep(3)
        else:
            say(f"pressed {stage} of {len(partitions)} partitions, {partitions[0]} to {partitions[-1]}")
            return
    raise TimeoutError(f"expected {site.ui} to launch a backfill of {stage}")


def _press_again(site: Site, watch: Watch, say: Say) -> Counter[str]:
    """What a person does on Monday: look at what is red for a reason that is over, and run it once more."""
    pressed: Counter[str] = Counter()
    sandbox_control(site.url, "faults", method="DELETE")
    for _ in range(_ROUNDS):
        journal = sandbox_control(site.url, "journal")["events"]
        found = {key: end for key, end in _ends(watch, prove(journal)).items() if end.kind in {STOPPED, LOST}}
        if not any(end.kind == STOPPED for end in found.values()):
            break
        for stage in {end.stage for end in found.values()}:
            partitions = [key for key, end in found.items() if end.stage == stage and end.kind == STOPPED]
            for key in partitions:
                say(f"  {key} is red at {stage}: {found[key].reason[:300]}")
            if partitions:
                _press(site, stage, partitions, say)
                pressed[stage] += len(partitions)
        _settle(site, watch, say)
    return pressed


def _ends(watch: Watch, proof: Proof) -> dict[str, End]:
    return ends(watch, list(proof.operations.values()), stored_operations(watch.operations))


def _settle(site: Site, watch: Watch, say: Say) -> None:
    """Wait until all is done; what was armed may strike still, so a person looks for tasks that hang."""
    wait_until_settled(
        watch,
        seconds=site.options.seconds,
        quiet_seconds=QUIET_SECONDS / (2 if site.options.hurried else 1),
        say=say,
        meanwhile=lambda: _cancel_what_hangs(site, watch, say),
    )


def _cancel_what_hangs(site: Site, watch: Watch, say: Say) -> None:
    """A person cancels tasks that would run for ever; for a moment the sandbox lets everybody do so."""
    journal = sandbox_control(site.url, "journal")["events"]
    struck = {event["operation"] for event in journal if event["event"] == "fault" and event["kind"] == "hang"}
    running = [o["id"] for o in stored_operations(watch.operations) if o["state"] == "RUNNING"]
    hanging = struck.intersection(f"projects/{PROJECT}/operations/{name}" for name in running)
    if hanging:
        sandbox_control(site.url, "settings", {"anonymous": True})
        for name in hanging:
            requests.post(f"{site.url}/v1/{name}:cancel", json={}, timeout=30).raise_for_status()
            say(f"a person cancelled {name}, which hung")
        sandbox_control(site.url, "settings", {"anonymous": False})


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])
