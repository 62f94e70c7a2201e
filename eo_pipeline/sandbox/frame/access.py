"""Who may use Earth Engine here. What does not belong here: Cloud Storage's own credentials."""

from collections.abc import Callable

from starlette.datastructures import Headers

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import Settings

USE = "serviceusage.services.use"
"""The permission that every request needs in the project it is charged to."""

Identify = Callable[[str], str | None]
"""The address a bearer token speaks for; None for a token of somebody else's making.

ValueError for one that was issued here and no longer counts.
"""


def anybody(_: str) -> None:
    """Takes every token for one of somebody else's making."""


def caller_of(headers: Headers, identify: Identify, settings: Settings) -> str | None:
    """Who sends a request, None where nobody says so.

    Raises:
        ServiceError: 401, credentials are missing where they are needed, or have expired.
    """
    token = headers.get("authorization", "")
    if not token.lower().startswith("bearer "):
        if settings.anonymous:
            return None
        raise ServiceError(_NO_CREDENTIAL, 401, "UNAUTHENTICATED")
    try:
        return identify(token[7:].strip())
    except ValueError as error:
        raise ServiceError(_WRONG_CREDENTIAL, 401, "UNAUTHENTICATED") from error


def check_access(headers: Headers, project: str | None, permission: str, settings: Settings) -> None:
    """Refuse a request for a project that may not use Earth Engine, or in which the caller lacks a permission.

    Args:
        headers: Of the request.
        project: Project id of the path; the header x-goog-user-project counts too.
        permission: What the request needs in the project of the path.
        settings: Name the refused projects and permissions.

    Raises:
        ServiceError: 403, in the service's words.
    """
    for charged in (project, headers.get("x-goog-user-project")):
        if charged in settings.disabled_projects:
            raise ServiceError(_DISABLED.format(project=charged), 403, "PERMISSION_DENIED")
        if charged in settings.unregistered_projects:
            raise ServiceError(_UNREGISTERED.format(project=charged), 403, "PERMISSION_DENIED")
        if f"{charged}:{USE}" in settings.denied_permissions:
            raise ServiceError(_UNUSABLE.format(project=charged), 403, "PERMISSION_DENIED")
    if f"{project}:{permission}" in settings.denied_permissions:
        denied = settings.denied_permission.replace("{permission}", permission).replace("{project}", str(project))
        raise ServiceError(denied, 403, "PERMISSION_DENIED")


_NO_CREDENTIAL = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_WRONG_CREDENTIAL = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_UNUSABLE = (
    "Caller does not have required permission to use project {project}. Grant the caller the "
    "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission, "
    "by visiting https://console.developers.google.com/iam-admin/iam/project?project={project} and then retry. "
    "Propagation of the new permission may take a few minutes."
)
_DISABLED = (
    "Google Earth Engine API has not been used in project {project} before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/earthengine.googleapis.com/overview?project={project} then retry. "
    "If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
)
_UNREGISTERED = (
    "Project {project} is not registered to use Earth Engine. Visit "
    "https://code.earthengine.google.com/register?project={project} to register your project. "
    "See https://developers.google.com/earth-engine/guides/access for more details."
)
