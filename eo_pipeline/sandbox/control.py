"""The sandbox's own routes under /_sandbox: what a test or a demonstration asks of it.

What does not belong here: anything a client of Google knows.
"""

from dataclasses import dataclass

from starlette.routing import Route

from eo_pipeline.sandbox.cloud_storage.tokens import Tokens
from eo_pipeline.sandbox.earth_engine.engine import Engine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock, timestamp
from eo_pipeline.sandbox.frame.endpoints import Call, Endpoints
from eo_pipeline.sandbox.frame.faults import FaultBox, decode_fault
from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.frame.request_fields import number
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.others import decode_others
from eo_pipeline.sandbox.tasks.task_queue import TaskQueue


@dataclass(frozen=True)
class Control:
    """What the control routes reach."""

    settings: LiveSettings
    clock: Clock
    journal: Journal
    faults: FaultBox
    queue: TaskQueue
    engine: Engine
    tokens: Tokens

    def routes(self) -> list[Route]:
        """All control routes."""
        public = Endpoints(self.settings).public
        return [
            Route("/_sandbox/journal", public(self.read_journal)),
            Route("/_sandbox/faults", public(self.read_faults), methods=["GET"]),
            Route("/_sandbox/faults", public(self.arm_fault), methods=["POST"]),
            Route("/_sandbox/faults", public(self.clear_faults), methods=["DELETE"]),
            Route("/_sandbox/clock", public(self.read_clock), methods=["GET"]),
            Route("/_sandbox/clock", public(self.move_clock), methods=["POST"]),
            Route("/_sandbox/settings", public(self.read_settings), methods=["GET"]),
            Route("/_sandbox/settings", public(self.change_settings), methods=["POST"]),
            Route("/_sandbox/operations", public(self.submit_others), methods=["POST"]),
            Route("/_sandbox/tokens", public(self.expire_tokens), methods=["DELETE"]),
            Route("/_sandbox/unknown-functions", public(self.read_unknown_functions)),
        ]

    def read_journal(self, call: Call) -> dict[str, object]:
        """GET: events, from number `since` on."""
        return {"events": self.journal.events(call.whole("since", 0))}

    def read_faults(self, _: Call) -> dict[str, object]:
        """GET: what is still to go wrong."""
        return {"faults": self.faults.armed()}

    def arm_fault(self, call: Call) -> dict[str, object]:
        """POST a fault: see `faults.Fault` for the fields."""
        self.faults.arm(decode_fault(call.body))
        return {"faults": self.faults.armed()}

    def clear_faults(self, _: Call) -> dict[str, object]:
        """DELETE: let nothing more go wrong."""
        self.faults.clear()
        return {"faults": []}

    def read_clock(self, _: Call) -> dict[str, object]:
        """GET: present instant and speed."""
        return {"now": timestamp(self.clock.now()), "speed": self.clock.speed}

    def move_clock(self, call: Call) -> dict[str, object]:
        """POST {"speed": x}, {"tick": seconds} or both."""
        speed, tick = number(call.body, "speed"), number(call.body, "tick")
        try:
            if speed is not None:
                self.clock.set_speed(speed)
            if tick is not None:
                self.clock.tick(tick)
        except ValueError as error:
            raise ServiceError(str(error)) from error
        self.queue.advance()
        return self.read_clock(call)

    def read_settings(self, _: Call) -> dict[str, object]:
        """GET: value, source and meaning of every setting."""
        return {"settings": self.settings.now.describe()}

    def change_settings(self, call: Call) -> dict[str, object]:
        """POST {name: value}."""
        try:
            self.settings.change(call.body)
        except ValueError as error:
            raise ServiceError(str(error)) from error
        return self.read_settings(call)

    def submit_others(self, call: Call) -> dict[str, object]:
        """POST other people's tasks: see `others.decode_others` for the fields."""
        wanted = decode_others(call.body, default_priority=self.settings.now.default_priority)
        return {"operations": [self.queue.submit(submission).name for submission in wanted]}

    def expire_tokens(self, _: Call) -> dict[str, object]:
        """DELETE: no access token counts that was issued up to now."""
        self.tokens.revoke()
        return {}

    def read_unknown_functions(self, _: Call) -> dict[str, object]:
        """GET: functions that clients asked for and nobody implements."""
        return {"functions": list(self.engine.unknown_functions())}
