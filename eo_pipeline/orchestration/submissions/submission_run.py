"""One run of the asset `submission`: what its partitions share, what was recorded before, and outages.

What does not belong here: one partition's plan and export (`submission_office`), and what is shown of it.
"""

from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from eo_pipeline.core.exports.reconcile import Wish
from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.following.waiting import waiting_of
from eo_pipeline.orchestration.resources import DataRootResource
from eo_pipeline.orchestration.submissions.allowances import allowances
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.orchestration.submissions.submission_office import (
    Sent,
    SubmissionOffice,
    may_pass,
    open_office,
    postponed,
)
from eo_pipeline.orchestration.submissions.turns import REASON, in_line, is_in_line, takes_turns


class SubmissionConfig(dg.Config):
    """How a person may override the digest and the queue.

    Attributes:
        resubmit: export again although the same export succeeded before.
        lost: export again what was deleted at its destination before it was collected.
        priority: of the tasks, 0 to 9999; the product's if absent. Above 100 is urgent: queued and started first.
    """

    resubmit: bool = False
    lost: bool = False
    priority: int | None = None


@dataclass
class SubmissionRun:
    """Partitions of one run: each is sent, held back, waited for or refused.

    Attributes:
        context: of the asset.
        chain: the product.
        config: what a person overrides.
        services: of the deployment.
        data_root: with the table of compute.
    """

    context: dg.AssetExecutionContext
    chain: Chain
    config: SubmissionConfig
    services: Services
    data_root: DataRootResource

    def submit(self, key: str) -> Sent:
        """Bring one partition under way.

        Raises:
            EoPipelineError: it failed for good.
            dg.Failure: all of the run did.
        """
        before = self._before.get(key)
        try:
            sent = self._sent(key, before)
        except EoPipelineError as error:
            self._end_holding(key, str(error))
            raise
        except dg.Failure as error:
            for each in self.context.partition_keys:
                self._end_holding(each, error.description or "")
            raise
        self.context.log.info(f"{key}: {sent.reason}")
        return sent

    @cached_property
    def _service(self) -> str:
        return self.services.earth_engine.settings().service

    @cached_property
    def _before(self) -> dict[str, Recorded]:
        return ledger.last_submissions(
            self.context.instance, self.context.asset_key, list(self.context.partition_keys), service=self._service
        )

    @cached_property
    def _takes_turns(self) -> bool:
        return takes_turns(self.context)

    @cached_property
    def _office(self) -> SubmissionOffice | EoPipelineError:
        """The office, or what is in its way for now; only what worked before is waited for.

        Raises:
            dg.Failure: never retried by Dagster.
        """
        keys, settings = list(self.context.partition_keys), self.services.earth_engine.settings()
        limits = allowances(settings, self.data_root.place, [self.chain.product.name])
        try:
            return open_office(self.chain, keys, self.services, limits, priority=self.config.priority)
        except EoPipelineError as error:
            worked = ledger.has_submitted(self.context.instance, self.context.asset_key, self._service)
            if may_pass(error, worked=worked):
                return error
            raise dg.Failure(description=str(error), allow_retries=False) from error

    def _sent(self, key: str, before: Recorded | None) -> Sent:
        if (before is None or is_in_line(before.submission)) and self._takes_turns:
            return Sent(in_line(self._service, self._priority), "", f"held back: {REASON}")
        office = self._office
        if isinstance(office, EoPipelineError):
            return self._postponed(key, before, office)
        try:
            return office.submit(key, before, self._wish(before))
        except EoPipelineError as error:
            if may_pass(error, worked=True):
                return self._postponed(key, before, error)
            raise

    @property
    def _priority(self) -> int:
        declared = self.chain.product.export.priority
        return declared if self.config.priority is None else self.config.priority

    def _postponed(self, key: str, before: Recorded | None, error: EoPipelineError) -> Sent:
        waits = waiting_of(self.context.instance, self.chain, [key], service=self._service)
        return postponed(before, error, self._service, priority=self._priority, exported=not waits)

    def _wish(self, before: Recorded | None) -> Wish:
        """What was withdrawn is asked for anew, since its files may be deleted by now.

        A run that Dagster starts again after a crash does not export again what its first try did.
        """
        run = self.context.run
        tried = before is not None and before.run_id in {run.parent_run_id, run.root_run_id}
        withdrawn = before is not None and before.submission.state is SubmissionState.WITHDRAWN
        return Wish(resubmit=self.config.resubmit and not tried, lost=self.config.lost or withdrawn)

    def _end_holding(self, key: str, words: str) -> None:
        """Tell that a partition that was held back failed for good, so that it is not released again and again."""
        before = self._before.get(key)
        if before is None or before.submission.held is None:
            return
        self.context.log_event(
            dg.AssetObservation(
                self.chain.key("export"),
                partition=key,
                description=f"failed: {words}",
                metadata={names.REPORTED: before.identity, "error": words},
            )
        )
