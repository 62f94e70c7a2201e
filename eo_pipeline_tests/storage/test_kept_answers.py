"""What was kept comes back to the last bit, or not at all."""

import json
import math
from pathlib import Path

import pytest

from eo_pipeline.storage.kept_answers import keep, kept


def test_an_answer_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    answer = [[0, "2024_01_01", [{"valid": math.pi * 1e9, "ordered": {"p10": 0.1 + 0.2}}]], [1, None, []]]
    keep(tmp_path, "a", answer)
    assert kept(tmp_path, "a") == answer
    assert [path.name for path in tmp_path.iterdir()] == [".a.json"]


def test_what_is_not_there_broken_or_another_is_none(tmp_path: Path) -> None:
    assert kept(tmp_path, "a") is None
    keep(tmp_path, "a", {"rows": [1, 2, 3]})
    whole = (tmp_path / ".a.json").read_bytes()
    for broken in (whole[:-5], whole.replace(b"1,2", b"1,4"), b"[]", b""):
        (tmp_path / ".a.json").write_bytes(broken)
        assert kept(tmp_path, "a") is None
    assert json.loads(whole)["crc32c"]


def test_a_number_that_json_has_not_is_refused_and_nothing_stays(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        keep(tmp_path, "a", [math.nan])
    assert list(tmp_path.iterdir()) == []
