"""A sandbox with its STAC archive, some of whose items are labelled wrongly."""

from collections.abc import Iterator

import pytest

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

MISLABELLED = ("S2B_33UWP_20230624_0_L2A", "S2A_33SVB_20220211_0_L2A")
"""Items whose `boa_offset_applied` is the opposite of what their pixels are: it says false, and true."""


@pytest.fixture(scope="package")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for all tests, which search it page by page."""
    settings = {
        "stac_mislabelled": list(MISLABELLED),
        "stac_static_bbox": "16.34,48.19,16.38,48.22",
        "stac_static_datetime": "2022-01-20T00:00:00Z/2022-01-31T00:00:00Z",
    }
    with running_sandbox(tmp_path_factory.mktemp("archive"), settings=settings) as server:
        yield server
