"""What was measured of zones with a row for each number.

What does not belong here: the columns that tell of zone and period (`table`), and what the others mean (`columns`).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eo_pipeline.core.zonal.columns import units
from eo_pipeline.core.zonal.entries import Entry, Results, entries, numbers, of_class
from eo_pipeline.core.zonal.from_sums import valid_share
from eo_pipeline.core.zonal.statistics import short_name
from eo_pipeline.core.zonal.wanted import Wanted

ZONE = "zone"
"""Column of a zone's number in the order of the zones, from 0."""


def long_rows(wanted: Wanted, results: Results) -> pd.DataFrame:
    """Rows by zone, band, then as in `entries`: ZONE and the columns of `columns.long_columns`.

    Of classes that are only found, a zone has rows of those that it holds.
    """
    blocks = [*_known(wanted, results), *_found(wanted, results)]
    rows = pd.concat(blocks, ignore_index=True)
    return rows.iloc[np.lexsort((rows["class"], rows["order"], rows["number"], rows[ZONE]))].reset_index(drop=True)


def _known(wanted: Wanted, results: Results) -> Iterator[pd.DataFrame]:
    zones = np.arange(len(results.sums.count))
    for order, entry in enumerate(entries(wanted)):
        yield _block(entry, zones, numbers(entry, wanted, results), order=order, wanted=wanted, results=results)


def _found(wanted: Wanted, results: Results) -> Iterator[pd.DataFrame]:
    """Rows of classes that were not declared, where all are wanted."""
    bands = range(len(wanted.bands)) if wanted.classes == () else ()
    for band in bands:
        for order, entry in enumerate(of_class(wanted, band, 0.0), start=len(entries(wanted))):
            tally = results.areas if entry.kind == "class_area" and results.areas else results.closed.classes
            zones, classes, amounts = tally.found(band)
            square_metres = results.area if entry.kind == "class_area" else 1.0
            made = _block(entry, zones, amounts * square_metres, order=order, wanted=wanted, results=results)
            yield made.assign(**{"class": classes})


def _block(
    entry: Entry,
    zones: NDArray[np.int64],
    values: NDArray[np.float64],
    *,
    order: int,
    wanted: Wanted,
    results: Results,
) -> pd.DataFrame:
    """A row for each of some zones (n,) and an entry's values (n,) of them."""
    in_bin, of_a_class = entry.kind == "bin_count", entry.kind.startswith("class")
    return pd.DataFrame(
        {
            ZONE: zones,
            "number": entry.band,
            "order": order,
            "band": wanted.bands[entry.band].name,
            "statistic": short_name(entry.statistic) or entry.kind,
            "class": entry.low if of_a_class else np.nan,
            "bin_low": entry.low if in_bin else np.nan,
            "bin_high": entry.high if in_bin else np.nan,
            "value": values,
            "units": units(entry, wanted),
            "valid_share": valid_share(results.sums, entry.band)[zones],
        }
    )
