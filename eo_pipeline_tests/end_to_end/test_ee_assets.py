"""Images that stay in Earth Engine as assets: their pixels and masks, their labels, their losses, their successors."""

from typing import Any

import ee
import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, SIDE, TOP, submissions, write_month
from eo_pipeline_tests.end_to_end.pipeline import PROJECT, Pipeline
from eo_pipeline_tests.end_to_end.place import MONTH, PARTITION, Place, attempts, wait_until_ended
from eo_pipeline_tests.scenes import settings_at

ROOT = f"projects/{PROJECT}/assets"
BAND = {"dtype": "int16", "scale": 0.01, "offset": 400, "nodata": -1, "kind": "categorical"}


@pytest.fixture
def place(shared_place: Place) -> Place:
    return shared_place


def as_assets(place: Place, **more: Any) -> Pipeline:
    """The product with assets as its destination, and neither zones nor cube."""
    export = {"destination": "asset", "asset_parent": f"{ROOT}/{place.folder.name}", **more.pop("export", {})}
    declared = {"zones": None, "cube": None, "output": {"height": BAND}, "export": export, **more}
    return place.pipeline(**declared)


@pytest.fixture
def session(place: Place) -> Session:
    settings: Settings = settings_at(place.sandbox.url)
    return connect(settings)


def expected(place: Place) -> np.ma.MaskedArray[Any, Any]:
    """Stored numbers of the month; what does not fit into 16 bits is masked."""
    heights = write_month(place.folder, MONTH, seed=1).astype(np.float64)
    stored = np.floor((heights - 400) * 100 + 0.5)
    return np.ma.MaskedArray(stored, mask=(stored < -32768) | (stored > 32767) | (stored == -1))


def pixels(session: Session, name: str) -> np.ma.MaskedArray[Any, Any]:
    """What the service has in an asset, read with the real client."""
    affine = {
        "scaleX": RESOLUTION,
        "translateX": LEFT,
        "scaleY": -RESOLUTION,
        "translateY": TOP,
        "shearX": 0,
        "shearY": 0,
    }
    grid = {"crsCode": CRS, "dimensions": {"width": SIDE, "height": SIDE}, "affineTransform": affine}
    image = ee.Image(name)
    both = image.rename("value").unmask(0).addBands(image.mask().rename("valid"))
    request = {"expression": both, "fileFormat": "NUMPY_NDARRAY", "grid": grid}
    found: NDArray[Any] = session.call(lambda: ee.data.computePixels(request))
    return np.ma.MaskedArray(found["value"], mask=found["valid"] == 0)


def described(session: Session, name: str) -> dict[str, Any]:
    body: dict[str, Any] = session.call(lambda: ee.data.getAsset(name))
    return body


def test_an_asset_is_verified_and_labelled_and_has_the_pixels_with_their_masks(place: Place, session: Session) -> None:
    found = as_assets(place)
    report = found.run([MONTH])
    assert report.failed == {}
    assert report.done == {stage: [PARTITION] for stage in ("submission", "export", "ee_asset")}
    told = found.metadata("ee_asset", PARTITION)
    name = told["eo/asset"]
    assert name.startswith(f"{ROOT}/{place.folder.name}/heights/whole_2024-01-")
    wanted = expected(place)
    got = pixels(session, name)
    assert 0 < wanted.mask.sum() < wanted.size
    np.testing.assert_array_equal(got.mask, wanted.mask)
    np.testing.assert_array_equal(got.filled(0), wanted.filled(0))
    body = described(session, name)
    assert body["properties"] == {
        "product": "heights",
        "area": "whole",
        "period": MONTH,
        "digest": told["eo/digest"],
        "current": 1,
    }
    assert (body["startTime"][:19], body["endTime"][:19]) == ("2024-01-01T00:00:00", "2024-02-01T00:00:00")
    assert body["bands"][0]["pyramidingPolicy"] == "MODE"
    assert told["bytes"] == int(body["sizeBytes"])
    assert told["asset"] == f"https://code.earthengine.google.com/?asset={name}"


