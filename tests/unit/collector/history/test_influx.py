"""Settings that cannot work are named before anything starts."""

import re
from pathlib import Path

import pytest

from collector.history.influx import InfluxSettingsError, settings_from


def test_without_an_address_nothing_is_sent() -> None:
    assert settings_from({"INFLUXDB_TOKEN": "t"}) is None


def test_the_token_comes_from_its_file_and_never_shows(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret==\n")
    settings = settings_from(
        {"INFLUXDB_URL": "http://127.0.0.1:8086/", "INFLUXDB_TOKEN_FILE": str(secret)}
    )
    assert settings is not None
    assert (settings.url, settings.token) == ("http://127.0.0.1:8086", "s3cret==")
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"INFLUXDB_URL": "127.0.0.1:8086", "INFLUXDB_TOKEN": "t"}, "http://"),
        ({"INFLUXDB_URL": "http://127.0.0.1:8086"}, "INFLUXDB_TOKEN_FILE"),
        (
            {"INFLUXDB_URL": "http://127.0.0.1:8086", "INFLUXDB_TOKEN_FILE": "/no/such"},
            "/no/such: cannot be read",
        ),
        ({"INFLUXDB_URL": "http://127.0.0.1:8086", "INFLUXDB_TOKEN": "a\nb"}, "not a token"),
    ],
)
def test_settings_that_cannot_work_say_what_to_do(environment: dict[str, str], words: str) -> None:
    with pytest.raises(InfluxSettingsError, match=re.escape(words)) as caught:
        settings_from(environment)
    assert "\n" not in str(caught.value)
