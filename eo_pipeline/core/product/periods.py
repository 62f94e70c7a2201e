"""The time steps of a product. What does not belong here: the rules that cut time (`core.period_rules`)."""

from datetime import UTC, date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from eo_pipeline.core.period_rules import CalendarRule, DaysRule, parse_period_rule
from eo_pipeline.core.periods import Period, parse_duration
from eo_pipeline.core.product.section import Section
from eo_pipeline.errors import EoPipelineError


def _text(value: object) -> object:
    return str(value) if isinstance(value, date | int) else value


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except EoPipelineError as error:
        raise ValueError(str(error)) from error
    return text


Start = Annotated[str, BeforeValidator(_text)]
Duration = Annotated[str, AfterValidator(_duration)]


class Periods(Section):
    """The product's time steps, in UTC, half-open."""

    every: str = Field(description="day, month, year, '<n> days' (restarting each 1 January) or image")
    start: Start = Field(description="first period, for example 2019-01 or 2019-01-01")
    end: Start | None = Field(None, description="no period starts at or after this date")
    available_after: Duration = Field("0d", description="wait this long after a period's end before exporting it")
    recheck_for: Duration = Field("0d", description="look for late or reprocessed images this long after the end")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            _ = self.rule
        except EoPipelineError as error:
            raise ValueError(f"every: {error}") from error
        starts_at, ends_at = self.starts_at, self.ends_at
        if ends_at is not None and ends_at <= starts_at:
            raise ValueError(f"expected an end after the start {self.start}, got {self.end}")
        return self

    @property
    def of_images(self) -> bool:
        """True if the source's own image dates are the periods: one day each, listed by asking the service."""
        return self.every == "image"

    @property
    def rule(self) -> CalendarRule | DaysRule:
        """How time is cut; the days of the source's images are a choice among all days."""
        return parse_period_rule("day" if self.of_images else self.every)

    @property
    def starts_at(self) -> datetime:
        """First instant, UTC."""
        return _instant("start", self.start)

    @property
    def ends_at(self) -> datetime | None:
        """First instant after the last period, UTC, or None if the product goes on."""
        return None if self.end is None else _instant("end", self.end)

    def until(self, now: datetime) -> tuple[Period, ...]:
        """Every period of the rule that has ended by `now`, in order."""
        limit = now if self.ends_at is None else min(now, self.ends_at)
        return tuple(p for p in self.rule.periods(self.starts_at, limit) if p.end <= now)


def _instant(field: str, text: str) -> datetime:
    padded = text + "0001-01-01"[len(text) :] if len(text) in (4, 7) else text
    try:
        day = date.fromisoformat(padded)
    except ValueError as error:
        raise ValueError(f"{field}: expected a date such as 2019, 2019-01 or 2019-01-01, got {text!r}") from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
