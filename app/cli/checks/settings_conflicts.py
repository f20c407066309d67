"""Settings that are valid on their own, but dangerous in combination."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.cli.checks.findings import Finding
from app.settings import Settings

ABOUT = "settings"


def unknown(found: Sequence[tuple[str, str | None]]) -> Iterator[Finding]:
    """Yield a warning for each unknown variable, with the name that may be meant."""
    for name, meant in found:
        hint = f"did you mean {meant}? " if meant else ""
        yield Finding.warning(ABOUT, f"{name} is no setting", f"{hint}docs/settings.md lists them all")


def renamed(warnings: Sequence[str]) -> Iterator[Finding]:
    """Yield a warning for each former name or value of a setting."""
    for warning in warnings:
        yield Finding.warning(ABOUT, warning, "use the new name: the former one works until the next release")


def conflicts(settings: Settings, *, secret_is_shared: bool) -> Iterator[Finding]:
    """Yield a finding per conflict. `secret_is_shared` means that all machines sign URLs with the same secret."""
    yield from _in_public(settings)
    yield from _on_several_machines(settings, secret_is_shared=secret_is_shared)
    if settings.sign_up == "open" and settings.quota is None:
        yield Finding.warning(
            ABOUT, "everybody may sign up and keep any number of bytes", "set PICHUB_QUOTA, such as 5GB"
        )
    if settings.url_secret_old and not settings.url_secret:
        yield Finding.warning(
            ABOUT,
            "PICHUB_URL_SECRET_OLD is set, PICHUB_URL_SECRET is not",
            "set both, or neither and rotate by 'pichub secret rotate'",
        )


def _in_public(settings: Settings) -> Iterator[Finding]:
    local, address = _is_local(settings.host), settings.public_url
    named = urlsplit(address).hostname or ""
    if not local and not address:
        yield Finding.warning(
            ABOUT,
            f"it listens on {settings.host}, and links are made with {settings.url}",
            "set PICHUB_PUBLIC_URL to the address that people use, with https",
        )
    if address.startswith("http://") and not _is_local(named):
        yield Finding.warning(
            ABOUT,
            "PICHUB_PUBLIC_URL is without https: passwords and tokens can be read on the way",
            "put a proxy with a certificate in front; docs/deploy has one for nginx",
        )
    if address.startswith("https://") and not settings.trusted_proxies:
        yield Finding.warning(
            ABOUT,
            "people come through a proxy that is not trusted: they all share one address and its limits",
            "set PICHUB_TRUSTED_PROXIES to the proxy's address",
        )
    if settings.metrics and not local and not settings.metrics_token:
        yield Finding.warning(
            ABOUT,
            "whoever reaches the server reads /metrics",
            "set PICHUB_METRICS_TOKEN, or let the proxy keep /metrics inside",
        )


def _on_several_machines(settings: Settings, *, secret_is_shared: bool) -> Iterator[Finding]:
    shared = settings.database_url.startswith("postgres")
    if shared and not settings.storage_url:
        yield Finding.warning(
            ABOUT,
            "the database can be shared by machines, the pictures lie in this one's data folder",
            "set PICHUB_STORAGE_URL, unless this is the only machine",
        )
    if settings.storage_url.startswith("s3") and not shared:
        yield Finding.warning(
            ABOUT,
            "the pictures can be shared by machines, the database is a file in this one's data folder",
            "set PICHUB_DATABASE_URL, unless this is the only machine",
        )
    if shared and not settings.redis_url:
        yield Finding.warning(
            ABOUT,
            "each server counts limits for itself",
            "set PICHUB_REDIS_URL, unless this is the only server",
        )
    if shared and not secret_is_shared:
        yield Finding.problem(
            ABOUT,
            "each machine signs addresses with a secret of its own, and refuses those of the others",
            "set PICHUB_URL_SECRET to the same on all of them",
        )


def _is_local(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
