"""The command line of the sandbox's process."""

import sys
from pathlib import Path

from eo_pipeline.cli.sandbox import sandbox_arguments


def test_only_what_was_given_is_passed_on() -> None:
    arguments = sandbox_arguments(port=8085, data=Path("somewhere"), catalog=None, speed=None)
    assert arguments == [sys.executable, "-m", "eo_pipeline.sandbox", "--port", "8085", "--data", "somewhere"]


def test_catalog_and_speed_are_passed_on() -> None:
    arguments = sandbox_arguments(port=0, data=Path("d"), catalog=Path("c.yaml"), speed=60.0)
    assert arguments[-4:] == ["--catalog", "c.yaml", "--speed", "60.0"]
