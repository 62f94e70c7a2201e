"""The cube templates whose structure is a golden file.

After a wanted change write the files again with `python -m eo_pipeline_tests.golden.cube_templates`, and review the
diff.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from affine import Affine
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule, DaysRule

START = datetime(2017, 3, 28, tzinfo=UTC)

S2_MONTHS = CubeTemplate(
    "s2_months",
    GeoBox((12_800, 10_240), Affine(10, 0, 499_980, 0, -10, 5_200_020), "EPSG:32633"),
    (
        BandEncoding("B4", "uint16", 1e-4, -0.1, nodata=0, units="1", description="red surface reflectance"),
        BandEncoding("scl", "uint8", nodata=0, description="most frequent class", kind="categorical"),
        BandEncoding("n_valid", "uint8", description="clear observations", kind="count"),
    ),
    CalendarRule("month"),
    START,
)
MODIS_LST = CubeTemplate(
    "modis_lst",
    GeoBox((600, 1_000), Affine(0.01, 0, -28, 0, -0.01, 40), "EPSG:4326"),
    (
        BandEncoding("lst", "float32", nodata=float("nan"), units="K", description="land surface temperature"),
        BandEncoding("emissivity", "float32", nodata=-9999.0),
    ),
    DaysRule(8),
    START,
)
TEMPLATES = (S2_MONTHS, MODIS_LST)


def golden_path(template: CubeTemplate) -> Path:
    """The file that holds a template's structure."""
    return Path(__file__).with_name(f"cube_{template.product}.json")


def as_text(template: CubeTemplate) -> str:
    """A template's structure as its file holds it."""
    return json.dumps(template.layout().as_json(), indent=2, allow_nan=False) + "\n"


if __name__ == "__main__":
    for each in TEMPLATES:
        golden_path(each).write_text(as_text(each), encoding="utf-8")
