"""Settings, their allowed values and defaults. Only this module reads the environment.

A setting is a field of `Settings`; its variable is `PICHUB_` and the field's name in capitals. `PICHUB_X_FILE`
names a file with the value of `PICHUB_X`, as for container secrets. A file `.env` in the working directory is read
too; the environment takes precedence.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from dotenv import dotenv_values

from app.client_address import Network, parse_networks
from app.errors import MEGABYTE, format_size
from app.urls import origin_of

PREFIX = "PICHUB_"
CLIENT_VARIABLES = ("PICHUB_SERVER", "PICHUB_TOKEN")
"""Variables of client commands."""
MIN_SECRET_LENGTH = 32

REDIS_FILE_OPTIONS = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
REDIS_OPTIONS = {"db", "ssl_cert_reqs", "ssl_check_hostname", *REDIS_FILE_OPTIONS}
MAX_LIMIT_AMOUNT, MAX_LIMIT_PERIOD_SECONDS = 1_000_000_000, 366 * 86_400


RENAMED = {
    "HITS_SIZE": "RESPONSE_CACHE_SIZE",
    "LIMIT_MISSES": "LIMIT_RENDERS",
    "LIMIT_FAILURES": "LIMIT_AUTH_FAILURES",
    "DRAIN": "SHUTDOWN_DELAY",
    "EVENTS_KEEP": "EVENTS_RETENTION_DAYS",
    "DELIVERIES_KEEP": "DELIVERIES_RETENTION_DAYS",
    "MAX_SIDE": "MAX_DIMENSION",
}
"""Former names of settings, without prefix. They work until the next release, with a warning."""
RENAMED_WORKER_MODES = {"inside": "embedded", "apart": "external"}


class BadSetting(Exception):
    """A setting has an invalid value; the text has the variable, the value and the allowed values."""


def parse_integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"an integer from {low} to {high}")
        return int(text)

    return parse


def parse_seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise ValueError("a number of seconds from above 0 to 3600")
    return value


def parse_worker_mode(text: str) -> str:
    return parse_choice("embedded", "external")(RENAMED_WORKER_MODES.get(text.lower(), text))


def parse_delay(text: str) -> float:
    """Parse seconds, or 0."""
    return 0.0 if text.strip() == "0" else parse_seconds(text)


def parse_size(text: str) -> int:
    """Parse `50MB`, `512KB`, `2GB` or a plain number of bytes. A KB is 1,024 bytes."""
    number, unit = text.strip().upper().removesuffix("B"), 1
    for suffix, factor in (("K", 1024), ("M", MEGABYTE), ("G", 1024 * MEGABYTE)):
        if number.endswith(suffix):
            number, unit = number.removesuffix(suffix), factor
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise ValueError("a number of bytes such as 50MB, 512KB or 1048576")
    return int(number) * unit


def parse_optional_size(text: str) -> int | None:
    """Parse `unlimited` as None, or a number of bytes."""
    if text.strip().lower() == "unlimited":
        return None
    try:
        value = parse_size(text)
    except ValueError:
        value = 0
    if not 0 < value < 2**63:
        raise ValueError("unlimited, or a number of bytes such as 5GB, 500MB or 1048576")
    return value


def parse_bool(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError("true or false")


def parse_http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("a URL such as https://images.example.org")
    return text.rstrip("/")


def parse_origins(text: str) -> tuple[str, ...]:
    """Parse `*`, or origins separated by commas."""
    names = tuple(parse_http_url(name.strip()) for name in text.split(",") if name.strip() != "*")
    return names or ("*",)


def parse_rate_limit(text: str) -> str:
    """Parse `60/minute;1000/hour`, in the notation of the `limits` package, or `off`."""
    if text.lower() == "off":
        return "off"
    from limits import parse_many  # takes a tenth of a second to import, so only if a limit is set

    try:
        windows = [(window.amount, window.get_expiry()) for window in parse_many(text)]
    except ValueError:
        windows = []
    if not windows or not all(
        0 < n <= MAX_LIMIT_AMOUNT and period <= MAX_LIMIT_PERIOD_SECONDS for n, period in windows
    ):
        raise ValueError(
            "one or more rates per second, minute, hour or day, separated by ; such as 60/minute;1000/hour, or off"
        )
    return text


def parse_choice(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text.lower()

    return parse


def parse_secret(text: str) -> str:
    if len(text) < MIN_SECRET_LENGTH or not text.isprintable():
        raise ValueError(f"{MIN_SECRET_LENGTH} or more random printable characters")
    return text


def parse_service_url(*schemes: str) -> Callable[[str], str]:
    """Parse the URL of a database, Redis or storage. It may contain a password."""

    def parse(text: str) -> str:
        if text.partition("://")[0] not in schemes:
            raise ValueError(f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    return parse


def parse_key(text: str) -> str:
    """Parse a key of another service."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("printable ASCII characters")
    return text


