"""One sandbox a module, with the scenes of `eo_pipeline_tests.scenes`."""

from collections.abc import Iterator

import pytest

from eo_pipeline_tests.scenes import Service, running_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("service")) as found:
        yield found
