"""Daily and monthly limits of a project's compute, and what happens above them. Not here: counting (`compute_ledger`).

Above the daily limit, which the project's owner sets, requests fail until the next day [documented]. Above the monthly
limit of non-commercial projects they are slowed ("restricted mode") [documented]; by how much is not published.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.compute_ledger import ComputeLedger
from eo_pipeline.sandbox.settings import LiveSettings, Settings


@dataclass(frozen=True)
class ComputeLimits:
    """The limits in force."""

    ledger: ComputeLedger
    settings: LiveSettings
    clock: Callable[[], datetime]

    def check(self, project: str) -> None:
        """Refuse work of a project that has used up its compute.

        Raises:
            ServiceError: In the service's words.
        """
        if refusal := self.refusal(project):
            raise ServiceError(refusal, self.settings.now.eecu_exceeded_code, "RESOURCE_EXHAUSTED")

    def refusal(self, project: str) -> str:
        """Why a project may not compute now; empty if it may."""
        settings = self.settings.now
        limit = settings.daily_eecu_seconds
        if limit > 0 and self._used(project, day_start) >= limit:
            return settings.daily_eecu_exceeded
        return settings.monthly_eecu_exceeded if self._month_is_over_limit(project) else ""

    def settings_for(self, project: str) -> Settings:
        """The settings as they count for a project: slower ones in restricted mode."""
        settings = self.settings.now
        if not self._month_is_over_limit(project):
            return settings
        return replace(
            settings,
            running_at_once=settings.restricted_running_at_once,
            concurrent_requests=settings.restricted_concurrent_requests,
        )

    def _month_is_over_limit(self, project: str) -> bool:
        hours = self.settings.now.monthly_eecu_hours
        return hours > 0 and self._used(project, month_start) >= hours * 3600

    def _used(self, project: str, start: Callable[[datetime, float], datetime]) -> float:
        return self.ledger.used(project, start(self.clock(), self.settings.now.quota_day_begins))


def day_start(now: datetime, begins: float) -> datetime:
    """The beginning of the day, which begins at that UTC hour."""
    shifted = now.astimezone(UTC) - timedelta(hours=begins)
    return shifted.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=begins)


def month_start(now: datetime, begins: float) -> datetime:
    """The beginning of the month, whose days begin at that UTC hour."""
    shifted = now.astimezone(UTC) - timedelta(hours=begins)
    return shifted.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=begins)
