"""The time axis: grows at its end, in order, half-open bounds."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.core.period_rules import CalendarRule, DaysRule, ImageDates
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, CubeAddress, extend_time, open_cube, open_or_create_icechunk_cube
from eo_pipeline_tests.storage.cubes.examples import MONTH, template
from eo_pipeline_tests.storage.cubes.test_repository import history


def dates(cube: Cube, name: str = "time") -> list[str]:
    values = open_cube(cube.address)[name].values.astype("datetime64[h]")
    return [str(value) for value in np.ravel(values)]


def test_axis_is_laid_out_from_the_start_to_the_period(cube: Cube) -> None:
    commit = extend_time(cube, MONTH.parse("2023-03"))
    assert commit.changed
    assert dates(cube) == ["2023-01-01T00", "2023-02-01T00", "2023-03-01T00"]


def test_bounds_are_half_open(cube: Cube) -> None:
    extend_time(cube, MONTH.parse("2023-02"))
    assert dates(cube, "time_bnds") == ["2023-01-01T00", "2023-02-01T00", "2023-02-01T00", "2023-03-01T00"]


def test_an_earlier_period_has_its_slot_already(cube: Cube) -> None:
    first = extend_time(cube, MONTH.parse("2023-03"))
    again = extend_time(cube, MONTH.parse("2023-01"))
    assert (again.changed, again.snapshot) == (False, first.snapshot)
    assert history(cube)[0] == "example time axis to 2023-03"


def test_every_extension_is_a_commit_of_its_own(cube: Cube) -> None:
    before = len(history(cube))
    for key in ("2023-01", "2023-02", "2023-06"):
        extend_time(cube, MONTH.parse(key))
    assert len(history(cube)) == before + 3
    assert len(dates(cube)) == 6


def test_new_slots_read_as_nodata(cube: Cube) -> None:
    extend_time(cube, MONTH.parse("2023-02"))
    read = open_cube(cube.address)
    assert read["red"].isnull().all()
    assert (read["classes"] == 255).all()
    assert (read["n_obs"] == 0).all()


def test_days_restart_in_january(address: CubeAddress) -> None:
    rule = DaysRule(16)
    cube = open_or_create_icechunk_cube(address, template(rule=rule))
    extend_time(cube, rule.parse("2024-01-17"))
    assert dates(cube)[-4:] == ["2023-12-03T00", "2023-12-19T00", "2024-01-01T00", "2024-01-17T00"]
    assert len(dates(cube)) == 25


def test_image_dates_with_hours_are_counted_in_hours(address: CubeAddress) -> None:
    noon, evening = datetime(2023, 5, 1, 12, tzinfo=UTC), datetime(2023, 5, 1, 18, tzinfo=UTC)
    rule = ImageDates(((noon, evening), (evening, datetime(2023, 5, 2, tzinfo=UTC))))
    cube = open_or_create_icechunk_cube(address, template(rule=rule))
    extend_time(cube, rule.parse("2023-05-01T18"))
    assert dates(cube) == ["2023-05-01T12", "2023-05-01T18"]
    assert open_cube(address)["time"].encoding["units"] == "hours since 1970-01-01"


def test_an_image_date_added_between_others_is_refused(address: CubeAddress) -> None:
    def span(month: int) -> tuple[datetime, datetime]:
        return datetime(2023, month, 1, tzinfo=UTC), datetime(2023, month, 2, tzinfo=UTC)

    cube = open_or_create_icechunk_cube(address, template(rule=ImageDates((span(1), span(3)))))
    extend_time(cube, cube.template.rule.parse("2023-03-01"))
    more = open_or_create_icechunk_cube(address, template(rule=ImageDates((span(1), span(2), span(3)))))
    with pytest.raises(CubeError, match=r"a slot for 2023-02-01.*got 2 slots from 2023-01-01.*added between others"):
        extend_time(more, more.template.rule.parse("2023-02-01"))


def test_a_period_before_the_start_is_refused(cube: Cube) -> None:
    extend_time(cube, MONTH.parse("2023-01"))
    with pytest.raises(CubeError, match=r"Expected a slot for 2022-12 .* before the product's start"):
        extend_time(cube, MONTH.parse("2022-12"))


def test_a_period_of_another_rule_is_refused_and_nothing_committed(cube: Cube) -> None:
    before = history(cube)
    with pytest.raises(CubeError, match="Expected a slot for 2023-02-05"):
        extend_time(cube, CalendarRule("day").parse("2023-02-05"))
    assert history(cube) == before


def test_thousands_of_slots_span_chunks_of_the_coordinates(tmp_path: Path) -> None:
    rule = CalendarRule("day")
    cube = open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "days")), template(rule=rule))
    for key in ("2034-03-19", "2034-03-20", "2034-03-21"):
        extend_time(cube, rule.parse(key))
    expected = np.arange("2023-01-01", "2034-03-22", dtype="datetime64[D]")
    np.testing.assert_array_equal(open_cube(cube.address)["time"].values.astype("datetime64[D]"), expected)
    assert len(expected) == 4098
