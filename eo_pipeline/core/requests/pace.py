"""How many requests go together, and how many begin in a second, learned from answers.

Both numbers grow while everything is let in and they are what holds requests back. A request that is refused at a level
at which none was let in lately shows where the limit is: the number goes back to just below, and more is tried again,
more and more rarely. One that is refused at a level that was fine a moment ago is bad luck, unless nothing is let in.
More at once that brings no more answers is given up for a while, too.
What does not belong here: sending, and when a piece that was refused is asked for again (`patience`).
"""

import math
from typing import NamedTuple

from eo_pipeline.core.requests.allowance import Allowance
from eo_pipeline.core.requests.limit import FALL, LONGEST_PAUSE, Limit
from eo_pipeline.core.requests.rounds import Rounds
from eo_pipeline.core.requests.windows import Minute, Window

_MARGIN = 1.02
"""Requests are spread a little wider than the rate, since they do not arrive as evenly as they are sent."""
_BURST = 0.05
"""Seconds by which requests may be late and still be sent."""
_FASTER = 3.0
"""A second, for each answer."""
_GROWTH_PAUSE = 4.0
"""Seconds before more at once is tried again when it did not pay."""
_FEW = 3
"""Refusals one after the other, with nothing let in between."""
_HOLD = 0.02
_LONGEST_HOLD = 10.0
"""Seconds of silence while everything is refused: at first, and at last."""
_LONGER = 1.5
"""Times, after each refusal."""
_LONG_HOLD = 2.0
"""Seconds after which it was more than a moment."""
_NEARLY = 0.9
"""Of what is allowed in a minute: who sent so many and is refused for long has used it up."""


class Ticket(NamedTuple):
    """One request that was sent.

    Attributes:
        sent: time.
        under_way: requests, this one included.
        rate: requests sent in the last second and not refused, this one included.
    """

    sent: float
    under_way: int
    rate: float


class Pace:
    """The clock is the caller's, in seconds.

    Args:
        allowance: where it begins.
    """

    def __init__(self, allowance: Allowance) -> None:
        self.at_once = Limit(allowance.at_once, allowance.most)
        self.per_second = Limit(allowance.per_second)
        self.under_way = 0
        self._full = False
        self._second = Window(1.0)
        self._minute = Minute()
        self._a_minute = _NEARLY * 60 * allowance.per_second
        self._due = -math.inf
        self._rounds = Rounds()
        self._grows_at = -math.inf
        self._pause = _GROWTH_PAUSE
        self._refused_last = -math.inf
        self._fell_at = -math.inf
        self._streak = 0
        self._unanswered = 0
        self._silent_since, self._before_silence = -math.inf, 0.0
        self._quiet_until = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent: 0 for now, infinity for not before another has ended."""
        self._full = self.under_way >= int(self.at_once.value)
        if self._full:
            return math.inf
        room = self._second.room(int(self.per_second.value), now)
        return max(0.0, self._due - _BURST - now, room - now, self._quiet_until - now)

    def sent(self, now: float) -> Ticket:
        """A request is sent, as `wait` allowed."""
        self._second.add(now)
        self._minute.add(1, now)
        self._due = max(self._due, now) + _MARGIN / self.per_second.value
        self.under_way += 1
        return Ticket(now, self.under_way, self._second.rate(now))

    def answered(self, ticket: Ticket, now: float) -> None:
        """It was let in, whatever the answer."""
        self.under_way -= 1
        if self._unanswered:
            self._heard(now)
        self.at_once.proves(ticket.under_way, sent=ticket.sent, now=now)
        self.per_second.proves(ticket.rate, sent=ticket.sent, now=now)
        self._rounds.answers += 1
        self._rounds.full += self._full
        if self._rounds.over(ticket.sent, now):
            self._round(now)
        if self._full and now >= self._grows_at:
            self.at_once.grow(1, sent=ticket.sent, now=now)
        if self._due - _BURST > now:
            self.per_second.grow(_FASTER, sent=ticket.sent, now=now)

    def lost(self, _: Ticket, __: float) -> None:
        """Nobody knows what became of it."""
        self.under_way -= 1

    def ended(self) -> None:
        """Nothing is under way any more; what was learned is kept."""
        self.under_way = 0

    def refused(self, ticket: Ticket, now: float) -> None:
        """It was too many."""
        self.under_way -= 1
        self._minute.add(-1, now)
        self._second.remove(ticket.sent)
        if ticket.sent < self._fell_at:
            return
        let_in = self._second.holds(self._refused_last, ticket.sent)
        self._streak = 1 if let_in else self._streak + 1
        self._refused_last = ticket.sent
        self._fall(ticket, now)
        self._hush(now)

    def _fall(self, ticket: Ticket, now: float) -> None:
        """A little, where it is clear what was exceeded; much, if nothing is let in any more."""
        if self._streak >= _FEW:
            self.at_once.cut(now)
            self.per_second.cut(now)
            self._streak, self._fell_at = 0, now
            return
        number, rate = self.at_once.explains(ticket.under_way), self.per_second.explains(ticket.rate)
        if number:
            self.at_once.met(max(ticket.under_way - 1, FALL * self.at_once.value), now)
        if rate:
            self.per_second.met(ticket.rate - 1, now)
        if number or rate:
            self._fell_at = now
        else:
            self.at_once.doubt(ticket.under_way)
            self.per_second.doubt(ticket.rate)

    def _hush(self, now: float) -> None:
        """The longer nothing is answered but refusals, the more seldom it is tried."""
        if not self._unanswered:
            self._silent_since, self._before_silence = now, self._minute.number(now)
        self._unanswered += 1
        if self._unanswered > _FEW:
            self._quiet_until = now + min(_LONGEST_HOLD, _HOLD * _LONGER ** min(self._unanswered - _FEW, 30))

    def _heard(self, now: float) -> None:
        """After a long silence, what was let in over the last minute is what is allowed in a minute."""
        self._unanswered = 0
        if now - self._silent_since > _LONG_HOLD and self._before_silence >= self._a_minute:
            self.per_second.known(self._before_silence / 60, now)

    def _round(self, now: float) -> None:
        if now >= self._grows_at and not self._rounds.pays(now):
            self.at_once.value = max(1.0, min(self.at_once.value, self._rounds.best[1]))
            self._grows_at, self._pause = now + self._pause, min(LONGEST_PAUSE, 2 * self._pause)
            self._rounds.compare_anew()
        self._rounds.next(self.at_once.value, now)
