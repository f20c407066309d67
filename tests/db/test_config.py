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
def test_a_sqlite_url_has_three_slashes_and_the_path(url: str, path: str):
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
def test_other_urls_are_rejected_without_showing_passwords(url: str):
    with pytest.raises(UnsupportedDatabase, match="sqlite:///") as caught:
        tortoise_config(url)
    assert "secret" not in str(caught.value)


def test_the_default_models_are_those_of_pichub():
    assert tortoise_config("sqlite:///a")["apps"] == {
        "pichub": {"models": ["app.models"], "migrations": "app.migrations", "default_connection": "default"}
    }


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("postgres://pichub:se#cret@host/pichub", "# as %23"),
        ("postgres://pichub:se@cret@host/pichub", "@ as %40"),
        ("postgres://pichub:se/cret@host/pichub", "/ as %2F"),
        ("postgres://host:port/pichub", "postgres://user:password@host:5432/database"),
        ("postgres://pichub:secret@host/", "must name a database"),
        ("postgres://pichub:secret@host/pichub?sslmode=on", "sslmode must be one of disable, allow"),
        ("postgres://pichub:secret@host/pichub?sslmode=require&sslrootcert=/no", "'/no' is not"),
        (
            "postgres://pichub:secret@host/pichub?sslmode=require&sslrootcert=system",
            "needs sslmode=verify-full",
        ),
        ("postgres://pichub:secret@host/pichub?maxsize=many", "maxsize must be an integer"),
    ],
)
def test_an_invalid_postgresql_url_is_rejected_with_a_hint(url: str, hint: str):
    with pytest.raises(UnsupportedDatabase, match=hint.replace("?", "[?]")) as caught:
        tortoise_config(url)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    "hosts",
    ["host", "host:5432", "[::1]:5432", "one:5432,two:5433", "one,two", "%2Fvar%2Frun%2Fpostgresql", ""],
)
def test_hosts_of_postgresql(hosts: str):
    connection = tortoise_config(f"postgres://pichub:s%40%23@{hosts}/pichub")["connections"]["default"]
    assert connection["credentials"]["dsn"] == f"postgresql://pichub:s%40%23@{hosts}/pichub"
