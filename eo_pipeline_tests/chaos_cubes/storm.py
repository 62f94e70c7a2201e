"""Kills at random moments, by one seed, spread over the work; after each one somebody looks at the cube.

What does not belong here: what is killed (`stores`, `coordinator`) and what is looked at (`looking`).
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from eo_pipeline_tests.chaos.services import Services, children, is_worker, kill
from eo_pipeline_tests.chaos_cubes.looking import Judge, reports
from eo_pipeline_tests.chaos_cubes.stores import STORE

WORKER, COORDINATOR, COMMITTING, MACHINE = "worker", "coordinator", "coordinator, its workers done", "machine"
_VICTIMS = {WORKER: 8, COORDINATOR: 3, COMMITTING: 4, STORE: 4, MACHINE: 1}
"""How often each is chosen; the machine is everything at once."""
_LONGEST_PAUSE, _PATIENCE = 0.8, 20.0
_COMMIT_SECONDS = 0.3
_LOOK_SECONDS = 0.01

Say = Callable[[str], None]


@dataclass
class Storm:
    """A storm and what it did.

    Attributes:
        services: STORE, if it can be killed, and the coordinators.
        folder: of the coordinators' logs.
        judge: looks after each kill.
        random: decides everything.
        say: prints a line.
        kills: by victim.
    """

    services: Services
    folder: Path
    judge: Judge
    random: Random
    say: Say
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def coordinators(self) -> list[str]:
        """Names of those that still work; one that has failed is started again, and complained of."""
        return [name for name in self.services.programs if name != STORE and self._works(name)]

    def blow(self, kills: int, seconds: float) -> None:
        """So many kills, evenly over the writings, until all coordinators are done.

        Raises:
            TimeoutError: they are not, in that time.
        """
        limit, total = time.monotonic() + seconds, sum(map(len, self.judge.job.plan.lists))
        while self.coordinators:
            if time.monotonic() > limit:
                raise TimeoutError(f"expected all to be done in {seconds:.0f} s; {self.judge.complaints[:3]}")
            number = self.kills.total()
            if number < kills and self._gets_on((number + self.random.random()) * total / kills):
                self._kill_one()
            time.sleep(_LOOK_SECONDS * 10)

    def _works(self, name: str) -> bool:
        code = self.services.exit_code(name)
        if code:
            self.judge.complaints.append(f"{name} failed with {code}; see {self.services.log(name)}")
            self.services.start(name)
        return code != 0

    def _gets_on(self, enough: float) -> bool:
        """Wait until so many writings are reported; true if somebody still works."""
        limit = time.monotonic() + _PATIENCE
        while self.coordinators and time.monotonic() < limit and len(self._reports()) < enough:
            time.sleep(0.05)
        time.sleep(self.random.uniform(0, _LONGEST_PAUSE))
        return bool(self.coordinators)

    def _kill_one(self) -> None:
        victim = self.random.choices(list(_VICTIMS), list(_VICTIMS.values()))[0]
        if victim == STORE and STORE not in self.services.programs:
            victim = COMMITTING
        if not self._kill(victim):
            return
        self.kills[victim] += 1
        when = f"kill {self.kills.total()} ({victim}) after {len(self._reports())} writings"
        self.say(when)
        self.judge.look(when)

    def _kill(self, victim: str) -> bool:
        """SIGKILL; false if there was nobody."""
        if victim == WORKER:
            workers = self.services.workers()
            return bool(workers) and kill(self.random.choice(sorted(workers)))
        if victim == MACHINE:
            working = self.coordinators
            self.services.kill_everything()
            self.services.start(*([STORE] if STORE in self.services.programs else []), *working)
            return True
        name = STORE if victim == STORE else self.random.choice(self.coordinators or [""])
        if not name:
            return False
        if victim == COMMITTING:
            self._wait_for_a_commit(name)
        if self.services.exit_code(name) is not None:
            return False
        self.services.kill(name)
        self.services.start(name)
        return True

    def _wait_for_a_commit(self, name: str) -> None:
        """Until the coordinator's workers have come and gone: it merges and commits now, or is about to."""
        limit, there = time.monotonic() + _PATIENCE, False
        while time.monotonic() < limit and self._works(name):
            working = any(is_worker(pid) for pid in children(self.services.process_id(name)))
            if there and not working:
                time.sleep(self.random.uniform(0, _COMMIT_SECONDS))
                return
            there = there or working
            time.sleep(_LOOK_SECONDS)

    def _reports(self) -> list[dict[str, object]]:
        return reports(self.judge.job.plan, self.folder)
