"""The glob language of `matchGlob`: ``*`` and ``?`` stay inside a folder, ``**`` does not. Not here: listing."""

import re
from functools import lru_cache

from eo_pipeline.sandbox.cloud_storage.errors import invalid

_TOKEN = re.compile(r"\*\*|\*|\?|\[[^\]]+\]|\{[^}]*\}|.", re.DOTALL)


@lru_cache(maxsize=64)
def compiled(glob: str) -> re.Pattern[str]:
    """A glob as a pattern for `fullmatch` on object names; StorageError 400 for a text that is none."""
    try:
        return re.compile("".join(_translated(token) for token in _TOKEN.findall(glob)), re.DOTALL)
    except (re.error, RecursionError) as error:
        raise invalid(f"Invalid matchGlob: expected a glob pattern, got '{glob[:100]}' ({error}).") from error


def _translated(token: str) -> str:
    plain = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in plain:
        return plain[token]
    if len(token) > 1 and token.startswith("["):
        body = token[1:-1].replace("\\", r"\\")
        return f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]"
    if len(token) > 1 and token.startswith("{"):
        return "(?:" + "|".join(compiled(choice).pattern for choice in token[1:-1].split(",")) + ")"
    return re.escape(token)
