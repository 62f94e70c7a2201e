"""What the partitions of one run are asked for with: the client, and the image that their submission recorded.

What does not belong here: what is asked of the image (`steps`), and Dagster's side of it (`assets`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Stamp
from eo_pipeline.orchestration.submissions.destinations import Services, unwritten
from eo_pipeline.orchestration.submissions.planner import Planner, open_planner
from eo_pipeline.steps.exports.plan_export import PlannedExport

_SECONDS = 330
"""That one request may take: the service gives up after five minutes."""


class OutdatedError(ServiceError):
    """What would be asked for is not what was submitted."""


@dataclass(frozen=True)
class PieceOrders:
    """Partitions of one run that need no task.

    Attributes:
        chain: the product.
        services: of the deployment.
        exported: newest materialisations of `export`, by partition.
    """

    chain: Chain
    services: Services
    exported: Mapping[str, Stamp]

    @cached_property
    def session(self) -> Session:
        """For interactive requests."""
        return self.services.earth_engine.session(interactive=True)

    @cached_property
    def client(self) -> InteractiveClient:
        """The run's one, so that what it learns about the service's pace is there for the next partition."""
        return InteractiveClient(self.session, seconds=_SECONDS)

    def has_images(self, key: str) -> bool:
        """False if there is nothing to ask for."""
        return not is_empty(self.exported[key].values)

    def planned(self, key: str) -> PlannedExport:
        """The image of a partition, made as its submission made it.

        Raises:
            OutdatedError: the recipe or the images changed since.
            ServiceError, ServiceUnreachableError, CredentialsError: see `Session.call`.
        """
        found = self._planner.plan(key, unwritten(self.chain.product, self.services).value)
        if found.task.digest != self.exported[key].values[names.DIGEST]:
            raise OutdatedError(
                f"{key}: expected the recipe and images of its submission, but they changed since; materialise "
                "`submission` again"
            )
        return found

    @property
    def native_resolution(self) -> float | None:
        """Metres a pixel of the source; None if unknown. Asked for with the first plan."""
        return self._planner.native_resolution

    @cached_property
    def _planner(self) -> Planner:
        wanted = [key for key in self.exported if self.has_images(key)]
        return open_planner(self.chain, wanted, self.services.earth_engine.settings(), self.session)


def is_empty(values: Mapping[str, Any]) -> bool:
    """True if an export's metadata says that no image is left after the filters."""
    return values.get(names.STATE) == SubmissionState.NO_IMAGES.value
