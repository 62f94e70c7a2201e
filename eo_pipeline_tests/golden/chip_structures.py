"""The structures of chips that others rely on, each a golden file: a store's arrays, and a manifest's columns.

After a wanted change write the files again with `python -m eo_pipeline_tests.golden.chip_structures`, and review the
diff.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.manifest import COLUMNS
from eo_pipeline.core.chips.store_template import StoreTemplate

STORE = StoreTemplate(
    "s2_chips",
    tuple(BandEncoding(name, "uint16", 1e-4, -0.1, 0, "1", "surface reflectance") for name in ("B4", "B3", "B2")),
    256,
    256,
)
STRUCTURES: Mapping[str, object] = {
    "chip_store": STORE.layout().as_json(),
    "chip_manifest": [asdict(column) for column in COLUMNS],
}
"""By the file's name without its ending."""


def golden_path(name: str) -> Path:
    """The file that holds a structure."""
    return Path(__file__).with_name(f"{name}.json")


def as_text(name: str) -> str:
    """A structure as its file holds it."""
    return json.dumps(STRUCTURES[name], indent=2, allow_nan=False) + "\n"


if __name__ == "__main__":
    for each in STRUCTURES:
        golden_path(each).write_text(as_text(each), encoding="utf-8")
