from pathlib import Path

import pytest

from eo_pipeline.sandbox.settings import LiveSettings, Settings, load_settings


def test_every_setting_says_where_it_comes_from_and_what_it_is() -> None:
    for name, entry in Settings().describe().items():
        assert entry["source"] in {"documented", "reported", "inferred", "remembered", "chosen"}, name
        assert entry["says"], name


def test_yaml_replaces_defaults(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("running_at_once: 5\nunregistered_projects: [some-project]\npending_seconds: 3\n")
    settings = load_settings(file)
    assert settings.running_at_once == 5
    assert settings.unregistered_projects == ("some-project",)
    assert settings.pending_seconds == 3
    assert settings.pending_limit == 3000


def test_an_empty_file_keeps_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("")
    assert load_settings(file) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runing_at_once: 5", "Settings: expected names among .* got \\['runing_at_once'\\]"),
        ("running_at_once: many", "Setting running_at_once: expected int, got 'many'"),
        ("running_at_once: true", "Setting running_at_once: expected int, got True"),
        ("anonymous: 1", "Setting anonymous: expected bool, got 1"),
        ("pending_limit: -1", "Setting pending_limit: expected a number of at least 0, got -1"),
        ("unregistered_projects: [1]", "Setting unregistered_projects: expected a list of texts"),
        ("duplicate_request: ignore", "Setting duplicate_request: expected first_operation or already_exists"),
        ("- a list", "expected a mapping of setting names to values, got list"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_settings(file)


def test_a_wrong_change_changes_nothing() -> None:
    live = LiveSettings(Settings())
    with pytest.raises(ValueError, match="running_at_once"):
        live.change({"pending_limit": 1, "running_at_once": "x"})
    assert live.now == Settings()
    assert live.change({"pending_limit": 1}).pending_limit == 1
