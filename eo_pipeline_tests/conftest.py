"""What every test starts from. What does not belong here: fixtures of one floor."""

from collections.abc import Iterator

import hypothesis
import pytest
from dagster._core.storage.defs_state.base import set_defs_state_storage

from eo_pipeline_tests.quick_databases import quick_databases

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
"""No example fails because a machine is busy."""


@pytest.fixture(scope="session", autouse=True)
def databases_are_quick() -> Iterator[None]:
    """In this process; what tests start as processes has Dagster's databases as they are."""
    with quick_databases():
        yield


@pytest.fixture(autouse=True)
def no_instance_of_an_earlier_test() -> Iterator[None]:
    """Dagster remembers the last instance opened in a process; instances closed out of order leave a dead one."""
    with set_defs_state_storage(None):
        yield


LONGEST = (
    "test_chaos.py",
    "test_recovery.py",
    "test_held_back.py",
    "test_failed_exports.py",
    "test_delete.py",
    "test_secrets.py",
    "test_zones_of.py",
    "test_many_tiles.py",
    "test_cancel.py",
    "test_tables.py",
    "test_ee_assets.py",
    "test_load.py",
    "test_fetch_tiles.py",
    "test_costs.py",
    "test_series.py",
    "test_mosaic.py",
)
"""Files that take so long that the others should not wait for them at the end: first, with --no-loadscope-reorder."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: each is one process's, however many there are."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