def test_what_is_registered_is_complete_and_is_not_done_again(place: Place) -> None:
    found = as_assets(place, period={"every": "month", "start": "2024-01", "end": "2024-02"})
    assert found.run([MONTH]).succeeded
    runs = len(place.instance.get_runs())
    assert product_status(place.instance, found.chain).is_complete
    assert found.run([MONTH]).succeeded
    assert attempts(place, found) == ["-g1"]
    assert len(place.instance.get_runs()) == runs + 1  # the submission, which looks again


def test_without_images_there_is_nothing_to_register(place: Place) -> None:
    found, before = as_assets(place), submissions(place.sandbox)
    assert found.run(["2024-03"]).failed == {}
    assert found.metadata("ee_asset", "whole|2024-03")["eo/state"] == "no_images"
    assert submissions(place.sandbox) == before


def test_an_asset_that_was_deleted_before_it_was_registered_is_exported_again(place: Place, session: Session) -> None:
    found = as_assets(place)
    assert found.materialise("submission", PARTITION).success
    wait_until_ended(place)
    place.tick(found)
    part = found.metadata("export", PARTITION)["asset"]
    session.call(lambda: ee.data.deleteAsset(part))
    failed = found.materialise("ee_asset", PARTITION)
    [step] = [event for event in failed.all_events if event.is_step_failure]
    assert step.step_failure_data.user_failure_data is not None
    said = step.step_failure_data.user_failure_data.description or ""
    assert said.startswith(f"expected the asset {part}, which an export made, found none: somebody deleted it")
    [request] = place.tick(found).run_requests or []
    settled = found.definitions.resolve_job_def("heights_settle").execute_in_process(
        instance=place.instance,
        partition_key=PARTITION,
        run_config=request.run_config,
        tags=request.tags,
        raise_on_error=False,
    )
    assert settled.success
    wait_until_ended(place)
    place.tick(found)
    assert found.materialise("ee_asset", PARTITION).success
    assert attempts(place, found) == ["-g1", "-g2"]
    assert found.metadata("ee_asset", PARTITION)["eo/asset"] == part


@pytest.mark.parametrize("delete", [False, True], ids=["kept", "deleted"])
def test_what_a_new_recipe_replaces_is_marked_or_deleted(place: Place, session: Session, delete: bool) -> None:
    before = as_assets(place)
    assert before.run([MONTH]).succeeded
    old = before.metadata("ee_asset", PARTITION)["eo/asset"]
    after = as_assets(place, composite={"reducer": "max"}, export={"delete_remote": delete})
    assert after.run([MONTH]).succeeded
    told = after.metadata("ee_asset", PARTITION)
    assert told["eo/asset"] != old
    listed = session.call(lambda: ee.data.listAssets({"parent": f"{ROOT}/{place.folder.name}/heights"}))["assets"]
    current = {asset["name"]: asset["properties"]["current"] for asset in listed}
    if delete:
        assert current == {told["eo/asset"]: 1}
        assert told["superseded"] == f"{old}: deleted"
    else:
        assert current == {old: 0, told["eo/asset"]: 1}
        assert told["superseded"] == f"{old}: kept, with the property current: 0"


def test_an_asset_that_is_too_much_at_once_fails_and_says_why_it_is_not_split(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="User memory limit exceeded.")
    found = as_assets(place)
    [words] = found.run([MONTH]).failed.values()
    assert "and a table or an Earth Engine asset cannot be made in pieces" in words
    assert attempts(place, found) == ["-g1"]


def test_a_transient_failure_is_sent_again_to_the_same_asset(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="Internal error.")
    found = as_assets(place)
    assert found.run([MONTH]).failed == {}
    assert attempts(place, found) == ["-g1", "-g2"]
