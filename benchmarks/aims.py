"""What a line of a benchmark is to reach, and numbers as its JSON tells them. Does not belong here: measuring."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Aim:
    """What a line is to reach: `reached` should be no less than `least` and no more than `most`; None for any."""

    what: str
    reached: float
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is; never if `reached` is not a number."""
        enough = self.least is None or self.reached >= self.least
        return enough and (self.most is None or self.reached <= self.most)


def rounded(value: object) -> object:
    """The same with four significant digits in every fraction, however deep."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
