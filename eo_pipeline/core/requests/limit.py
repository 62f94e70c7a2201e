"""One limit of a service that nobody told us, learned from what it lets in and what it refuses.

What does not belong here: what the limit is of (`pace`), and clocks (an argument).
"""

import math

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 64.0
"""Seconds before a limit that was met is tried again: the first time, and after it was met many times."""
_TRIAL = 2.0
"""Seconds for which a step above a limit that was met again and again must go well before there are more."""
_ELSEWHERE = 1.3
"""A limit that is met at this multiple of where it was met before is another one."""
FALL = 0.7
"""At most so far at once."""
_MEMORY = 5.0
"""Seconds for which it is remembered what was let in; up to twice as long."""


class Limit:
    """A number that grows while all is well, falls back to what was let in when that is exceeded, and is tried again.

    A level is how far the limit is used at a moment, such as requests under way.

    Args:
        value: begins here.
        most: it never exceeds this.
    """

    def __init__(self, value: float, most: float = math.inf) -> None:
        self.value = min(value, most)
        self._most = most
        self._met = math.inf
        self._again = 0
        self._try_at = self._tried_at = -math.inf
        self._fell_at = self._changed_at = -math.inf
        self._proven, self._since = (0.0, 0.0), -math.inf

    def grow(self, step: float, *, sent: float, now: float) -> None:
        """A request that was sent then was let in, and this limit is what holds others back."""
        if sent < self._fell_at:
            return
        if self.value < self._met:
            self._raise(min(self.value + step, self._met))
        elif now < self._try_at:
            return
        elif self._again < 1:
            self._raise(self.value + step)
        elif self.value == self._met:
            self._tried_at = now
            self._raise(self.value + step)
        elif now - self._tried_at > _TRIAL:
            self._met, self._again = math.inf, 0

    def _raise(self, value: float) -> None:
        self.value = min(value, self._most)

    def proves(self, level: float, *, sent: float, now: float) -> None:
        """A request that was sent then was let in at this level."""
        if now - self._since > _MEMORY:
            self._proven, self._since = (0.0, self._proven[0]), now
        if level > self._proven[0] and sent >= self._changed_at:
            self._proven = (level, self._proven[1])

    def explains(self, level: float) -> bool:
        """Whether a refusal at this level may be due to this limit: no more was let in lately."""
        proven = max(self._proven)
        return level >= proven - 1 - proven / 200

    def doubt(self, level: float) -> None:
        """A request was refused at a lower level than others were let in: so that proves less."""
        self._proven = (min(self._proven[0], level), (max(self._proven) + level) / 2)

    def met(self, value: float, now: float) -> None:
        """It was found to be this: falls back to it, and is tried again the later the more often it was met."""
        if value >= self.value:
            return
        if self.value > self._met:
            self._again = self._again + 1 if value <= _ELSEWHERE * self._met else 0
        else:
            self._again = max(0, self._again - 1)
        least = 1.0 if max(self._proven) else FALL * self.value
        self.value = self._met = max(1.0, value, least)
        self._fell_at, self._try_at = now, now + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self._again)

    def known(self, value: float, now: float) -> None:
        """It is certain to be this; it may be tried again after a long pause."""
        self.value, self._met, self._again = min(self.value, value), value, 8
        self._try_at = now + LONGEST_PAUSE

    def cut(self, now: float) -> None:
        """Much less is let in than lately: falls far, and soon grows to what it was."""
        if not self.value < self._met < math.inf:
            self._met, self._again = self.value, 0
        self.value = max(1.0, FALL * self.value)
        self._fell_at = self._changed_at = now
        self._try_at = now + FIRST_PAUSE
        self._proven = (0.0, 0.0)
