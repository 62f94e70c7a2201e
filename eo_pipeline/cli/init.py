"""`eo-pipeline init DIR`: makes a user's own project on the installed package.

What does not belong here: the files' contents (`templates/project/`).
"""

import re
import shutil
import tempfile
from importlib import resources
from pathlib import Path

import click

from eo_pipeline.errors import EoPipelineError

DOTTED = {"env.example": ".env.example", "gitignore": ".gitignore"}
NAME_IN_TEMPLATES = "PROJECT_NAME"


class FolderNotEmptyError(EoPipelineError):
    """The folder for a new project holds something already."""


class ProjectNotMadeError(EoPipelineError):
    """The folder for a new project cannot be written."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make a project of your own in a folder.

    DIR gets an example product, example polygons and the settings that Dagster reads.
    """
    try:
        made = make_project(folder)
    except OSError as error:
        raise ProjectNotMadeError(
            f"expected to make {folder}, got: {error.strerror}; name a folder that this account may write"
        ) from error
    click.echo(f"Made {folder}: {', '.join(made)}")
    click.echo(f"\nWithout an account:\n  cd {folder} && eo-pipeline ui        # the sandbox and the UI\n\nWith one:")
    click.echo(f"  cd {folder} && cp .env.example .env    # then fill it in")
    click.echo("  eo-pipeline doctor                     # what is missing, and how to mend it")
    click.echo("  dagster dev                            # the UI")


def make_project(folder: Path) -> tuple[str, ...]:
    """Makes the project; it appears whole or not at all.

    Args:
        folder: new, or an existing empty folder; its name becomes the project's.

    Returns:
        The files' paths relative to the folder, sorted.

    Raises:
        FolderNotEmptyError: if the folder holds anything, or is a file.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"expected a new or empty folder, got {folder}, which holds something; name another one"
        raise FolderNotEmptyError(msg)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = _copy_templates(draft, project_name(folder))
        draft.chmod(0o755)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return made


def project_name(folder: Path) -> str:
    """The project's name: the folder's, with _ for all but ASCII letters and digits; "project" if nothing is left."""
    return re.sub(r"[^A-Za-z0-9]+", "_", folder.name).strip("_") or "project"


def _copy_templates(target: Path, name: str) -> tuple[str, ...]:
    with resources.as_file(resources.files("eo_pipeline.cli") / "templates" / "project") as templates:
        sources = [path for path in templates.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        made = {path.relative_to(templates).with_name(DOTTED.get(path.name, path.name)): path for path in sources}
        for relative, source in made.items():
            destination = target / relative
            destination.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8").replace(NAME_IN_TEMPLATES, name)
            destination.write_text(text, encoding="utf-8")
    return tuple(sorted(map(str, made)))
