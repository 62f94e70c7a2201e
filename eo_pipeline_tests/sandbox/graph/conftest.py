"""The client that serialises the expressions of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eo_pipeline_tests.sandbox.graph_support import serialising_client


@pytest.fixture(scope="module", autouse=True)
def _client() -> Iterator[None]:
    with serialising_client():
        yield
