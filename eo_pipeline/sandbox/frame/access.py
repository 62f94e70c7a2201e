"""Who may use Earth Engine here. What does not belong here: Cloud Storage's own credentials."""

from starlette.datastructures import Headers

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import Settings


def check_access(headers: Headers, project: str | None, settings: Settings) -> None:
    """Refuse a request without credentials, or for a project that may not use Earth Engine.

    Args:
        headers: Of the request.
        project: Project id of the path; the header x-goog-user-project counts too.
        settings: Name the refused projects and whether credentials are needed.

    Raises:
        ServiceError: 401 or 403, in the service's words.
    """
    bearer = headers.get("authorization", "").lower().startswith("bearer ")
    if not bearer and not settings.anonymous:
        raise ServiceError(_NO_CREDENTIAL, 401, "UNAUTHENTICATED")
    for charged in (project, headers.get("x-goog-user-project")):
        if charged in settings.disabled_projects:
            raise ServiceError(_DISABLED.format(project=charged), 403, "PERMISSION_DENIED")
        if charged in settings.unregistered_projects:
            raise ServiceError(_UNREGISTERED.format(project=charged), 403, "PERMISSION_DENIED")


_NO_CREDENTIAL = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
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
