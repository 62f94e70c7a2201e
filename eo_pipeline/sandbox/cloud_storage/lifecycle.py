"""When a bucket's lifecycle rules delete an object. Not here: deleting it (the store's)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eo_pipeline.sandbox.cloud_storage.errors import invalid
from eo_pipeline.sandbox.cloud_storage.objects import ObjectMeta


@dataclass(frozen=True)
class DeleteRule:
    """One rule whose action is Delete; all of its conditions must hold."""

    age_days: int | None
    """Days since the object was created."""
    created_before: datetime | None
    """Midnight UTC of a date."""
    prefixes: tuple[str, ...]
    """The name starts with one of them; none: any name."""
    suffixes: tuple[str, ...]
    """The name ends with one of them; none: any name."""

    def applies(self, meta: ObjectMeta, now: datetime) -> bool:
        """True if the rule deletes the object at `now`."""
        created = datetime.fromisoformat(meta.created)
        return (
            (self.age_days is None or now - created >= timedelta(days=self.age_days))
            and (self.created_before is None or created < self.created_before)
            and (not self.prefixes or meta.name.startswith(self.prefixes))
            and (not self.suffixes or meta.name.endswith(self.suffixes))
        )


def delete_rules(bucket: Mapping[str, object]) -> tuple[DeleteRule, ...]:
    """The rules in a bucket's JSON resource.

    Raises:
        StorageError: 400 for a rule that the sandbox would not carry out.
    """
    lifecycle = bucket.get("lifecycle") or {}
    rules = lifecycle.get("rule") or [] if isinstance(lifecycle, Mapping) else None
    if not isinstance(rules, list):
        raise invalid("Invalid lifecycle: expected {'rule': [...]}.")
    return tuple(map(_rule, rules))


def _rule(rule: object) -> DeleteRule:
    match rule:
        case {"action": {"type": "Delete"}, "condition": {**condition}} if condition:
            return _delete_rule(condition)
    raise invalid(
        f"Invalid lifecycle rule {rule!r}: expected action Delete with a condition; the sandbox has no other."
    )


def _delete_rule(condition: Mapping[Any, Any]) -> DeleteRule:
    if unknown := condition.keys() - {"age", "createdBefore", "matchesPrefix", "matchesSuffix"}:
        raise invalid(f"Lifecycle conditions {sorted(unknown)} are not known to the sandbox.")
    age, date = condition.get("age"), condition.get("createdBefore")
    if age is not None and (isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= 1_000_000):
        raise invalid(f"Invalid lifecycle age {age!r}: expected a number of days.")
    return DeleteRule(
        age,
        None if date is None else _midnight(date),
        _texts(condition.get("matchesPrefix") or []),
        _texts(condition.get("matchesSuffix") or []),
    )


def _midnight(date: object) -> datetime:
    try:
        return datetime.fromisoformat(f"{date}T00:00:00+00:00")
    except ValueError:
        raise invalid(f"Invalid lifecycle createdBefore {date!r}: expected YYYY-MM-DD.") from None


def _texts(texts: object) -> tuple[str, ...]:
    if not isinstance(texts, Sequence) or isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise invalid(f"Invalid lifecycle condition {texts!r}: expected a list of texts.")
    return tuple(texts)
