"""The locks: every package with a version and hashes, and no registry's address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", *sorted((ROOT / "benchmarks/peers").glob("*.lock"))]


def locked(lock: Path) -> dict[str, Requirement]:
    """Requirements by canonical name, without their hashes."""
    lines = [line for line in lock.read_text().splitlines() if line and not line.startswith((" ", "#"))]
    requirements = [Requirement(line.rstrip("\\ ")) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_address_and_no_option(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(?!hash=))", text, flags=re.MULTILINE)
    assert " @ " not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_each_package_has_one_version_and_hashes(lock: Path) -> None:
    blocks = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert len(blocks) == len(locked(lock))
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][^ ]* ", block), block.partition("\n")[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.partition("\n")[0]


def test_the_lock_meets_every_requirement_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgres"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    lock = locked(ROOT / "requirements.lock")
    for requirement in map(Requirement, wanted):
        (pin,) = lock[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier.contains(pin.version), f"{requirement} is not met by {pin}: run make lock"
