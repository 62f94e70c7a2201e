"""Whether a product may start exports: its budget and the project's tier against the month's account.

What does not belong here: the decision (`core.compute.budget`), and what is done about a refusal (`releases`,
`submission_office`).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache

from eo_pipeline.core.compute.budget import HeldBack, allowance_of, decide_budget
from eo_pipeline.core.compute.compute_account import Account
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.submissions.releases import Allowance
from eo_pipeline.steps.open_account import open_account
from eo_pipeline.storage.places import Place

Allowances = Callable[[Sequence[Operation]], Allowance]
"""From the project's operations as listed to what each product may still start."""


def allowances(settings: Settings, place: Callable[[], Place], products: Iterable[str]) -> Allowances:
    """The deployment's; the account is opened when a limit is first asked about, and then once a listing.

    Args:
        settings: whose tier, project and service.
        place: opens the data root, below which the table of compute lies.
        products: names of all.
    """
    names = list(products)

    def of(listed: Sequence[Operation]) -> Allowance:
        @cache
        def account() -> Account:
            return open_account(settings, place(), names, listed, now=datetime.now(UTC))

        def allowance(chain: Chain, exports: int) -> str:
            product = chain.product
            limits = allowance_of(settings.compute_tier, product.budget.eecu_hours_a_month)
            if not limits.limited:
                return ""
            found = decide_budget(account().with_more(product.name, exports - 1), product.name, limits)
            return found.reason if isinstance(found, HeldBack) else ""

        return allowance

    return of