def parse_redirect(text: str) -> str:
    """Parse `off`, `presigned`, or an https URL."""
    if text.lower() in {"off", "presigned"}:
        return text.lower()
    try:
        address = parse_http_url(text)
    except ValueError:
        address = ""
    if not address.startswith("https://"):
        raise ValueError("off, presigned, or a URL such as https://cdn.example.org/images")
    return address


def parse_redis_url(text: str) -> str:
    """Parse the URL of a Redis. The redis package ignores unknown options; here they are errors."""
    parse_service_url("redis", "rediss", "unix")(text)
    allowed = "redis://:password@host:6379/0, rediss:// for TLS, or unix:///path/to/socket?db=0"
    try:
        parts = urlsplit(text)
        is_named = bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname) and parts.port != 0
        database = "" if parts.scheme == "unix" else parts.path.removeprefix("/")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        is_named, database, options = False, "", {}
    if not is_named or not options.keys() <= REDIS_OPTIONS or (database and not database.isdecimal()):
        raise ValueError(
            f"a URL such as {allowed}, with no options except {', '.join(sorted(REDIS_OPTIONS))}"
        )
    if options.get("ssl_cert_reqs", "required") not in {"none", "optional", "required"}:
        raise ValueError("a URL with ssl_cert_reqs none, optional or required")
    for name in sorted(REDIS_FILE_OPTIONS & options.keys()):
        if not os.access(options[name], os.R_OK):
            raise ValueError(f"a URL whose {name} is a readable file; {options[name]!r} is not")
    return text


