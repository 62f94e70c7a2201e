"""openEO's series of Sentinel-2 with SCL, October to December 2023: November has no clear pixel."""

import netCDF4
import numpy as np

from eo_pipeline.core.composites import Observations, composite, kind_of
from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Mask
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data

pytestmark = needs_real_data


def test_monthly_medians_are_those_of_numpy() -> None:
    with netCDF4.Dataset(REAL_DATA / "s2_l2a_scl_openeo" / "test_optical_cube.nc") as file:
        file.set_auto_maskandscale(False)
        days = np.datetime64("1990-01-01") + np.asarray(file["t"][:]).astype("timedelta64[D]")
        red, scl = (np.asarray(file[name][:]).view(np.uint16) for name in ("S2-L2A-B04", "S2-L2A-SCL"))
    rule = mask_rule(Mask(scl_include=[4, 5, 6, 7, 11]))
    for month in ("2023-10", "2023-11", "2023-12"):
        there = days.astype("datetime64[M]") == np.datetime64(month)
        made = composite([Observations(red[there], 65535)], kind_of("median"), usable=rule.usable(scl[there]))
        clear = np.isin(scl[there], [4, 5, 6, 7, 11]) & (red[there] != 65535)
        wanted = np.ma.median(np.ma.masked_array(red[there].astype(float), ~clear), axis=0)
        np.testing.assert_array_equal(made.values[0], np.floor(np.ma.filled(wanted, 65535) + 0.5))
        np.testing.assert_array_equal(made.n_valid, clear.sum(axis=0))
        assert (made.n_valid.max() == 0) == (month == "2023-11")
