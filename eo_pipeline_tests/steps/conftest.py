"""One sandbox a module, with the scenes of `eo_pipeline_tests.scenes`, and a recorder as its interactive address."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline_tests.recorder import Recorder, recording
from eo_pipeline_tests.scenes import Service, running_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="module")
def proxy(service: Service) -> Iterator[Recorder]:
    with recording(service.sandbox.url) as found:
        yield found


@pytest.fixture
def recorder(service: Service, proxy: Recorder) -> Iterator[Recorder]:
    """Of this test alone; faults end with it."""
    proxy.asked.clear()
    yield proxy
    service.sandbox.control("faults", method="DELETE")


@pytest.fixture
def interactive(service: Service, recorder: Recorder) -> Session:
    """For interactive requests, at the recorder."""
    return connect(replace(service.settings, interactive_url=recorder.url), interactive=True)
