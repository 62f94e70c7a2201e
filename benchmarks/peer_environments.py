"""Environments of peers: `.cache/peers/<name>` from `benchmarks/peers/<name>.lock`, made when first asked for.

A lock is written by `make lock` from `<name>.in`, which names the peers, without what `<name>.excludes` lists: what a
peer asks for but is not used here. It is installed as it is. What does not belong here: a dependency of the project.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
Python = Callable[[str], Path]
"""The interpreter of a peer's environment, by its name."""


def peer_python(name: str, *, locks: Path = ROOT / "benchmarks/peers", cache: Path = ROOT / ".cache/peers") -> Path:
    """The interpreter of a peer's environment; makes it if it is missing, half-made or from another lock.

    Raises:
        FileNotFoundError: if there is no lock of that name.
        subprocess.CalledProcessError: if pip cannot install the lock.
    """
    lock = locks / f"{name}.lock"
    environment = cache / name
    python = environment / "bin/python"
    stamp = environment / "lock.stamp"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == digest:
        return python
    shutil.rmtree(environment, ignore_errors=True)
    print(f"Making the environment of {name} in {environment}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    exactly = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    subprocess.run([*pip, *exactly], check=True, stdout=sys.stderr)
    stamp.write_text(digest)
    return python
