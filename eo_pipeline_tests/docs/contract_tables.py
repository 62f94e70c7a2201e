"""The table of Cloud Storage's contract: which check runs on which client, and why not where it does not.

What does not belong here: the checks (`contracts.cloud_storage`) and what clients lack (their adapters).
"""

from eo_pipeline_tests.contracts.cloud_storage import CHECKS, Check
from eo_pipeline_tests.sandbox.cloud_storage.adapters import CLIENTS


def checks_of_cloud_storage() -> str:
    """Every check with a column a client."""
    head = ["check", *(f"`{client.library}`" for client in CLIENTS)]
    lines = [" | ".join(cells) for cells in (head, *(_row(check) for check in CHECKS))]
    return "\n".join([f"| {lines[0]} |", "|---" * len(head) + "|", *(f"| {line} |" for line in lines[1:])])


def _row(check: Check) -> list[str]:
    name = check.__name__
    return [name.replace("_", " "), *(client.lacks.get(name, "runs") for client in CLIENTS)]
