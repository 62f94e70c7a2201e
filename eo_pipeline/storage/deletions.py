"""What a bucket tells of objects that are not there any more: its lifecycle rules, and versions that it still keeps.

What does not belong here: which objects should be there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import google.api_core.exceptions

_WRITTEN_WITHIN = timedelta(hours=12)
"""Between the first and the last file of one export, at most."""
_OTHERS = frozenset(
    ("customTimeBefore", "daysSinceCustomTime", "daysSinceNoncurrentTime", "noncurrentTimeBefore", "numNewerVersions")
)
"""Conditions of rules that delete only noncurrent versions, or what has a time of its own: never an export's file
(https://cloud.google.com/storage/docs/lifecycle)."""


def evidence_of_deletion(
    client: Any, bucket: str, names: Sequence[str], *, written: datetime | None, now: datetime
) -> tuple[str, ...]:
    """Sentences that say why objects of these names may have been there and gone; none if nothing says so.

    Args:
        client: Google's.
        bucket: its name.
        names: of objects that are not listed.
        written: when others of the same export were written, the first of them; None if none is there.
        now: UTC.
    """
    rules = _permitted(lambda: list(client.get_bucket(bucket).lifecycle_rules))
    ruled = [_told(rule) for rule in rules if any(may_delete(rule, name, written=written, now=now) for name in names)]
    return (*ruled, *_kept_versions(client, bucket, frozenset(names)))


def may_delete(rule: Mapping[str, Any], name: str, *, written: datetime | None, now: datetime) -> bool:
    """Whether a rule deletes live objects of a name, as old as can be known.

    Args:
        rule: as the JSON API writes it: `action`, `condition`.
        name: of the object.
        written: at about the time of the object; None if unknown, which then is no reason against the rule.
        now: UTC.
    """
    condition = rule.get("condition", {})
    if rule.get("action", {}).get("type") != "Delete" or condition.get("isLive") is False or _OTHERS & set(condition):
        return False
    prefixes, suffixes = tuple(condition.get("matchesPrefix", ())), tuple(condition.get("matchesSuffix", ()))
    if (prefixes and not name.startswith(prefixes)) or (suffixes and not name.endswith(suffixes)):
        return False
    return written is None or _old_enough(condition, written - _WRITTEN_WITHIN, now)


def _old_enough(condition: Mapping[str, Any], written: datetime, now: datetime) -> bool:
    if "age" in condition and now - written < timedelta(days=int(condition["age"])):
        return False
    before = condition.get("createdBefore")
    return before is None or written.date() < (before if isinstance(before, date) else date.fromisoformat(str(before)))


def _told(rule: Mapping[str, Any]) -> str:
    condition = rule["condition"]
    of = [f"that begin with {text!r}" for text in condition.get("matchesPrefix", ())]
    of += [f"that end with {text!r}" for text in condition.get("matchesSuffix", ())]
    when = f" {condition['age']} days after they were written" if "age" in condition else ""
    when += f" written before {condition['createdBefore']}" if "createdBefore" in condition else ""
    return f"a lifecycle rule of the bucket deletes objects{' ' if of else ''}{' or '.join(of)}{when}"


def _kept_versions(client: Any, bucket: str, names: frozenset[str]) -> tuple[str, ...]:
    """What soft deletion and versioning still keep of the objects."""
    listings: tuple[tuple[str, dict[str, bool], str], ...] = (
        ("soft-deleted", {"soft_deleted": True}, "soft_delete_time"),
        ("noncurrent", {"versions": True}, "time_deleted"),
    )
    told = []
    for kind, options, moment in listings:
        times = _deleted_at(client, bucket, names, options, moment)
        if times:
            first, last = min(times.values()), max(times.values())
            told.append(
                f"{len(times)} of them are kept as {kind}, deleted {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
            )
    return tuple(told)


def _deleted_at(
    client: Any, bucket: str, names: frozenset[str], options: Mapping[str, bool], moment: str
) -> dict[str, datetime]:
    """When each object was deleted that a listing still has; services without the option list live ones only."""
    prefix = _common_start(names)
    blobs = _permitted(lambda: list(client.list_blobs(bucket, prefix=prefix, **options)))
    times = {blob.name: getattr(blob, moment) for blob in blobs if blob.name in names}
    return {name: time for name, time in times.items() if time is not None}


def _permitted(ask: Callable[[], list[Any]]) -> list[Any]:
    """What the service tells; nothing if the account may not know, or the bucket has no such thing."""
    try:
        return ask()
    except google.api_core.exceptions.ClientError:
        return []


def _common_start(names: Iterable[str]) -> str:
    first, last = min(names), max(names)
    same = [a == b for a, b in zip(first, last, strict=False)]
    return first[: same.index(False) if False in same else len(same)]
