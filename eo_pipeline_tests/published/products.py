"""The products of docs/examples in a user's folder, run by the command line, and what they left.

What does not belong here: printing, and what counts as good.
"""

import base64
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ee
import geopandas
import google_crc32c
import pandas as pd
import shapely
import yaml
from PIL import Image
from shapely.geometry.base import BaseGeometry

from eo_pipeline_tests.docs.pages import ROOT
from eo_pipeline_tests.end_to_end.command_line import COMMAND, UserProject

EXAMPLES = ROOT / "docs" / "examples"
ECOREGIONS, DISTRICTS = "RESOLVE/ECOREGIONS/2017", "FAO/GAUL/2015/level2"


@dataclass(frozen=True)
class Chips:
    """What one ecoregion's partition left.

    Attributes:
        rows: of the manifest.
        right: of those, pictures of the right size whose bytes have the manifest's checksum and whose place is in the
            ecoregion, no two at one place.
        problems: of the others.
    """

    rows: int
    right: int
    problems: tuple[str, ...]


def declare(project: UserProject, name: str, **replaced: dict[str, Any]) -> None:
    """Add a product of docs/examples to the project.

    Args:
        project: the folder.
        name: of the example.
        replaced: fields of its sections.
    """
    document = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    for section, fields in replaced.items():
        document["attributes"][section].update(fields)
    file = project.folder / "products" / name / "defs.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def call(project: UserProject, *arguments: str) -> int:
    """`eo-pipeline` in a process of its own, printing where this one prints; its exit code."""
    environment = {**project.environment, "PYTHONPATH": str(ROOT), "COLUMNS": "150", "HOME": str(project.folder)}
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-c", COMMAND, *arguments], cwd=project.folder, env=environment, check=False)
    return done.returncode


def outlines(ids: Sequence[int]) -> dict[int, BaseGeometry]:
    """Ecoregions as the unmodified client has them, in degrees."""
    found: Any = ee.FeatureCollection(ECOREGIONS).filter(ee.Filter.inList("ECO_ID", list(ids))).getInfo()
    return {one["properties"]["ECO_ID"]: shapely.geometry.shape(one["geometry"]) for one in found["features"]}


def chips_of(root: Path, ecoregion: int, period: str, outline: BaseGeometry) -> Chips:
    """Read a partition back and look at every picture."""
    folder = root / "rgb_chips" / "chips" / str(ecoregion)
    manifest = geopandas.read_parquet(folder / f"{period}.parquet")
    around, places, problems = outline.buffer(1e-3), set[tuple[float, float]](), []
    for row in manifest.itertuples():
        problem = str(row.problem) if row.state == "failed" else _wrong(folder / str(row.path), str(row.crc32c))
        centre = row.geometry.centroid
        place = (round(centre.x, 6), round(centre.y, 6))
        if not problem and (place in places or not around.contains(centre)):
            problem = f"at {place}: outside, or twice"
        places.add(place)
        if problem:
            problems.append(f"{row.id}: {problem}")
    return Chips(len(manifest), len(manifest) - len(problems), tuple(problems))


def _wrong(file: Path, crc32c: str) -> str:
    """What is wrong with a picture; "" if nothing is."""
    data = file.read_bytes()
    with Image.open(file) as picture:
        picture.load()
        size = picture.size
    checksum = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
    return "" if (size, checksum) == ((256, 256), crc32c) else f"{size} pixels, checksum {checksum}, not {crc32c}"


def series_of(root: Path, period: str) -> pd.DataFrame:
    """The table of one period."""
    return pd.read_parquet(root / "lst_districts" / "series" / "whole" / f"{period}.parquet")
