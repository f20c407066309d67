from pathlib import Path

import pytest

from app.db.config import UnsupportedDatabase, sqlite_path, sqlite_url, tortoise_config


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/pichub.sqlite", "data/pichub.sqlite"),
        ("sqlite:////var/lib/pichub.sqlite", "/var/lib/pichub.sqlite"),
        ("sqlite:////with%20space/a%3Fb.sqlite", "/with space/a?b.sqlite"),
    ],
)
def test_three_slashes_and_the_path(url: str, path: str):
    assert sqlite_path(tortoise_config(url)) == Path(path)
    assert sqlite_url(Path(path)) == url


def test_a_database_in_memory_has_no_path():
    assert sqlite_path(tortoise_config("sqlite:///:memory:")) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pichub.sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/x",
        "sqlite:///a?mode=ro",
        "mysql://u:secret@h/d",
    ],
)
def test_other_urls_are_refused_without_telling_their_passwords(url: str):
    with pytest.raises(UnsupportedDatabase, match="sqlite:///") as refusal:
        tortoise_config(url)
    assert "secret" not in str(refusal.value)


def test_the_models_are_those_of_pichub_unless_others_are_named():
    assert tortoise_config("sqlite:///a")["apps"] == {
        "pichub": {"models": ["app.models"], "migrations": "app.migrations", "default_connection": "default"}
    }
