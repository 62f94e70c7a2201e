"""Asset names on the wire and asset ids inside. What does not belong here: what an asset is."""

import re

_SHARED = re.compile(r"projects/(?:earthengine-public|earthengine-legacy)/assets/(.+)")


def asset_id(name: str) -> str:
    """The id behind a resource name: `projects/earthengine-public/assets/A/B` is `A/B`; a project's own stays whole."""
    found = _SHARED.fullmatch(name)
    return found.group(1) if found else name
