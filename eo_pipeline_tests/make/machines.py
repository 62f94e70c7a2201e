"""What the tests of the make scripts share: executables of a stand-in machine."""

from pathlib import Path


def put(path: Path, text: str) -> None:
    """Writes an executable; a file that is there already, or a link to one, is replaced and never written through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def borrow(folder: Path, *names: str) -> None:
    """Puts the system's tools of these names into a folder, as scripts that call them: no link leads out of it."""
    for name in names:
        found = next(place / name for place in (Path("/usr/bin"), Path("/bin")) if (place / name).exists())
        put(folder / name, f'#!/bin/sh\nexec {found} "$@"\n')
