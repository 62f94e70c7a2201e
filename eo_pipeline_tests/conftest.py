"""What every test starts from. What does not belong here: fixtures of one floor."""

from collections.abc import Iterator

import hypothesis
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
"""No example fails because a machine is busy."""


@pytest.fixture(autouse=True)
def no_instance_of_an_earlier_test() -> Iterator[None]:
    """Dagster remembers the last instance opened in a process; instances closed out of order leave a dead one."""
    with set_defs_state_storage(None):
        yield


LONGEST = ("test_many_tiles.py", "test_secrets.py", "test_delete.py", "test_chaos.py")
"""Files that take so long that the others should not wait for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: each is one process's, however many there are."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
