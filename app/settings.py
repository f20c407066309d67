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

REDIS_FILES = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
REDIS_OPTIONS = {"db", "ssl_cert_reqs", "ssl_check_hostname", *REDIS_FILES}
MAX_LIMIT_AMOUNT, MAX_LIMIT_PERIOD = 1_000_000_000, 366 * 86_400


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


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"an integer from {low} to {high}")
        return int(text)

    return parse


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise ValueError("a number of seconds from above 0 to 3600")
    return value


def worker_mode(text: str) -> str:
    return one_of("embedded", "external")(RENAMED_WORKER_MODES.get(text.lower(), text))


def pause(text: str) -> float:
    """Parse seconds, or 0."""
    return 0.0 if text.strip() == "0" else seconds(text)


def byte_count(text: str) -> int:
    """Parse `50MB`, `512KB`, `2GB` or a plain number of bytes. A KB is 1,024 bytes."""
    number, unit = text.strip().upper().removesuffix("B"), 1
    for suffix, factor in (("K", 1024), ("M", MEGABYTE), ("G", 1024 * MEGABYTE)):
        if number.endswith(suffix):
            number, unit = number.removesuffix(suffix), factor
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise ValueError("a number of bytes such as 50MB, 512KB or 1048576")
    return int(number) * unit


def allowance(text: str) -> int | None:
    """Parse `unlimited` as None, or a number of bytes."""
    if text.strip().lower() == "unlimited":
        return None
    try:
        value = byte_count(text)
    except ValueError:
        value = 0
    if not 0 < value < 2**63:
        raise ValueError("unlimited, or a number of bytes such as 5GB, 500MB or 1048576")
    return value


def flag(text: str) -> bool:
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError("true or false")


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address such as https://pictures.example.org")
    return text.rstrip("/")


def origins(text: str) -> tuple[str, ...]:
    """Parse `*`, or origins separated by commas."""
    names = tuple(web_address(name.strip()) for name in text.split(",") if name.strip() != "*")
    return names or ("*",)


def limit(text: str) -> str:
    """Parse `60/minute;1000/hour`, in the notation of the `limits` package, or `off`."""
    if text.lower() == "off":
        return "off"
    from limits import parse_many  # takes a tenth of a second to import, so only if a limit is set

    try:
        windows = [(window.amount, window.get_expiry()) for window in parse_many(text)]
    except ValueError:
        windows = []
    if not windows or not all(
        0 < n <= MAX_LIMIT_AMOUNT and period <= MAX_LIMIT_PERIOD for n, period in windows
    ):
        raise ValueError(
            "a number from 1 in a second, minute, hour or day, such as 60/minute, several of them separated by ;"
            " such as 60/minute;1000/hour, or off"
        )
    return text


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text.lower()

    return parse


def secret(text: str) -> str:
    if len(text) < MIN_SECRET_LENGTH or not text.isprintable():
        raise ValueError(f"{MIN_SECRET_LENGTH} or more printable characters that nobody can guess")
    return text


