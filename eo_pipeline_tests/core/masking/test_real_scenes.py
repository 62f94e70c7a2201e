"""Masks over real quality bands: SCL of openEO's cube and QA_PIXEL of a Landsat scene."""

import netCDF4
import numpy as np
import rasterio

from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Mask
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data

pytestmark = needs_real_data

LANDSAT = REAL_DATA / "landsat8_l2sp_c2" / "LC08_L2SP_017036_20130419_20200913_02_T2_QA_PIXEL.TIF"


def test_scl_of_a_series() -> None:
    with netCDF4.Dataset(REAL_DATA / "s2_l2a_scl_openeo" / "test_optical_cube.nc") as file:
        file.set_auto_maskandscale(False)
        scl = np.asarray(file["S2-L2A-SCL"][:]).view(np.uint16)
    usable = mask_rule(Mask(scl_include=[4, 5, 6, 7, 11])).usable(scl)
    assert usable.shape == scl.shape == (19, 52, 46)
    np.testing.assert_array_equal(usable, (scl == 4) | (scl == 5) | (scl == 6) | (scl == 7) | (scl == 11))
    assert 0 < usable.mean() < 0.2


def test_qa_pixel_of_a_scene_that_is_all_cloud() -> None:
    with rasterio.open(LANDSAT) as file:
        quality = file.read(1)
    assert not mask_rule(Mask(usual="QA_PIXEL")).usable(quality).any()
    without_cirrus = mask_rule(Mask(qa_pixel=[0, 2])).usable(quality)
    np.testing.assert_array_equal(without_cirrus, (quality % 2 == 0) & (quality // 4 % 2 == 0))
    assert without_cirrus.sum() == 1377
