"""What all groups of paths share: a path as a value, and what requests name. What does not belong here: any path."""

from dataclasses import dataclass

from eo_pipeline.sandbox.frame.endpoints import COMPUTE, Call, Handler
from eo_pipeline.sandbox.settings import LiveSettings

PROJECT = "/v1/projects/{project}"
ASSET = f"{PROJECT}/assets/{{asset:path}}"
_MAX_PAGE = 10_000


@dataclass(frozen=True)
class Guarded:
    """A request for which the caller needs a permission in the project of the path."""

    method: str
    path: str
    handler: Handler
    permission: str = COMPUTE


@dataclass(frozen=True)
class Public:
    """A GET request of anyone who knows the path."""

    path: str
    handler: Handler


def project_of(call: Call) -> str:
    """The project in the path."""
    return str(call.parameters["project"])


def asset_name_of(call: Call) -> str:
    """The asset in the path, `projects/P/assets/ID`."""
    return f"projects/{project_of(call)}/assets/{call.parameters['asset']}"


def page_size(call: Call, settings: LiveSettings) -> int:
    """How many entries a page may have."""
    return min(call.whole("pageSize", settings.now.list_page_size), _MAX_PAGE)
