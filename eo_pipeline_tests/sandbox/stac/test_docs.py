"""The example of docs/sandbox_stac.md runs as it stands, but for the port."""

import pytest

from eo_pipeline_tests.docs.pages import ROOT, code_blocks
from eo_pipeline_tests.sandbox.stac.conftest import Archive


def test_the_example_runs(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "sandbox_stac.md").read_text(encoding="utf-8")
    (example,) = code_blocks(page, "python")
    exec(example.replace("http://127.0.0.1:8900", archive.server.url), {})  # noqa: S102 - the page's own code
    assert -1 < float(capsys.readouterr().out) < 1
