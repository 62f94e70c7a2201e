"""The contract of Cloud Storage on five unmodified clients, with and without credentials."""

import pytest

from eo_pipeline_tests.contracts.cloud_storage import CHECKS, GUARDED_CHECKS, Check, lists_beyond_one_page
from eo_pipeline_tests.contracts.object_client import Access, Guard, NoCallError, ObjectClient
from eo_pipeline_tests.sandbox.cloud_storage.adapters import CLIENTS
from eo_pipeline_tests.sandbox.cloud_storage.conftest import Guarded
from eo_pipeline_tests.sandbox.cloud_storage.server import Running

CALLED_BY_TWO = {"composes"}
"""Only google-cloud-storage and gcsfs have a call that joins objects."""
BY_CLIENT = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
UNGUARDED_CHECKS = [check for check in CHECKS if check not in (*GUARDED_CHECKS, lists_beyond_one_page)]
"""Pages are the same with and without credentials, and a thousand objects take seconds to write."""


def hold(client: ObjectClient, check: Check) -> None:
    """Run a check; where the library has no call for it, as declared with the reason, see that this is so."""
    if check.__name__ not in client.lacks:
        check(client)
        return
    with pytest.raises(NoCallError):
        check(client)


@pytest.mark.parametrize("check", UNGUARDED_CHECKS, ids=lambda check: check.__name__)
@BY_CLIENT
def test_without_credentials(client: type[ObjectClient], check: Check, open_server: Running, bucket: str) -> None:
    hold(client(Access(open_server.endpoint, bucket, key=None, guard=None)), check)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@BY_CLIENT
def test_with_a_key(client: type[ObjectClient], check: Check, guarded_server: Guarded, guarded_bucket: str) -> None:
    guard = Guard(guarded_server.stranger, guarded_server.forbidden_bucket)
    hold(client(Access(guarded_server.server.endpoint, guarded_bucket, guarded_server.key, guard)), check)


@BY_CLIENT
def test_what_a_client_lacks_are_checks_and_have_reasons(client: type[ObjectClient]) -> None:
    assert set(client.lacks) <= {check.__name__ for check in CHECKS}
    assert all(client.lacks.values())


def test_every_check_runs_on_three_clients_at_least() -> None:
    running = {check.__name__: sum(check.__name__ not in client.lacks for client in CLIENTS) for check in CHECKS}
    assert len(running) == len(CHECKS)
    assert {name for name, clients in running.items() if clients < 3} == CALLED_BY_TWO
    assert all(running[name] == 2 for name in CALLED_BY_TWO)