def engine(*schemes: str) -> Callable[[str], str]:
    """Parse the URL of an engine. It may contain a password and is never shown."""

    def parse(text: str) -> str:
        if text.partition("://")[0] not in schemes:
            raise ValueError(f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    parse.is_secret = True  # type: ignore[attr-defined]
    return parse


def key(text: str) -> str:
    """Parse a key of another service. It is never shown."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("printable ASCII characters")
    return text


key.is_secret = True  # type: ignore[attr-defined]


def redirect(text: str) -> str:
    """Parse `off`, `presigned`, or an https URL."""
    if text.lower() in {"off", "presigned"}:
        return text.lower()
    try:
        address = web_address(text)
    except ValueError:
        address = ""
    if not address.startswith("https://"):
        raise ValueError("off, presigned, or an address such as https://cdn.example.org/pictures")
    return address


def redis_address(text: str) -> str:
    """Parse the URL of a Redis. The redis package ignores unknown options; here they are errors."""
    engine("redis", "rediss", "unix")(text)
    allowed = "redis://:password@host:6379/0, rediss:// for TLS, or unix:///path/to/socket?db=0"
    try:
        parts = urlsplit(text)
        is_named = bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname) and parts.port != 0
        database = "" if parts.scheme == "unix" else parts.path.removeprefix("/")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        is_named, database, options = False, "", {}
    if not is_named or not options.keys() <= REDIS_OPTIONS or (database and not database.isdecimal()):
        raise ValueError(f"a URL such as {allowed}, with no options but {', '.join(sorted(REDIS_OPTIONS))}")
    if options.get("ssl_cert_reqs", "required") not in {"none", "optional", "required"}:
        raise ValueError("a URL whose ssl_cert_reqs is none, optional or required")
    for name in sorted(REDIS_FILES & options.keys()):
        if not os.access(options[name], os.R_OK):
            raise ValueError(f"a URL whose {name} is a file that can be read; {options[name]!r} is not")
    return text


redis_address.is_secret = True  # type: ignore[attr-defined]


def setting(parse: Callable[[str], Any], default: Any, description: str) -> Any:
    return field(
        default=default, repr=not is_secret(parse), metadata={"parse": parse, "description": description}
    )


def is_secret(parse: Callable[[str], Any]) -> bool:
    return parse is secret or getattr(parse, "is_secret", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, parsed and in range."""

    data_dir: Path = setting(Path, Path("data"), "Data folder: database, images, secrets")
    database_url: str = setting(
        engine("postgres", "postgresql", "sqlite"),
        "",
        "Database URL: postgres://user:password@host/database. Default: a SQLite file in the data folder",
    )
    redis_url: str = setting(
        redis_address,
        "",
        "Redis shared by several servers: redis://host:6379/0. Default: none, for a single server",
    )
    storage_url: str = setting(
        engine("s3", "file"),
        "",
        "Image storage: s3://bucket/prefix?endpoint=https://…. Default: the data folder",
    )
    s3_access_key: str = setting(key, "", "Access key for s3:// storage. Default: AWS's credential chain")
    s3_secret_key: str = setting(key, "", "Secret key for s3:// storage")
    storage_cache_size: int = setting(
        byte_count, 2048 * MEGABYTE, "Maximum size of the local cache of an s3:// storage"
    )
    img_redirect: str = setting(
        redirect,
        "off",
        "Redirect image requests to the s3:// storage: off, presigned, or the https URL of a CDN",
    )
    host: str = setting(str, "127.0.0.1", "Address to listen on")
    port: int = setting(integer(0, 65535), 8000, "Port to listen on")
    public_url: str = setting(web_address, "", "Public URL of the server, used in links")
    cors_origins: tuple[str, ...] = setting(
        origins, ("*",), "Origins allowed to call the API, separated by commas; * allows all"
    )
    log_level: str = setting(one_of("debug", "info", "warning", "error"), "info", "Log level")
    log_format: str = setting(one_of("text", "json"), "text", "Log format: text or json")
    access_log: str = setting(
        one_of("off", "on", "all"),
        "on",
        "Access log: off, on, or all, which includes images served from memory",
    )
    metrics: bool = setting(flag, False, "Serve Prometheus metrics at /metrics")
    metrics_token: str = setting(secret, "", "Bearer token required for /metrics")
    otel_endpoint: str = setting(
        web_address,
        "",
        "OTLP over HTTP endpoint for traces, such as http://127.0.0.1:4318. Requires the extra pichub[otel]",
    )
    shutdown_delay: float = setting(
        pause,
        0.0,
        "Seconds between a stop signal and shutdown, during which requests are served and /readyz fails",
    )
    introspection: bool = setting(flag, True, "Allow GraphQL introspection")

    sign_up: str = setting(
        one_of("closed", "invitation", "open"), "closed", "Sign-up: closed, invitation, open"
    )
    session_lifetime: int = setting(integer(1, 3650), 30, "Lifetime of a browser session, in days")
    quota: int | None = setting(allowance, None, "Default quota of an account in bytes, or unlimited")

    max_upload_size: int = setting(byte_count, 50 * MEGABYTE, "Maximum size of an uploaded file")
    min_free_disk: int = setting(
        byte_count, 256 * MEGABYTE, "Free disk space below which uploads are refused"
    )
    stall_timeout: float = setting(
        seconds,
        30.0,
        "Seconds without data after which a request or response is aborted",
    )
    max_pixels: int = setting(
        integer(1, 1_000_000_000),
        50_000_000,
        "Maximum width × height × frames of an image",
    )
    max_dimension: int = setting(integer(1, 65_500), 16_384, "Maximum width or height of an image")

    transform_workers: int = setting(
        integer(1, 256), os.cpu_count() or 1, "Number of image worker processes. Default: one per core"
    )
    transform_queue: int = setting(
        integer(0, 1_000_000_000_000),
        1_000_000_000,
        "Maximum pixels of images waiting for a worker, at least a million each",
    )
    transform_deadline: float = setting(seconds, 10.0, "Maximum seconds for one transform")
    transform_memory: int = setting(byte_count, 1024 * MEGABYTE, "Maximum memory of one worker")
    presets: str = setting(str, "", "Named transforms: thumb=w=200&h=200&fm=webp; hero=w=1600&q=75")

    worker: str = setting(
        worker_mode,
        "embedded",
        "Background work: embedded in each server, or external with 'pichub worker'",
    )
    worker_port: int = setting(
        integer(0, 65535),
        0,
        "Port of 'pichub worker' for /healthz, /readyz and /metrics, on PICHUB_HOST; 0 disables it",
    )
    variants_size: int | None = setting(
        allowance,
        10 * 1024 * MEGABYTE,
        "Maximum size of stored variants, or unlimited. The least recently used are removed",
    )
    events_retention_days: int = setting(integer(1, 3650), 30, "Retention of events, in days")
    deliveries_retention_days: int = setting(integer(1, 3650), 30, "Retention of webhook deliveries, in days")

    url_secret: str = setting(
        secret,
        "",
        "Secret for signed URLs. Default: generated and stored in the data folder or PostgreSQL",
    )
    url_secret_old: str = setting(secret, "", "Previous secret for signed URLs, still accepted")
    limit_api: str = setting(
        limit,
        "60/minute;1000/hour;10000/day",
        "Request rate limit per account, or per address for anonymous requests; or off",
    )
    limit_upload: str = setting(limit, "10/minute", "Upload rate limit per account, in files; or off")
    limit_auth_failures: str = setting(
        limit, "20/minute", "Rate limit of failed authentications per address; or off"
    )
    limit_renders: str = setting(
        limit,
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

    response_cache_size: int = setting(byte_count, 64 * MEGABYTE, "Memory for cached image responses")

    graphql_max_depth: int = setting(integer(1, 100), 12, "Maximum depth of a GraphQL operation")
    graphql_max_aliases: int = setting(
        integer(0, 10_000), 15, "Maximum number of aliases in a GraphQL operation"
    )
    graphql_max_directives: int = setting(
        integer(0, 10_000), 50, "Maximum number of directives in a GraphQL operation"
    )
    graphql_max_tokens: int = setting(
        integer(1, 1_000_000), 2_000, "Maximum number of tokens in a GraphQL document"
    )
    graphql_max_root_fields: int = setting(
        integer(1, 1_000), 20, "Maximum number of root fields in a GraphQL operation"
    )
    graphql_max_cost: int = setting(
        integer(1, 1_000_000_000), 5_000, "Maximum cost of a GraphQL operation: the objects it may return"
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
    def own_origins(self) -> frozenset[str]:
        """Origins whose pages may use the session cookie: the server's own, and those of the settings."""
        return _origins(self.url, self.cors_origins)


@lru_cache(maxsize=8)
def _origins(url: str, named: tuple[str, ...]) -> frozenset[str]:
    return frozenset(origin_of(origin) for origin in (url, *named) if origin != "*")


def variable(f: "Field[Any]") -> str:
    return PREFIX + f.name.upper()


def _is_set(f: "Field[Any]", environ: Mapping[str, str]) -> bool:
    return bool(environ.get(variable(f)) or environ.get(variable(f) + "_FILE"))


def _read(f: "Field[Any]", environ: Mapping[str, str]) -> Any:
    name = variable(f)
    text = environ.get(name) or _read_file(name + "_FILE", environ[name + "_FILE"])
    try:
        return f.metadata["parse"](text)
    except ValueError as error:
        found = f"it has {len(text)} characters" if is_secret(f.metadata["parse"]) else f"it is {text!r}"
        raise BadSetting(f"{name} must be {error}; {found}") from error


def _read_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise BadSetting(f"{name} must name a file that can be read; {path!r}: {error.strerror}") from error
    except UnicodeDecodeError:  # without the cause, which contains the file
        raise BadSetting(f"{name} must name a file of text in UTF-8; {path!r} is not") from None


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


def deprecated(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return a warning for each former name or value in the environment."""
    environ = _environment() if environ is None else environ
    found = []
    for old, new in RENAMED.items():
        for suffix in ("", "_FILE"):
            if f"{PREFIX}{old}{suffix}" in environ:
                ignored = {f"{PREFIX}{new}", f"{PREFIX}{new}_FILE"} & environ.keys()
                rest = f"; it is ignored because {min(ignored)} is set" if ignored else ""
                found.append(f"{PREFIX}{old}{suffix} is now {PREFIX}{new}{suffix}{rest}")
    if (mode := environ.get(f"{PREFIX}WORKER", "").lower()) in RENAMED_WORKER_MODES:
        found.append(f"{PREFIX}WORKER={mode} is now {PREFIX}WORKER={RENAMED_WORKER_MODES[mode]}")
    return found


def unknown(environ: Mapping[str, str] | None = None) -> list[tuple[str, str | None]]:
    """Return variables with PicHub's prefix that are not settings, each with a similar name that may be meant."""
    environ = _environment() if environ is None else environ
    names = [variable(f) for f in fields(Settings)]
    former = [f"{PREFIX}{old}" for old in RENAMED]
    known = {*names, *former, *(f"{name}_FILE" for name in (*names, *former)), *CLIENT_VARIABLES}
    found = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return [(name, _similar(name, sorted(known - {*former}))) for name in found]


def _similar(name: str, known: list[str]) -> str | None:
    endings = [each.removeprefix(PREFIX) for each in known]  # the common prefix makes no two names similar
    meant = get_close_matches(name.removeprefix(PREFIX), endings, 1)
    return PREFIX + meant[0] if meant else None


def table() -> list[tuple[str, str, str]]:
    """Return (variable, default, description) of each setting, for the documentation."""
    return [
        (
            variable(f),
            _format(f.default, in_bytes=f.metadata["parse"] in {byte_count, allowance}),
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