def setting(parse: Callable[[str], Any], default: Any, description: str, *, is_secret: bool = False) -> Any:
    """Declare a setting. A secret's value is never shown, neither in `repr` nor in errors."""
    metadata = {"parse": parse, "description": description, "is_secret": is_secret}
    return field(default=default, repr=not is_secret, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, parsed and in range."""

    data_dir: Path = setting(Path, Path("data"), "Data folder: database, images, secrets")
    database_url: str = setting(
        parse_service_url("postgres", "postgresql", "sqlite"),
        "",
        "Database URL: postgres://user:password@host/database. Default: a SQLite file in the data folder",
        is_secret=True,
    )
    redis_url: str = setting(
        parse_redis_url,
        "",
        "Redis shared by several servers: redis://host:6379/0. Default: none, for a single server",
        is_secret=True,
    )
    storage_url: str = setting(
        parse_service_url("s3", "file"),
        "",
        "Image storage: s3://bucket/prefix?endpoint=https://…. Default: the data folder",
        is_secret=True,
    )
    s3_access_key: str = setting(
        parse_key,
        "",
        "Access key for s3:// storage. Default: AWS's credential chain",
        is_secret=True,
    )
    s3_secret_key: str = setting(parse_key, "", "Secret key for s3:// storage", is_secret=True)
    storage_cache_size: int = setting(
        parse_size, 2048 * MEGABYTE, "Maximum size of the local cache of an s3:// storage"
    )
    img_redirect: str = setting(
        parse_redirect,
        "off",
        "Redirect image requests to the s3:// storage: off, presigned, or the https URL of a CDN",
    )
    host: str = setting(str, "127.0.0.1", "Address to listen on")
    port: int = setting(parse_integer(0, 65535), 8000, "Port to listen on")
    public_url: str = setting(parse_http_url, "", "Public URL of the server, used in links")
    cors_origins: tuple[str, ...] = setting(
        parse_origins, ("*",), "Origins allowed to call the API, separated by commas; * allows all"
    )
    log_level: str = setting(parse_choice("debug", "info", "warning", "error"), "info", "Log level")
    log_format: str = setting(parse_choice("text", "json"), "text", "Log format: text or json")
    access_log: str = setting(
        parse_choice("off", "on", "all"),
        "on",
        "Access log: off, on, or all, which includes images served from memory",
    )
    metrics: bool = setting(parse_bool, False, "Serve Prometheus metrics at /metrics")
    metrics_token: str = setting(parse_secret, "", "Bearer token required for /metrics", is_secret=True)
    otel_endpoint: str = setting(
        parse_http_url,
        "",
        "OTLP over HTTP endpoint for traces, such as http://127.0.0.1:4318. Requires the extra pichub[otel]",
    )
    shutdown_delay: float = setting(
        parse_delay,
        0.0,
        "Seconds between a stop signal and shutdown, during which requests are served and /readyz fails",
    )
    introspection: bool = setting(parse_bool, True, "Allow GraphQL introspection")

    sign_up: str = setting(
        parse_choice("closed", "invitation", "open"), "closed", "Sign-up: closed, invitation, open"
    )
    session_lifetime: int = setting(parse_integer(1, 3650), 30, "Lifetime of a browser session, in days")
    quota: int | None = setting(
        parse_optional_size, None, "Default quota of an account in bytes, or unlimited"
    )

    max_upload_size: int = setting(parse_size, 50 * MEGABYTE, "Maximum size of an uploaded file")
    min_free_disk: int = setting(
        parse_size, 256 * MEGABYTE, "Free disk space below which uploads are refused"
    )
    stall_timeout: float = setting(
        parse_seconds,
        30.0,
        "Seconds without data after which a request or response is aborted",
    )
    max_pixels: int = setting(
        parse_integer(1, 1_000_000_000),
        50_000_000,
        "Maximum width × height × frames of an image",
    )
    max_dimension: int = setting(parse_integer(1, 65_500), 16_384, "Maximum width or height of an image")

    transform_workers: int = setting(
        parse_integer(1, 256), os.cpu_count() or 1, "Number of image worker processes. Default: one per core"
    )
    transform_queue: int = setting(
        parse_integer(0, 1_000_000_000_000),
        1_000_000_000,
        "Maximum pixels of images waiting for a worker, at least a million each",
    )
    transform_deadline: float = setting(parse_seconds, 10.0, "Maximum seconds for one transform")
    transform_memory: int = setting(parse_size, 1024 * MEGABYTE, "Maximum memory of one worker")
    presets: str = setting(str, "", "Named transforms: thumb=w=200&h=200&fm=webp; hero=w=1600&q=75")

    worker: str = setting(
        parse_worker_mode,
        "embedded",
        "Background work: embedded in each server, or external with 'pichub worker'",
    )
    worker_port: int = setting(
        parse_integer(0, 65535),
        0,
        "Port of 'pichub worker' for /healthz, /readyz and /metrics, on PICHUB_HOST; 0 disables it",
    )
    variants_size: int | None = setting(
        parse_optional_size,
        10 * 1024 * MEGABYTE,
        "Maximum size of stored variants, or unlimited. The least recently used are removed",
    )
    events_retention_days: int = setting(parse_integer(1, 3650), 30, "Retention of events, in days")
    deliveries_retention_days: int = setting(
        parse_integer(1, 3650), 30, "Retention of webhook deliveries, in days"
    )

    url_secret: str = setting(
        parse_secret,
        "",
        "Secret for signed URLs. Default: generated and stored in the data folder or PostgreSQL",
        is_secret=True,
    )
    url_secret_old: str = setting(
        parse_secret, "", "Previous secret for signed URLs, still accepted", is_secret=True
    )
    limit_api: str = setting(
        parse_rate_limit,
        "60/minute;1000/hour;10000/day",
        "Request rate limit per account, or per address for anonymous requests; or off",
    )
    limit_upload: str = setting(
        parse_rate_limit, "10/minute", "Upload rate limit per account, in files; or off"
    )
    limit_auth_failures: str = setting(
        parse_rate_limit, "20/minute", "Rate limit of failed authentications per address; or off"
    )
    limit_renders: str = setting(
        parse_rate_limit,
        "600/minute",
        "Rate limit of newly rendered images under /img per address; or off",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        parse_networks,
        (),
        "Trusted proxies for X-Forwarded-For: addresses or networks such as 10.0.0.0/8, 127.0.0.1",
    )

    webhook_allow_networks: tuple[Network, ...] = setting(
        parse_networks,
        (),
        "Private networks allowed as webhook targets, such as 10.0.0.0/8, fd00::/8",
    )

    response_cache_size: int = setting(parse_size, 64 * MEGABYTE, "Memory for cached image responses")

    graphql_max_depth: int = setting(parse_integer(1, 100), 12, "Maximum depth of a GraphQL operation")
    graphql_max_aliases: int = setting(
        parse_integer(0, 10_000), 15, "Maximum number of aliases in a GraphQL operation"
    )
    graphql_max_directives: int = setting(
        parse_integer(0, 10_000), 50, "Maximum number of directives in a GraphQL operation"
    )
    graphql_max_tokens: int = setting(
        parse_integer(1, 1_000_000), 2_000, "Maximum number of tokens in a GraphQL document"
    )
    graphql_max_root_fields: int = setting(
        parse_integer(1, 1_000), 20, "Maximum number of root fields in a GraphQL operation"
    )
    graphql_max_cost: int = setting(
        parse_integer(1, 1_000_000_000),
        5_000,
        "Maximum cost of a GraphQL operation: the objects it may return",
    )
    graphql_documents: Path | None = setting(
        Path, None, "Folder of trusted GraphQL documents. If set, no other operations are allowed"
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Load the settings from `environ`, by default the environment. Raises BadSetting."""
        environ = _with_new_names(_environment() if environ is None else environ)
        return cls(**{f.name: _read(f, environ) for f in fields(cls) if _is_set(f, environ)})

    @property
    def url(self) -> str:
        """Public URL of the server, without a trailing slash."""
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.host, self.host)  # noqa: S104  (a name for "all")
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def trusted_origins(self) -> frozenset[str]:
        """Origins whose pages may use the session cookie: the server's own, and those of the settings."""
        return _origins(self.url, self.cors_origins)


