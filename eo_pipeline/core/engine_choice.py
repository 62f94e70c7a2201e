"""Which engine runs batches of work, as a value that a deployment's settings and an asset's configuration can hold.

What does not belong here: the engines themselves (`engines`), and the variables' names (`core.settings`).
"""

from dataclasses import dataclass
from typing import Literal, Self

from eo_pipeline.errors import SettingsError

Kind = Literal["processes", "dask", "lithops"]
EXPECTED = (
    "processes, processes:4 (how many), dask:tcp://HOST:8786 (a scheduler's address), "
    "lithops or lithops:FILE (its configuration)"
)
_SCHEMES = ("tcp://", "tls://", "ucx://", "ws://", "wss://")


@dataclass(frozen=True)
class EngineChoice:
    """One engine.

    Attributes:
        kind: processes of this machine, a Dask cluster, or Lithops.
        workers: processes at once; 0 for one a core. Of `processes` only.
        place: address of Dask's scheduler; file of Lithops's configuration, empty for where Lithops looks itself.
    """

    kind: Kind = "processes"
    workers: int = 0
    place: str = ""

    @classmethod
    def from_text(cls, text: str, *, field: str) -> Self:
        """Read what `text` prints; empty for processes.

        Args:
            text: such as `processes:4`.
            field: variable or field of the product it comes from, for the message.

        Raises:
            SettingsError: names the field, what is expected and what came.
        """
        kind, _, rest = (text or "processes").partition(":")
        if kind == "processes" and (not rest or (rest.isdecimal() and int(rest) > 0)):
            return cls("processes", workers=int(rest or 0))
        if kind == "dask" and rest.startswith(_SCHEMES):
            return cls("dask", place=rest)
        if kind == "lithops":
            return cls("lithops", place=rest)
        raise SettingsError(f"{field}: expected {EXPECTED}, got {text!r}; correct it")

    @property
    def text(self) -> str:
        """As settings and configuration write it."""
        rest = str(self.workers) if self.workers else self.place
        return f"{self.kind}:{rest}" if rest else self.kind

    def __str__(self) -> str:
        """The same as `text`."""
        return self.text
