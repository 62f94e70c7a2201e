"""Engines as texts of settings."""

import pytest

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("processes", EngineChoice()),
        ("processes:8", EngineChoice("processes", workers=8)),
        ("dask:tcp://10.0.0.1:8786", EngineChoice("dask", place="tcp://10.0.0.1:8786")),
        ("lithops", EngineChoice("lithops")),
        ("lithops:/etc/lithops/config", EngineChoice("lithops", place="/etc/lithops/config")),
    ],
)
def test_texts_come_back(text: str, choice: EngineChoice) -> None:
    assert EngineChoice.from_text(text, field="EO_ENGINE") == choice
    assert choice.text == text


def test_nothing_said_is_processes() -> None:
    assert EngineChoice.from_text("", field="EO_ENGINE") == EngineChoice()


@pytest.mark.parametrize("text", ["process", "processes:0", "processes:x", "dask", "dask:10.0.0.1:8786", "spark:x"])
def test_another_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(SettingsError) as error:
        EngineChoice.from_text(text, field="EO_ENGINE")
    assert str(error.value).startswith("EO_ENGINE: expected processes, processes:4 (how many), dask:tcp://HOST:8786")
    assert str(error.value).endswith(f"got {text!r}; correct it")
