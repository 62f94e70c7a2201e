"""What goes wrong beside the kills: a deck of faults, each drawn once before any is drawn again.

What does not belong here: how a fault is brought about (docs/sandbox_faults.md) and when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

PROJECT = "sandbox-project"
BUCKET = "chaos-bucket"

SUBMITTING, DOWNLOADING, ASKING = "image:export$", "^/download/", "^/v1/projects"

TASK_MESSAGES = {
    "memory": "User memory limit exceeded.",
    "time-out": "Computation timed out.",
    "too large": "Export too large: specified 2684354560 pixels (max: 100000000). Specify higher maxPixels value if "
    "you intend to export a large area.",
    "internal error": "Internal error.",
    "rate": "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read requests per minute'.",
    "compute limit": "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time', "
    "which is adjustable by your administrator in the Google Cloud console: "
    "https://console.cloud.google.com/quotas/?project=_.",
    "types": "Exported bands must have compatible data types; found inconsistent types: Float32 and UInt8.",
    "no bands": "Image.select: Image has no bands.",
    "permission": f"Permission 'storage.objects.create' denied on Cloud Storage bucket '{BUCKET}'.",
    "not found": "Image.load: Image asset 'projects/sandbox-project/assets/heights/h_201401' not found.",
    "unknown": "The flux capacitor is not aligned.",
}
"""Ends of tasks in the service's words, by class; see `eo_pipeline.core.exports.failures`."""


@dataclass(frozen=True)
class Mischief:
    """One request to the sandbox's control routes.

    Attributes:
        name: for the counts.
        path: below `/_sandbox/`.
        body: JSON, or None where `method` says all.
        method: if it is not the one that the body implies.
        seconds: after which settings are as before; 0 if nothing needs to be undone.
    """

    name: str
    path: str
    body: Mapping[str, object] | None
    method: str | None = None
    seconds: float = 0.0


def _fault(name: str, kind: str, **fields: object) -> Mischief:
    return Mischief(name, "faults", {"kind": kind, **fields})


REQUESTS = (
    _fault("lost reply to a submission", "lost_reply", path=SUBMITTING),
    _fault("lost replies to submissions", "lost_reply", path=SUBMITTING, after=3, count=4),
    _fault("slow reply to a submission", "slow_reply", path=SUBMITTING, seconds=8),
    _fault("503 to a submission", "status", path=SUBMITTING, status=503, after=1, count=2),
    _fault(
        "storm of 429",
        "status",
        path=ASKING,
        status=429,
        reason="RESOURCE_EXHAUSTED",
        count=12,
        message="Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded.",
    ),
    _fault("503 to anything", "status", count=4),
    _fault("500 to listings of operations", "status", path="/operations$", status=500, reason="INTERNAL", count=2),
    _fault("slow answers", "slow", count=6, seconds=3),
    _fault("broken connections", "reset", count=4),
    _fault("truncated downloads", "truncated", path=DOWNLOADING, count=3),
    _fault("corrupted downloads", "corrupted", path=DOWNLOADING, count=3),
    _fault("downloads refused", "status", path=DOWNLOADING, status=503, count=5),
    Mischief("tokens expire", "tokens", None, method="DELETE"),
    Mischief(
        "exports forbidden for a while",
        "settings",
        {"denied_permissions": [f"{PROJECT}:earthengine.exports.create"]},
        seconds=5,
    ),
    Mischief("bucket closed for a while", "settings", {"forbidden_buckets": [BUCKET]}, seconds=5),
    Mischief("others' tasks", "operations", {"project": PROJECT, "count": 8, "seconds": 40}),
)
"""Everything that happens to requests, and to who may do what."""

TASKS = (
    *(_fault(f"task fails: {name}", "fail", message=message) for name, message in TASK_MESSAGES.items()),
    _fault("tasks stumble", "stumble", count=3),
    _fault("task hangs", "hang"),
    _fault("task vanishes", "vanish"),
    _fault("task is cancelled", "cancel"),
)
"""Everything that happens to tasks, once each."""

CALM: Mapping[str, object] = {"denied_permissions": [], "forbidden_buckets": []}
"""Settings without any mischief."""


def deck(random: Random) -> Iterator[Mischief]:
    """All mischief in random order, then all again, for ever."""
    while True:
        cards = [*REQUESTS, *TASKS]
        random.shuffle(cards)
        yield from cards
