"""An estimate as it is shown, saved and compared later. What does not belong here: making it (`making`), files.

Money is not saved: it follows from the other numbers and from prices, which change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.rates import FEW_RECORDS
from eo_pipeline.errors import PlanFileError

VERSION = 1
"""Of the saved form."""


@dataclass(frozen=True)
class Wanted:
    """Partitions that were asked for.

    Attributes:
        partitions: how many.
        there: exported already, for nothing.
        under_way: submitted already, and paid for.
        no_images: known to have nothing to export.
        interactive: fetched by requests that are answered at once, which no export tells anything about.
    """

    partitions: int
    there: int
    under_way: int
    no_images: int
    interactive: int = 0

    @property
    def exports(self) -> int:
        """How many are left to export."""
        return self.partitions - self.there - self.under_way - self.no_images - self.interactive


@dataclass(frozen=True)
class Basis:
    """What a plan rests on.

    Attributes:
        records: finished exports.
        products: whose they are.
        own: True if they are the product's own.
        concurrency: exports at once.
        concurrency_from: observed, assumed, or the setting's name.
    """

    records: int
    products: tuple[str, ...]
    own: bool
    concurrency: int
    concurrency_from: str

    @property
    def sentence(self) -> str:
        """For a person: what it rests on, and how much that is."""
        if not self.records:
            return "No export of this product, or of another one with its source, has finished yet."
        whose = "this product" if self.own else f"{', '.join(self.products)}, which has the same source"
        few = f"; fewer than {FEW_RECORDS}, so the intervals are wide" if self.records < FEW_RECORDS else ""
        other = "" if self.own else "; another product may cost otherwise, so the intervals reach twice as far"
        return f"From {self.records} finished exports of {whose}{few}{other}."


@dataclass(frozen=True)
class Plan:
    """What partitions of a product will take. Unknown quantities are None.

    Attributes:
        product: its name.
        made: instant, RFC 3339, UTC.
        wanted: counts of partitions.
        basis: of the uncertain numbers.
        exports: partition keys that would be exported.
        tiles: files, exactly.
        pixels: of one band, exactly.
        raw_bytes: of all bands without compression, exactly.
        eecu_seconds: computed by Earth Engine.
        bytes: of the tiles in the bucket.
        disk: bytes on the local disk at the fullest moment.
        seconds: until the last export has ended.
        each_eecu_seconds: by export, in their order; empty if unknown.
        advice: on the layout.
    """

    product: str
    made: str
    wanted: Wanted
    basis: Basis
    exports: tuple[str, ...]
    tiles: int
    pixels: int
    raw_bytes: int
    eecu_seconds: Interval | None
    bytes: Interval | None
    disk: Interval | None
    seconds: Interval | None
    each_eecu_seconds: tuple[Interval, ...]
    advice: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The saved form."""
        return {
            "version": VERSION,
            "product": self.product,
            "made": self.made,
            "wanted": vars(self.wanted),
            "basis": {**vars(self.basis), "products": list(self.basis.products)},
            "exports": list(self.exports),
            "tiles": self.tiles,
            "pixels": self.pixels,
            "raw_bytes": self.raw_bytes,
            **{name: _saved(getattr(self, name)) for name in _INTERVALS},
            "each_eecu_seconds": [interval.to_json() for interval in self.each_eecu_seconds],
            "advice": list(self.advice),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` gave.

        Raises:
            PlanFileError: it is of another version, or not a plan.
        """
        if saved.get("version") != VERSION:
            raise PlanFileError(
                f"expected a plan of version {VERSION}, got version {saved.get('version')!r}; it was made by another "
                "eo-pipeline: delete it, or read it with that one"
            )
        basis = saved["basis"]
        intervals = {name: None if saved[name] is None else Interval.from_json(saved[name]) for name in _INTERVALS}
        return cls(
            product=str(saved["product"]),
            made=str(saved["made"]),
            wanted=Wanted(**saved["wanted"]),
            basis=Basis(**{**basis, "products": tuple(basis["products"])}),
            exports=tuple(saved["exports"]),
            tiles=int(saved["tiles"]),
            pixels=int(saved["pixels"]),
            raw_bytes=int(saved["raw_bytes"]),
            each_eecu_seconds=tuple(map(Interval.from_json, saved["each_eecu_seconds"])),
            advice=tuple(saved["advice"]),
            **intervals,
        )


_INTERVALS = ("eecu_seconds", "bytes", "disk", "seconds")


def _saved(interval: Interval | None) -> list[float] | None:
    return None if interval is None else interval.to_json()
