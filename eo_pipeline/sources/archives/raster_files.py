"""GRIB and GeoTIFF files as GDAL reads them: bands of instants. What does not belong here: reading pixels."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rasterio
from odc.geo.geobox import GeoBox
from rasterio.enums import ColorInterp

from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.core.scenes.turning import turning_of
from eo_pipeline.sources.archives.steps import FormatError, HowToRead, Step
from eo_pipeline.storage.scenes.scene_files import opened

_TAGGED = "%Y:%m:%d %H:%M:%S"


def grib_steps(path: str, how: HowToRead, options: Mapping[str, str]) -> list[Step]:
    """The steps of a GRIB file: a band an element and level, a step a valid time; GDAL decodes the values.

    Raises:
        FormatError: GDAL has no driver for GRIB, or cannot read the file, or it tells no time.
    """
    with rasterio.Env() as gdal:
        if "GRIB" not in gdal.drivers():
            raise FormatError("expected GDAL with its driver for GRIB, got one without; install rasterio's own wheel")
    steps: dict[datetime, dict[str, SceneBand]] = {}
    elements: Counter[tuple[datetime, str]] = Counter()
    with _open(path, options) as dataset:
        for number in range(1, dataset.count + 1):
            told = dataset.tags(number)
            seconds, element = told.get("GRIB_VALID_TIME", ""), told.get("GRIB_ELEMENT", "")
            if not seconds.split() or not element:
                raise FormatError(f"expected a valid time and an element of band {number}, got {told}")
            instant = datetime.fromtimestamp(int(seconds.split()[0]), UTC)
            name = f"{element} {told.get('GRIB_SHORT_NAME', '')}".strip()
            if name in steps.setdefault(instant, {}):
                raise FormatError(f"expected one {name} of {instant:%Y-%m-%dT%H:%MZ}, got two; take one out")
            elements[instant, element] += 1
            steps[instant][name] = how.applied(name, _band(path, dataset, number))
    return [
        Step(instant, bands, {n.partition(" ")[0]: n for n in bands if elements[instant, n.partition(" ")[0]] == 1})
        for instant, bands in sorted(steps.items())
    ]


def geotiff_steps(path: str, how: HowToRead, options: Mapping[str, str], named: datetime | None) -> list[Step]:
    """The one step of a GeoTIFF: bands by their descriptions, or as `1`, `2`; its time by its name or its tag.

    Raises:
        FormatError: it cannot be read, or tells no time.
    """
    with _open(path, options) as dataset:
        names = [text or str(number) for number, text in enumerate(dataset.descriptions, start=1)]
        bands = {name: how.applied(name, _band(path, dataset, number)) for number, name in enumerate(names, start=1)}
        instant = named or _tagged(dataset.tags().get("TIFFTAG_DATETIME", ""))
    if instant is None:
        raise FormatError("expected a date in its name or in TIFFTAG_DATETIME, got none; name a pattern with a date")
    return [
        Step(instant, bands, {str(number): name for number, name in enumerate(names, start=1) if name != str(number)})
    ]


def _open(path: str, options: Mapping[str, str]) -> Any:
    return opened(SceneBand(path), options)


def _band(path: str, dataset: Any, number: int) -> SceneBand:
    return SceneBand(
        href=path,
        index=number,
        dtype=dataset.dtypes[number - 1],
        nodata=dataset.nodatavals[number - 1],
        scale=float(dataset.scales[number - 1]),
        offset=float(dataset.offsets[number - 1]),
        is_classes=dataset.colorinterp[number - 1] is ColorInterp.palette,
        geobox=turning_of(GeoBox.from_rio(dataset)).geobox,
    )


def _tagged(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _TAGGED).replace(tzinfo=UTC)
    except ValueError:
        return None
