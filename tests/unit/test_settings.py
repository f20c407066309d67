from pathlib import Path

import pytest

from app.settings import (
    RENAMED,
    BadSetting,
    Settings,
    deprecation_warnings,
    settings_table,
    unknown_variables,
)


def test_all_settings_have_defaults() -> None:
    settings = Settings.load({})
    assert settings == Settings()
    assert settings.url == "http://127.0.0.1:8000"
    assert settings.max_upload_size == 50 * 1024 * 1024


def test_settings_are_read_from_their_variables() -> None:
    settings = Settings.load(
        {
            "PICHUB_PORT": "9000",
            "PICHUB_DATA_DIR": "/srv/pics",
            "PICHUB_PUBLIC_URL": "https://pics.example.org/",
            "PICHUB_MAX_UPLOAD_SIZE": "10MB",
            "PICHUB_CORS_ORIGINS": "https://a.example, https://b.example",
            "PICHUB_INTROSPECTION": "no",
            "PICHUB_LIMIT_API": "5/second; 100 per 2 hours",
            "PICHUB_LIMIT_UPLOAD": "Off",
            "PICHUB_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        }
    )
    assert settings.port == 9000
    assert settings.data_dir == Path("/srv/pics")
    assert settings.url == "https://pics.example.org"
    assert settings.max_upload_size == 10 * 1024 * 1024
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.introspection is False
    assert (settings.limit_api, settings.limit_upload) == ("5/second; 100 per 2 hours", "off")
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


def test_an_empty_variable_is_ignored() -> None:
    assert Settings.load({"PICHUB_PORT": ""}).port == 8000


def test_a_value_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://pics.example.org\n")
    assert Settings.load({"PICHUB_PUBLIC_URL_FILE": str(tmp_path / "url")}).url == "https://pics.example.org"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PICHUB_PORT", "eighty", "an integer from 0 to 65535"),
        ("PICHUB_PORT", "65536", "an integer from 0 to 65535"),
        ("PICHUB_PUBLIC_URL", "pics.example.org", "a URL such as https://images.example.org"),
        ("PICHUB_MAX_UPLOAD_SIZE", "lots", "a number of bytes such as 50MB, 512KB or 1048576"),
        ("PICHUB_INTROSPECTION", "maybe", "true or false"),
        ("PICHUB_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("PICHUB_TRANSFORM_DEADLINE", "0", "a number of seconds from above 0 to 3600"),
        ("PICHUB_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks separated by commas"),
        ("PICHUB_SIGN_UP", "everyone", "one of closed, invitation, open"),
        ("PICHUB_QUOTA", "lots", "unlimited, or a number of bytes such as 5GB, 500MB or 1048576"),
        ("PICHUB_QUOTA", "0", "unlimited, or a number of bytes"),
        ("PICHUB_QUOTA", "9999999999GB", "unlimited, or a number of bytes"),
        ("PICHUB_SESSION_LIFETIME", "0", "an integer from 1 to 3650"),
        ("PICHUB_PUBLIC_URL_FILE", "/nowhere", "a readable file"),
    ],
)
def test_an_invalid_value_is_reported_with_the_allowed_ones(name: str, value: str, allowed: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load({name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert allowed in str(caught.value)


SECRET = "correct horse battery staple correct"


def test_secrets_are_not_part_of_repr(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(SECRET[::-1] + "\n")
    environ = {"PICHUB_URL_SECRET": SECRET, "PICHUB_URL_SECRET_OLD_FILE": str(tmp_path / "old")}
    settings = Settings.load(environ)
    assert (settings.url_secret, settings.url_secret_old) == (SECRET, SECRET[::-1])
    assert SECRET not in repr(settings)
    assert SECRET[::-1] not in repr(settings)
    assert "url_secret" not in repr(settings)


@pytest.mark.parametrize("name", ["PICHUB_URL_SECRET", "PICHUB_URL_SECRET_OLD"])
@pytest.mark.parametrize("value", [SECRET[:31], SECRET + "\x07", SECRET + "\udcff"])
def test_an_invalid_secret_is_reported_without_its_value(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load({name: value})
    allowed = "32 or more random printable characters"
    assert str(caught.value) == f"{name} must be {allowed}; it has {len(value)} characters"


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache:6379/0",
        "redis://:pass%20word@cache",
        "redis://user:password@[::1]:6380/3",
        "rediss://cache.example:6379/0?ssl_ca_certs=/etc/passwd&ssl_check_hostname=no",
        "unix:///run/valkey/valkey.sock?db=1",
    ],
)
def test_redis_urls_are_accepted(url: str) -> None:
    assert Settings.load({"PICHUB_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "cache:6379",
        "http://cache",
        "redis://",
        "redis://:hunter2@:6379/0",
        "redis://:hunter2@cache:port/0",
        "redis://:hunter2@cache:99999/0",
        "redis://:hunter2@cache:6379/first",
        "redis://:hunter2@cache:6379/0?socket_timeout=9",
        "rediss://:hunter2@cache:6379/0?ssl_ca_certs=/nowhere/redis://ca.pem",
        "unix://",
        "redis://[::1",
    ],
)
def test_an_invalid_redis_url_is_reported_without_its_password(url: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load({"PICHUB_REDIS_URL": url})
    message = str(caught.value)
    assert message.startswith("PICHUB_REDIS_URL must be a URL ")
    assert "redis://" in message
    assert message.endswith(f"it has {len(url)} characters")
    assert "hunter2" not in message


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff" * 40)
    with pytest.raises(BadSetting, match=r"PICHUB_URL_SECRET_FILE must be the path of a UTF-8 text file"):
        Settings.load({"PICHUB_URL_SECRET_FILE": str(tmp_path / "secret")})


@pytest.mark.parametrize(
    "text",
    [
        "lots",
        "60",
        "60/fortnight",
        "0/minute",
        "-1/minute",
        "60/minute;",
        "60/2year",
        f"1{'0' * 5000}/minute",
        "no",
    ],
)
def test_an_invalid_rate_limit_is_reported_with_the_allowed_form(text: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load({"PICHUB_LIMIT_RENDERS": text})
    assert str(caught.value).startswith(
        "PICHUB_LIMIT_RENDERS must be one or more rates per second, minute, hour or day, separated by ; "
        "such as 60/minute;1000/hour, or off; it is "
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("10.1.2.3", "http://10.1.2.3:8000"),
    ],
)
def test_the_default_url_has_the_host(host: str, url: str) -> None:
    assert Settings.load({"PICHUB_HOST": host}).url == url


def test_all_settings_have_a_description() -> None:
    for name, _, description in settings_table():
        assert name.startswith("PICHUB_")
        assert description


def test_a_quota_is_a_size_or_unlimited() -> None:
    assert Settings.load({"PICHUB_QUOTA": "5GB"}).quota == 5 * 1024**3
    assert Settings.load({"PICHUB_QUOTA": "Unlimited"}).quota is None


def test_trusted_origins_are_the_own_and_the_configured_ones() -> None:
    assert Settings.load({"PICHUB_PUBLIC_URL": "https://pics.example:443/"}).trusted_origins == {
        "https://pics.example"
    }
    configured = Settings.load({"PICHUB_HOST": "::1", "PICHUB_CORS_ORIGINS": "https://Front.example"})
    assert configured.trusted_origins == {"http://[::1]:8000", "https://front.example"}


def test_keys_of_other_services_are_not_part_of_repr_or_errors(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cr3t\n")
    settings = Settings.load(
        {"PICHUB_S3_ACCESS_KEY": "acc3ss", "PICHUB_S3_SECRET_KEY_FILE": str(tmp_path / "key")}
    )
    assert (settings.s3_access_key, settings.s3_secret_key) == ("acc3ss", "s3cr3t")
    assert "s3cr3t" not in repr(settings)
    assert "acc3ss" not in repr(settings)
    with pytest.raises(BadSetting, match="it has 6 characters"):
        Settings.load({"PICHUB_S3_SECRET_KEY": "s3cr\u00e9t"})


@pytest.mark.parametrize("value", ["off", "Presigned", "https://cdn.example.org/pictures/"])
def test_a_redirect_is_a_mode_or_a_url(value: str) -> None:
    redirect = Settings.load({"PICHUB_IMG_REDIRECT": value}).img_redirect
    assert redirect == (value.rstrip("/") if "/" in value else value.lower())


@pytest.mark.parametrize("value", ["on", "http://cdn.example.org", "https://"])
def test_an_invalid_redirect_is_refused(value: str) -> None:
    with pytest.raises(BadSetting, match="off, presigned, or a URL such as https://"):
        Settings.load({"PICHUB_IMG_REDIRECT": value})


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_former_name_works_with_a_warning(old: str, new: str, tmp_path: Path) -> None:
    value = "3/minute" if old.startswith("LIMIT") else "7"
    (tmp_path / "value").write_text(value)
    current = Settings.load({f"PICHUB_{new}": value})
    assert current != Settings()
    assert Settings.load({f"PICHUB_{old}": value}) == current
    assert Settings.load({f"PICHUB_{old}_FILE": str(tmp_path / "value")}) == current
    assert deprecation_warnings({f"PICHUB_{old}": value}) == [f"PICHUB_{old} is now PICHUB_{new}"]
    assert unknown_variables({f"PICHUB_{old}": value}) == []
    assert deprecation_warnings({f"PICHUB_{new}": value}) == []


def test_a_new_name_takes_precedence_over_its_former_one() -> None:
    both = {"PICHUB_DRAIN": "7", "PICHUB_SHUTDOWN_DELAY": "3"}
    assert Settings.load(both).shutdown_delay == 3
    assert deprecation_warnings(both) == [
        "PICHUB_DRAIN is now PICHUB_SHUTDOWN_DELAY; it is ignored because PICHUB_SHUTDOWN_DELAY is set"
    ]


@pytest.mark.parametrize(("old", "new"), [("inside", "embedded"), ("apart", "external")])
def test_former_worker_modes_work_with_a_warning(old: str, new: str) -> None:
    assert Settings.load({"PICHUB_WORKER": old}).worker == new
    assert deprecation_warnings({"PICHUB_WORKER": old}) == [f"PICHUB_WORKER={old} is now PICHUB_WORKER={new}"]
    assert deprecation_warnings({"PICHUB_WORKER": new}) == []
