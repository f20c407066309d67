"""Location of a storage, parsed from its URL without network access."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from app.storage.base import is_key

MAX_PREFIX_LENGTH = 100
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
DEFAULT_REGION = "us-east-1"
OPTIONS = ("endpoint", "region", "style", "bulk_delete", "public")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3-compatible store, or the objects under `prefix` in it.

    `endpoint` is the store's URL, and `public` the one for browsers, without a trailing slash. With
    `virtual_hosted` the bucket's name is part of the host, else of the path.
    """

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = DEFAULT_REGION
    virtual_hosted: bool = False
    bulk_delete: bool = True
    public: str = ""

    @property
    def url(self) -> str:
        """Base URL of requests."""
        return self._at(self.endpoint)

    @property
    def public_url(self) -> str:
        """Base URL for browsers."""
        return self._at(self.public or self.endpoint)

    def path(self, key: str) -> str:
        """Return the name of an object in the bucket."""
        return f"{self.prefix}/{key}" if self.prefix else key

    def _at(self, endpoint: str) -> str:
        endpoint = endpoint or f"https://s3.{self.region}.amazonaws.com"
        if not self.virtual_hosted:
            return f"{endpoint}/{self.name}"
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{self.name}.{host}"


def parse_location(url: str) -> Path | Bucket:
    """Parse `file:///path`, `/path` or `s3://bucket/prefix?endpoint=…&region=…`. Raises ValueError."""
    parts = urlsplit(url)
    match parts.scheme:
        case "":
            return Path(url)
        case "file":
            if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
                raise ValueError("a folder's URL such as file:///srv/pictures")
            return Path(unquote(parts.path))
        case "s3":
            return _bucket(parts.netloc, parts.path.strip("/"), parts.query)
    raise ValueError("a folder, a URL such as file:///srv/pictures, or one such as s3://bucket/prefix")


def _bucket(name: str, prefix: str, query: str) -> Bucket:
    if not name or "@" in name:
        raise ValueError(
            "s3://bucket/prefix?endpoint=https://…, and the keys in PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY"
        )
    if prefix and not (is_key(prefix) and len(prefix) <= MAX_PREFIX_LENGTH):
        raise ValueError(
            f"s3://bucket/prefix, the prefix of letters, digits, . _ - and /, up to {MAX_PREFIX_LENGTH}"
        )
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [option for option in options if option not in OPTIONS]
    if unknown:
        raise ValueError(
            f"s3://bucket/prefix with the options {', '.join(OPTIONS)}; there is no {unknown[0]!r}"
        )
    return Bucket(
        name,
        prefix,
        endpoint=_endpoint(options, "endpoint"),
        region=options.get("region") or DEFAULT_REGION,
        virtual_hosted=_choice(options, "style", "path", "virtual") == "virtual",
        bulk_delete=_choice(options, "bulk_delete", "on", "off") == "on",
        public=_endpoint(options, "public"),
    )


def _endpoint(options: dict[str, str], option: str) -> str:
    text = options.get(option, "").rstrip("/")
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query):
        raise ValueError(f"s3://bucket?{option}=https://host, without a path")
    return text.removesuffix(
        DEFAULT_PORTS.get(parts.scheme, "")
    )  # browsers omit a default port, and it is part of the signature


def _choice(options: dict[str, str], option: str, *words: str) -> str:
    word = options.get(option) or words[0]
    if word not in words:
        raise ValueError(f"s3://bucket?{option}={' or '.join(words)}")
    return word