@lru_cache(maxsize=8)
def _origins(url: str, named: tuple[str, ...]) -> frozenset[str]:
    return frozenset(origin_of(origin) for origin in (url, *named) if origin != "*")


def variable_name(f: "Field[Any]") -> str:
    return PREFIX + f.name.upper()


def _is_set(f: "Field[Any]", environ: Mapping[str, str]) -> bool:
    return bool(environ.get(variable_name(f)) or environ.get(variable_name(f) + "_FILE"))


def _read(f: "Field[Any]", environ: Mapping[str, str]) -> Any:
    name = variable_name(f)
    text = environ.get(name) or _read_file(name + "_FILE", environ[name + "_FILE"])
    try:
        return f.metadata["parse"](text)
    except ValueError as error:
        actual = f"it has {len(text)} characters" if f.metadata["is_secret"] else f"it is {text!r}"
        raise BadSetting(f"{name} must be {error}; {actual}") from error


def _read_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadSetting(f"{name} must be the path of a readable file; {path!r}: {error.strerror}") from error
    except UnicodeDecodeError:  # without the cause, which contains the file
        raise BadSetting(f"{name} must be the path of a UTF-8 text file; {path!r} is not") from None


def _environment() -> dict[str, str]:
    return {k: v for k, v in dotenv_values(".env").items() if v is not None} | dict(os.environ)


def _with_new_names(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with renamed variables under their new names, which take precedence."""
    renamed = {
        f"{PREFIX}{new}{suffix}": environ[f"{PREFIX}{old}{suffix}"]
        for old, new in RENAMED.items()
        for suffix in ("", "_FILE")
        if f"{PREFIX}{old}{suffix}" in environ
        and not {f"{PREFIX}{new}", f"{PREFIX}{new}_FILE"} & environ.keys()
    }
    return {**environ, **renamed}


def deprecation_warnings(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return a warning for each former name or value in the environment."""
    environ = _environment() if environ is None else environ
    warnings = []
    for old, new in RENAMED.items():
        for suffix in ("", "_FILE"):
            if f"{PREFIX}{old}{suffix}" in environ:
                ignored = {f"{PREFIX}{new}", f"{PREFIX}{new}_FILE"} & environ.keys()
                rest = f"; it is ignored because {min(ignored)} is set" if ignored else ""
                warnings.append(f"{PREFIX}{old}{suffix} is now {PREFIX}{new}{suffix}{rest}")
    if (mode := environ.get(f"{PREFIX}WORKER", "").lower()) in RENAMED_WORKER_MODES:
        warnings.append(f"{PREFIX}WORKER={mode} is now {PREFIX}WORKER={RENAMED_WORKER_MODES[mode]}")
    return warnings


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[tuple[str, str | None]]:
    """Return variables with the prefix that are not settings, each with the most similar setting, if any."""
    environ = _environment() if environ is None else environ
    names = [variable_name(f) for f in fields(Settings)]
    former = [f"{PREFIX}{old}" for old in RENAMED]
    known = {*names, *former, *(f"{name}_FILE" for name in (*names, *former)), *CLIENT_VARIABLES}
    variables = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return [(name, _similar_name(name, sorted(known - {*former}))) for name in variables]


def _similar_name(name: str, known: list[str]) -> str | None:
    endings = [each.removeprefix(PREFIX) for each in known]  # the prefix must not add to the similarity
    matches = get_close_matches(name.removeprefix(PREFIX), endings, 1)
    return PREFIX + matches[0] if matches else None


def settings_table() -> list[tuple[str, str, str]]:
    """Return (variable, default, description) of each setting, for the documentation."""
    return [
        (
            variable_name(f),
            _format(f.default, in_bytes=f.metadata["parse"] in {parse_size, parse_optional_size}),
            f.metadata["description"],
        )
        for f in fields(Settings)
    ]


def _format(value: Any, *, in_bytes: bool) -> str:
    """Format a value as it would be set."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case None:
            return "unlimited"
        case tuple():
            return ",".join(map(str, value))
        case int() if in_bytes:
            return format_size(value)
    return str(value)
