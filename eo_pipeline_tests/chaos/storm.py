"""The storm: kills and mischief at random moments, by one seed.

What does not belong here: what runs (`services`), what goes wrong (`mischief`), what comes of it (`ends`).
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from eo_pipeline_tests.chaos.mischief import CALM, deck
from eo_pipeline_tests.chaos.services import (
    CODE_SERVER,
    DAEMON,
    SANDBOX,
    WEBSERVER,
    Services,
    kill,
    sandbox_control,
)

WORKER, MACHINE = "worker", "machine"
_VICTIMS = {WORKER: 10, SANDBOX: 5, DAEMON: 4, CODE_SERVER: 4, MACHINE: 1}
"""How often each is chosen; the machine is everything at once."""
_LONGEST_PAUSE = 8.0
_WAIT_FOR_A_WORKER = 6.0

Say = Callable[[str], None]


@dataclass
class Storm:
    """A storm and what it did.

    Attributes:
        services: to kill and to start again.
        url: of the sandbox.
        random: decides everything.
        say: prints a line.
        pulse: a value that changes whenever the pipeline gets on.
        patience: seconds that it waits for that, so that a slow machine does more than start processes.
        kills: by victim.
        mischief: by name.
    """

    services: Services
    url: str
    random: Random
    say: Say
    pulse: Callable[[], object]
    patience: float
    kills: Counter[str] = field(default_factory=Counter)
    mischief: Counter[str] = field(default_factory=Counter)
    _undo_at: float | None = None

    def __post_init__(self) -> None:
        self._deck = deck(self.random)

    def blow(self) -> None:
        """Mischief, a pause once the pipeline has got on, then one kill, after which all services run again."""
        for _ in range(self.random.choice((1, 1, 2))):
            self._make_mischief()
        self._wait_for_pulse()
        end = time.monotonic() + self.random.uniform(0, _LONGEST_PAUSE)
        while (left := end - time.monotonic()) > 0:
            self._undo_if_due()
            time.sleep(min(left, 0.5))
        self._kill(self._victim())

    def calm(self) -> None:
        """No more kills, and everything is allowed; what is still armed strikes once, as it was said."""
        sandbox_control(self.url, "settings", CALM)

    def _wait_for_pulse(self) -> None:
        before, limit = self.pulse(), time.monotonic() + self.patience
        while self.pulse() == before and time.monotonic() < limit:
            self._undo_if_due()
            time.sleep(0.3)

    def _make_mischief(self) -> None:
        card = next(self._deck)
        sandbox_control(self.url, card.path, card.body, card.method)
        if card.seconds:
            self._undo_at = time.monotonic() + card.seconds
        self.mischief[card.name] += 1

    def _undo_if_due(self) -> None:
        if self._undo_at is not None and time.monotonic() > self._undo_at:
            sandbox_control(self.url, "settings", CALM)
            self._undo_at = None

    def _victim(self) -> str:
        return self.random.choices(list(_VICTIMS), list(_VICTIMS.values()))[0]

    def _kill(self, victim: str) -> None:
        if victim == WORKER and not self._kill_a_worker():
            victim = self.random.choice((SANDBOX, DAEMON, CODE_SERVER))
        if victim != WORKER:
            self._kill_service(victim)
        self.kills[victim] += 1
        self.say(f"kill {self.kills.total()}: {victim}")

    def _kill_service(self, victim: str) -> None:
        """Kill a service or all of them; what was armed strikes after the restart, though a sandbox forgets it."""
        armed = sandbox_control(self.url, "faults")["faults"]
        if victim == MACHINE:
            self.services.kill_everything()
            self.services.start(SANDBOX, CODE_SERVER, DAEMON, WEBSERVER)
        else:
            self.services.kill(victim)
            self.services.start(victim)
        if victim in {SANDBOX, MACHINE}:
            for fault in armed:
                sandbox_control(self.url, "faults", {name: value for name, value in fault.items() if value is not None})

    def _kill_a_worker(self) -> bool:
        """Kill a worker at a random moment of its life; false if none appears in a while."""
        limit = time.monotonic() + _WAIT_FOR_A_WORKER
        while not (there := self.services.workers()):
            if time.monotonic() > limit:
                return False
            time.sleep(0.1)
        time.sleep(self.random.uniform(0, 3))
        there = self.services.workers() or there
        return kill(self.random.choice(sorted(there)))
