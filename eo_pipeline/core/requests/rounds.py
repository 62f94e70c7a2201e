"""Whether more requests at once still bring more answers. What does not belong here: what follows (`pace`)."""

import math
from dataclasses import dataclass

_MORE = 1.2
"""So many more at once shall bring more answers a second."""
_GAIN = 0.25
"""Of twice as many at once, at least."""
_ENDURED = 2
_MANY_MORE = 1.8
"""Rounds in a row that disappoint are enough; one, if there were so many more at once."""
_SHORTEST = 0.1
"""Seconds."""


@dataclass
class Rounds:
    """A round lasts until a request is answered that was sent after its beginning; so it shows what was sent before.

    Attributes:
        began: time.
        level: requests allowed at once when it began.
        answers: in this round.
        full: of those, at times when as many were under way as were allowed.
        best: answers a second, and the level for that.
    """

    began: float = -math.inf
    level: float = 0
    answers: int = 0
    full: int = 0
    best: tuple[float, float] = (0.0, 0.0)
    _disappointed: int = 0

    def over(self, sent: float, now: float) -> bool:
        """Whether the round ends with the answer to what was sent then."""
        return sent >= self.began and now - self.began >= _SHORTEST

    def next(self, level: float, now: float) -> None:
        """Begin another round."""
        self.began, self.level, self.answers, self.full = now, level, 0, 0

    def pays(self, now: float) -> bool:
        """At the end of a round: False if there is no gain in more at once."""
        if 2 * self.full < self.answers or not self.answers:
            return True
        rate, (best, level) = self.answers / (now - self.began), self.best
        if rate >= best * (1 + _GAIN * max(0.0, self.level / level - 1) if level else 1):
            self.best, self._disappointed = (rate, self.level), 0
        elif self.level >= _MORE * level:
            self._disappointed += _ENDURED if self.level >= _MANY_MORE * level else 1
        return self._disappointed < _ENDURED

    def compare_anew(self) -> None:
        """What was best no longer counts."""
        self.best, self._disappointed = (0.0, 0.0), 0
