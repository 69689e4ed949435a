"""Settings: a misspelled knob stops the service, and no message shows a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshkit.config import MeshSettings, SettingsError, settings_of


class EchoSettings(MeshSettings):
    model_config = settings_of("echo")

    words_max: int = 10  # words


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SANDBOX", "LOG_LEVEL", "CLOCK_FILE", "JWKS_FILE", "OTLP_ENDPOINT"):
        monkeypatch.delenv(f"DOORSTEP_{name}", raising=False)


def test_a_variable_sets_the_field_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_ECHO_WORDS_MAX", "12")

    assert EchoSettings.load().words_max == 12


@pytest.mark.parametrize("name", ["DOORSTEP_ECHO_WORD_MAX", "DOORSTEP_ECHO_", "doorstep_echo_x"])
def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "s3cret")

    with pytest.raises(SettingsError, match=name) as caught:
        EchoSettings.load()

    assert "s3cret" not in str(caught.value)


def test_another_services_variables_are_none_of_our_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOORSTEP_OTHER_KNOB", "1")
    monkeypatch.setenv("ECHO_PORT", "tcp://10.0.0.1:80")

    assert EchoSettings.load() == EchoSettings()


def test_a_wrong_value_names_the_variable_and_not_the_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOORSTEP_ECHO_WORDS_MAX", "s3cret")
    monkeypatch.setenv("DOORSTEP_ECHO_TRACE_RATIO", "2")

    with pytest.raises(SettingsError) as caught:
        EchoSettings.load()

    assert "DOORSTEP_ECHO_WORDS_MAX" in str(caught.value)
    assert "DOORSTEP_ECHO_TRACE_RATIO" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_the_mesh_shares_is_said_once_and_a_service_may_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOORSTEP_SANDBOX", "1")
    monkeypatch.setenv("DOORSTEP_LOG_LEVEL", "ERROR")
    monkeypatch.setenv("DOORSTEP_ECHO_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("DOORSTEP_LISTEN", "0.0.0.0:1")  # shared by nobody

    settings = EchoSettings.load()

    assert (settings.sandbox, settings.log_level) == (True, "DEBUG")
    assert settings.listen == "127.0.0.1:0"


def test_secrets_are_masked_when_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_ECHO_APP_URL", "postgresql://echo:s3cret@localhost/echo")
    settings = EchoSettings.load()

    assert settings.shown()["app_url"] == "***"
    assert "s3cret" not in repr(settings) + repr(settings.shown())
    assert settings.app_url is not None
    assert settings.app_url.get_secret_value().endswith("/echo")


def test_a_services_key_lies_beside_the_keys_it_believes() -> None:
    settings = EchoSettings(jwks_file=Path("/keys/jwks.json"))

    assert EchoSettings.service() == "echo"
    assert settings.own_key_file == Path("/keys/svc-echo.pem")


def test_settings_cannot_be_changed() -> None:
    settings = EchoSettings()

    with pytest.raises(ValueError, match="frozen"):
        settings.words_max = 3


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://echo_app:s3cret@db/doorstep\n")
    monkeypatch.setenv("DOORSTEP_ECHO_APP_URL_FILE", str(tmp_path / "url"))

    settings = EchoSettings.load()

    assert settings.app_url is not None
    assert settings.app_url.get_secret_value().endswith("@db/doorstep")


def test_a_secret_whose_file_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_ECHO_APP_URL_FILE", str(tmp_path / "nowhere"))

    with pytest.raises(SettingsError, match="nowhere"):
        EchoSettings.load()


def test_only_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_ECHO_WORDS_MAX_FILE", "/dev/null")

    with pytest.raises(SettingsError, match="DOORSTEP_ECHO_WORDS_MAX_FILE"):
        EchoSettings.load()
