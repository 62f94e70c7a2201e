"""Asset names on the wire and asset ids inside. What does not belong here: what an asset is."""

import re

_SHARED = re.compile(r"projects/(?:earthengine-public|earthengine-legacy)/assets/(.+)")
_PROJECT_ROOT = re.compile(r"projects/(?!earthengine-public/)[^/]+/assets")
_LEGACY_ROOT = re.compile(r"(?:users|projects)/[^/]+")
_OWNED = re.compile(r"projects/(?P<project>[^/]+)/assets/.+|users/.+|projects/.+")
_ID = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")


def asset_id(name: str) -> str:
    """The id behind a resource name: `projects/earthengine-public/assets/A/B` is `A/B`; a project's own stays whole."""
    found = _SHARED.fullmatch(name)
    return (found.group(1) if found else name).rstrip("/")


def asset_name(id_: str) -> str:
    """The resource name of an id."""
    if re.match(r"projects/[^/]+/assets(/|$)", id_):
        return id_
    owner = "earthengine-legacy" if id_.startswith(("users/", "projects/")) else "earthengine-public"
    return f"projects/{owner}/assets/{id_}"


def is_root(id_: str) -> bool:
    """Whether it is the top folder of a project, a user or a legacy project."""
    return is_project_root(id_) or _LEGACY_ROOT.fullmatch(id_) is not None


def is_project_root(id_: str) -> bool:
    """Whether it is the top folder of a cloud project, which is there without having been made."""
    return _PROJECT_ROOT.fullmatch(id_) is not None


def owner(id_: str) -> str | None:
    """The project id, or the user's or legacy project's top folder, that an asset is in; None: Earth Engine's own."""
    found = _OWNED.fullmatch(id_)
    if found is None:
        return None
    return found.group("project") or "/".join(id_.split("/")[:2])


def root_of(id_: str) -> str:
    """The top folder that an asset of a client is in."""
    parts = id_.split("/")
    is_cloud = len(parts) > 2 and parts[0] == "projects" and parts[2] == "assets"
    return "/".join(parts[: 3 if is_cloud else 2])


def is_well_formed(id_: str) -> bool:
    """Whether every part of the id is made of letters, digits, hyphens and underscores."""
    return _ID.fullmatch(id_) is not None and len(id_) <= 1000
