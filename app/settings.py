"""The settings: what each is for, what it may be, what it is when nobody says. Only this module reads the environment.

A setting is a field of `Settings`; its variable is `PICHUB_` and the field's name in capitals. `PICHUB_X_FILE` names a
file that holds the value of `PICHUB_X`, as container secrets do. A file `.env` in the working folder is read too; the
environment wins.
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

from app.client_address import Network, networks
from app.errors import MEGABYTE, written_size
from app.urls import origin_of

PREFIX = "PICHUB_"
OF_COMMANDS = ("PICHUB_SERVER", "PICHUB_TOKEN")
"""Variables that commands read which are clients of a server."""
SHORTEST_SECRET = 32

REDIS_FILES = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
REDIS_OPTIONS = {"db", "ssl_cert_reqs", "ssl_check_hostname", *REDIS_FILES}
MOST_AT_ONCE, LONGEST_PERIOD = 1_000_000_000, 366 * 86_400


class BadSetting(Exception):
    """A setting's value is not allowed; the text names the variable, the value and what is allowed."""


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise ValueError("a number of seconds above 0 and up to 3600")
    return value


def pause(text: str) -> float:
    """As `seconds`, or 0."""
    return 0.0 if text.strip() == "0" else seconds(text)


def byte_count(text: str) -> int:
    """`50MB`, `512KB`, `2GB` or a plain number of bytes. A KB is 1,024 bytes."""
    number, unit = text.strip().upper().removesuffix("B"), 1
    for suffix, factor in (("K", 1024), ("M", MEGABYTE), ("G", 1024 * MEGABYTE)):
        if number.endswith(suffix):
            number, unit = number.removesuffix(suffix), factor
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise ValueError("a number of bytes such as 50MB, 512KB or 1048576")
    return int(number) * unit


def allowance(text: str) -> int | None:
    """`unlimited`, which is None, or a number of bytes."""
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
    """`*`, or origins separated by commas."""
    names = tuple(web_address(name.strip()) for name in text.split(",") if name.strip() != "*")
    return names or ("*",)


def limit(text: str) -> str:
    """`60/minute;1000/hour`, as the package limits reads it, or `off`."""
    if text.lower() == "off":
        return "off"
    from limits import parse_many  # a tenth of a second to import: for those alone who set one

    try:
        windows = [(window.amount, window.get_expiry()) for window in parse_many(text)]
    except ValueError:
        windows = []
    if not windows or not all(0 < n <= MOST_AT_ONCE and period <= LONGEST_PERIOD for n, period in windows):
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
    if len(text) < SHORTEST_SECRET or not text.isprintable():
        raise ValueError(f"{SHORTEST_SECRET} or more printable characters that nobody can guess")
    return text


