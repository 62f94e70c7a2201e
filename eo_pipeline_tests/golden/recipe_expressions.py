"""The recipes whose expression graphs are golden files: what Earth Engine is asked for, as the real client writes it.

The files hold the client's graph with its wrapping taken off, so that a person can read it.

After a wanted change write the files again with `python -m eo_pipeline_tests.golden.recipe_expressions`, and review
the diff: it is what every digest of such a product changes by.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eo_pipeline.core import grids
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.session import connect
from eo_pipeline_tests.processes import running_sandbox
from eo_pipeline_tests.scenes import settings_at

_PERIOD = {"every": "month", "start": "2024-01"}
_FINE = {"box": [500_000, 5_199_000, 501_000, 5_200_000], "crs": "EPSG:32633", "resolution": 10}
_SENTINEL = {"collection": "COPERNICUS/S2_SR_HARMONIZED", "bands": ["B4", "B8"]}
_INT16 = {"dtype": "int16", "scale": 0.0001, "nodata": -32768}

_DECLARATIONS: Mapping[str, Mapping[str, object]] = {
    "scl_ndvi_median_counts": {
        "source": {**_SENTINEL, "where": {"CLOUDY_PIXEL_PERCENTAGE": {"lt": 80}}},
        "mask": {"scl_exclude": [0, 1, 3, 8, 9, 10, 11]},
        "index": {"ndvi": {"formula": "(B8 - B4) / (B8 + B4)"}},
        "composite": {"reducer": "median", "counts": ["n_obs", "n_valid"]},
        "output": {"ndvi": _INT16},
    },
    "qa_pixel_mean_scaled": {
        "source": {"collection": "LANDSAT/LC08/C02/T1_L2", "bands": ["SR_B4"], "scale": 2.75e-05, "offset": -0.2},
        "mask": {"qa_pixel": [1, 3, 4]},
        "composite": {"reducer": "mean"},
        "output": {"SR_B4": _INT16},
    },
    "cloud_score_plus_index_of_composite": {
        "source": _SENTINEL,
        "mask": {"cloud_score_plus": {"threshold": 0.6}},
        "index": {"ndvi": {"formula": "(B8 - B4) / (B8 + B4)", "compute": "composite"}},
    },
    "plain_first": {
        "source": {"collection": "ECMWF/ERA5_LAND/MONTHLY_AGGR", "bands": ["temperature_2m"]},
        "composite": {"reducer": "first"},
        "area": {"box": [-180, -60, 180, 84], "crs": "EPSG:4326", "resolution": 0.25},
    },
    "coarse_average": {
        "source": _SENTINEL,
        "mask": {"scl_include": [4, 5]},
        "composite": {"counts": ["n_valid"]},
        "area": {**_FINE, "resolution": 100},
        "output": {"B4": {"dtype": "uint16", "nodata": 65535}, "B8": {"dtype": "uint16", "nodata": 65535}},
    },
    "bits_of_a_quality_band": {
        "source": {"collection": "MODIS/061/MOD11A2", "bands": ["LST_Day_1km"], "scale": 0.02},
        "mask": {"band": "QC_Day", "bits": {"0-1": [0, 1], "6-7": [0, 1]}},
        "area": {"box": [-20, 0, -10, 10], "crs": "EPSG:4326", "resolution": 0.01},
    },
    "s2cloudless_opened_grown_best_pixel": {
        "source": _SENTINEL,
        "mask": {"s2cloudless": {"threshold": 40}, "opening": 2, "dilation": 10},
        "index": {"ndvi": {"formula": "(B8 - B4) / (B8 + B4)"}},
        "composite": {"reducer": "best_pixel", "quality": "ndvi"},
    },
    "usual_snow_grown_percentile": {
        "source": _SENTINEL,
        "mask": {"usual": "SCL", "snow": True, "dilation": 3},
        "composite": {"reducer": "percentile_25"},
    },
    "own_recipe": {
        "recipe": "eo_pipeline_tests.earth_engine.own_recipes.brightest",
        "output": {"bright": {"dtype": "uint16", "nodata": 0}},
    },
}
NATIVE_RESOLUTIONS = {"coarse_average": 10.0, "scl_ndvi_median_counts": 10.0}
"""Metres a pixel of the source; unknown for the others."""

PRODUCTS = {
    name: Product.model_validate({"name": name, "period": _PERIOD, "area": _FINE, **declared})
    for name, declared in _DECLARATIONS.items()
}


def golden_path(name: str) -> Path:
    """The file that holds a recipe's expression."""
    return Path(__file__).parent / "recipes" / f"{name}.json"


def as_text(name: str) -> str:
    """A recipe's expression as its file holds it; the client must be connected to some service."""
    product = PRODUCTS[name]
    assert product.area.box is not None
    [area] = grids.whole_area(product.area.lattice, product.area.box)
    image = recipes.image(
        product,
        area_key=area.key,
        geobox=area.geobox,
        period=product.period.rule.parse("2024-01"),
        native_resolution=NATIVE_RESOLUTIONS.get(name),
    )
    graph = json.loads(image.serialize())
    values = {key: _readable(value, graph["values"]) for key, value in graph["values"].items() if not _is_plain(value)}
    return json.dumps({"result": graph["result"], "values": values}, indent=1, sort_keys=True) + "\n"


def _is_plain(value: Mapping[str, Any]) -> bool:
    return "constantValue" in value


def _readable(value: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """A node without the wire's wrapping: {function: arguments}, {"value": n}, {"argument": name}, or a constant."""
    [(kind, content)] = value.items()
    if kind == "valueReference":
        referred = values[content]
        return referred["constantValue"] if _is_plain(referred) else {"value": content}
    if kind == "functionInvocationValue":
        return _readable_call(content, values)
    if kind == "functionDefinitionValue":
        return {"function": content["argumentNames"], "body": content["body"]}
    if kind == "arrayValue":
        return [_readable(item, values) for item in content["values"]]
    if kind == "dictionaryValue":
        return {"dictionary": {name: _readable(item, values) for name, item in content["values"].items()}}
    return content if kind == "constantValue" else {kind.removesuffix("Reference"): content}


def _readable_call(content: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    arguments = {name: _readable(given, values) for name, given in content["arguments"].items()}
    if "functionName" in content:
        return {content["functionName"]: arguments}
    return {"call": {"value": content["functionReference"]}, "with": arguments}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder)) as sandbox:
        connect(settings_at(sandbox.url))
        for each in PRODUCTS:
            golden_path(each).write_text(as_text(each), encoding="utf-8")