def engine(*schemes: str) -> Callable[[str], str]:
    """The URL of an engine, which may hold a password: it is never shown."""

    def parse(text: str) -> str:
        if text.partition("://")[0] not in schemes:
            raise ValueError(f"a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    parse.is_secret = True  # type: ignore[attr-defined]
    return parse


def key(text: str) -> str:
    """A key of another service, which is never shown."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("printable ASCII characters")
    return text


key.is_secret = True  # type: ignore[attr-defined]


def redirect(text: str) -> str:
    """`off`, `presigned`, or an https address."""
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
    """The URL of a Redis. The package redis passes over what it does not understand of one; here it is told."""
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


def setting(parse: Callable[[str], Any], default: Any, about: str) -> Any:
    return field(default=default, repr=not is_secret(parse), metadata={"parse": parse, "about": about})


def is_secret(parse: Callable[[str], Any]) -> bool:
    return parse is secret or getattr(parse, "is_secret", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, parsed and in range."""

    data_dir: Path = setting(
        Path, Path("data"), "The folder that holds everything: database, pictures, secrets"
    )
    database_url: str = setting(
        engine("postgres", "postgresql", "sqlite"),
        "",
        "The database: postgres://user:password@host/database; without it a file in the data folder",
    )
    redis_url: str = setting(
        redis_address,
        "",
        "What servers on several machines share: redis://host:6379/0; without it each process has its own",
    )
    storage_url: str = setting(
        engine("s3", "file"),
        "",
        "Where pictures lie: s3://bucket/prefix?endpoint=https://…; without it in the data folder",
    )
    s3_access_key: str = setting(
        key, "", "The access key of an s3:// storage; without it the usual places of AWS are looked at"
    )
    s3_secret_key: str = setting(key, "", "The secret key that belongs to it")
    storage_cache_size: int = setting(
        byte_count, 2048 * MEGABYTE, "Disk for copies of what lies in an s3:// storage"
    )
    img_redirect: str = setting(
        redirect,
        "off",
        "Whether pictures are delivered by the s3:// storage itself: off, presigned, or the https address of a CDN",
    )
    host: str = setting(str, "127.0.0.1", "The address to listen on")
    port: int = setting(whole(0, 65535), 8000, "The port to listen on")
    public_url: str = setting(
        web_address, "", "The address people reach this server by; links are made from it"
    )
    cors_origins: tuple[str, ...] = setting(
        origins, ("*",), "Origins whose pages may call the API, separated by commas; * is all"
    )
    log_level: str = setting(one_of("debug", "info", "warning", "error"), "info", "How much the log says")
    log_format: str = setting(one_of("text", "json"), "text", "How the log says it: text or json")
    access_log: str = setting(
        one_of("off", "on", "all"),
        "on",
        "A line in the log for each request: off, on, or all, with pictures answered from memory too",
    )
    metrics: bool = setting(flag, False, "Whether /metrics tells Prometheus what this process has counted")
    metrics_token: str = setting(secret, "", "What who reads /metrics must send as its Bearer token")
    otel_endpoint: str = setting(
        web_address,
        "",
        "Where traces go by OTLP over HTTP, such as http://127.0.0.1:4318; it takes the extra pichub[otel]",
    )
    drain: float = setting(
        pause,
        0.0,
        "Seconds in which a server that is to stop still answers, and /readyz says that it stops",
    )
    introspection: bool = setting(flag, True, "Whether GraphQL tells its schema to those who ask")

    sign_up: str = setting(
        one_of("closed", "invitation", "open"), "closed", "Who may make an account: closed, invitation, open"
    )
    session_lifetime: int = setting(
        whole(1, 3650), 30, "Days after which a browser that signed in must do so again"
    )
    quota: int | None = setting(
        allowance, None, "Bytes that an account may keep, unless it has a quota of its own; or unlimited"
    )

    max_upload_size: int = setting(byte_count, 50 * MEGABYTE, "The largest file that is taken")
    min_free_disk: int = setting(
        byte_count, 256 * MEGABYTE, "Uploads stop when the disk has less room than this"
    )
    stall_timeout: float = setting(
        seconds,
        30.0,
        "Seconds after which a request that stops coming, or an answer that nobody takes, is given up",
    )
    max_pixels: int = setting(
        whole(1, 1_000_000_000),
        50_000_000,
        "Width × height × frames, above which a picture is refused",
    )
    max_side: int = setting(whole(1, 65_500), 16_384, "Width or height, above which a picture is refused")

    transform_workers: int = setting(
        whole(1, 256), os.cpu_count() or 1, "Processes that decode, resize and encode; one a core"
    )
    transform_queue: int = setting(
        whole(0, 1_000_000_000_000),
        1_000_000_000,
        "Pixels of pictures that may wait for a worker, each a million at least; more are told to come back",
    )
    transform_deadline: float = setting(seconds, 10.0, "Seconds that one transform may take")
    transform_memory: int = setting(byte_count, 1024 * MEGABYTE, "Memory that one worker may use")
    presets: str = setting(str, "", "Transforms with names: thumb=w=200&h=200&fm=webp; hero=w=1600&q=75")

    worker: str = setting(
        one_of("inside", "apart"),
        "inside",
        "Who does what goes on behind the requests: each server inside, or 'pichub worker' apart",
    )
    worker_port: int = setting(
        whole(0, 65535),
        0,
        "The port on which 'pichub worker' answers /healthz, /readyz and /metrics, on PICHUB_HOST; 0 is none",
    )
    variants_size: int | None = setting(
        allowance,
        10 * 1024 * MEGABYTE,
        "Disk for variants, above which the least recently used go; or unlimited",
    )
    events_keep: int = setting(whole(1, 3650), 30, "Days that events can be asked for")
    deliveries_keep: int = setting(whole(1, 3650), 30, "Days that deliveries to webhooks can be looked at")

    url_secret: str = setting(
        secret,
        "",
        "Signs addresses of private images; without it the data folder or PostgreSQL keeps one",
    )
    url_secret_old: str = setting(secret, "", "The secret before that one, by which addresses still hold")
    limit_api: str = setting(
        limit, "60/minute;1000/hour;10000/day", "Requests of an account, or of an address without one; or off"
    )
    limit_upload: str = setting(limit, "10/minute", "Files that an account may upload; or off")
    limit_failures: str = setting(
        limit, "20/minute", "Tokens and sign-ins of an address that may fail; or off"
    )
    limit_misses: str = setting(
        limit,
        "600/minute",
        "Pictures under /img that are made for an address, those made before aside; or off",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        networks,
        (),
        "Proxies whose X-Forwarded-For is believed: addresses or networks such as 10.0.0.0/8, 127.0.0.1",
    )

    webhook_allow_networks: tuple[Network, ...] = setting(
        networks,
        (),
        "Networks that are not public and may receive webhooks all the same, such as 10.0.0.0/8, fd00::/8",
    )

    hits_size: int = setting(byte_count, 64 * MEGABYTE, "Memory for pictures that are asked for often")

    graphql_max_depth: int = setting(whole(1, 100), 12, "How deep a GraphQL operation may nest")
    graphql_max_aliases: int = setting(whole(0, 10_000), 15, "How many aliases a GraphQL operation may have")
    graphql_max_directives: int = setting(
        whole(0, 10_000), 50, "How many directives a GraphQL operation may have"
    )
    graphql_max_tokens: int = setting(
        whole(1, 1_000_000), 2_000, "How many tokens a GraphQL document may have"
    )
    graphql_max_root_fields: int = setting(
        whole(1, 1_000), 20, "How many fields a GraphQL operation may ask for at its root"
    )
    graphql_max_cost: int = setting(
        whole(1, 1_000_000_000), 5_000, "How many objects a GraphQL operation may ask for, by its page sizes"
    )
    graphql_documents: Path | None = setting(
        Path, None, "A folder of GraphQL documents; nothing else is run then"
    )

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The settings of this process, or of `environ`. Raises BadSetting."""
        if environ is None:
            environ = {k: v for k, v in dotenv_values(".env").items() if v is not None} | dict(os.environ)
        return cls(**{f.name: _read(f, environ) for f in fields(cls) if _is_set(f, environ)})

    @property
    def url(self) -> str:
        """Where people reach this server, with no slash at the end."""
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.host, self.host)  # noqa: S104  (a name for "all")
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def own_origins(self) -> frozenset[str]:
        """The origins whose pages may use the session cookie: our own, and those that are named."""
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
    except UnicodeDecodeError:  # the cause is not told along: it holds the file
        raise BadSetting(f"{name} must name a file of text in UTF-8; {path!r} is not") from None


def unknown(environ: Mapping[str, str] | None = None) -> list[tuple[str, str | None]]:
    """Variables that begin as ours do and that nobody reads, each with the one that may have been meant."""
    if environ is None:
        environ = {k: v or "" for k, v in dotenv_values(".env").items()} | dict(os.environ)
    names = [variable(f) for f in fields(Settings)]
    known = {*names, *(f"{name}_FILE" for name in names), *OF_COMMANDS}
    found = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    return [(name, _meant(name, sorted(known))) for name in found]


def _meant(name: str, known: list[str]) -> str | None:
    endings = [each.removeprefix(PREFIX) for each in known]  # what all begin with makes none of them alike
    meant = get_close_matches(name.removeprefix(PREFIX), endings, 1)
    return PREFIX + meant[0] if meant else None


def table() -> list[tuple[str, str, str]]:
    """(variable, default, about) of each setting, for the documentation."""
    return [
        (
            variable(f),
            _written(f.default, in_bytes=f.metadata["parse"] in {byte_count, allowance}),
            f.metadata["about"],
        )
        for f in fields(Settings)
    ]


def _written(value: Any, *, in_bytes: bool) -> str:
    """A value as one would set it."""
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
            return written_size(value)
    return str(value)
