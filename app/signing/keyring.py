"""Secrets that sign URLs: the newest signs, and its predecessor verifies for a while.

They are in a file shared by the processes of a data folder, in the settings, or in a database shared by servers
(`app.auth.url_secrets`). Secrets are never shown or logged.
"""

import json
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self, TypeVar

from app.cancellation import in_thread
from app.coordination.file_lock import LockTimeout, file_lock
from app.settings import MIN_SECRET_LENGTH

LOCK_TIMEOUT_SECONDS = 30.0
"""Time to wait for another process that writes the file."""
RANDOM_BYTES = 32

T = TypeVar("T")


class BadKeyring(Exception):
    """The file of secrets is missing or unreadable; the text names the file and the remedy."""


class Keyring(Protocol):
    async def signing_secret(self) -> str:
        """Return the secret that signs. Raises BadKeyring."""

    async def valid_secrets(self, now: datetime) -> Sequence[str]:
        """Return the secrets that verify, newest first; none if they can't be read, so that no signature is valid."""


@dataclass(frozen=True, slots=True)
class FixedKeyring:
    """Secrets from the settings, newest first."""

    secrets: tuple[str, ...] = field(repr=False)

    async def signing_secret(self) -> str:
        return self.secrets[0]

    async def valid_secrets(self, _: datetime) -> Sequence[str]:
        return self.secrets


@dataclass(frozen=True, slots=True)
class KeyringSecret:
    """A secret of the file. `until` is None for the newest; others stop verifying then."""

    text: str = field(repr=False)
    until: datetime | None = None

    @classmethod
    def generate(cls) -> Self:
        return cls(secrets.token_urlsafe(RANDOM_BYTES))

    def is_valid(self, now: datetime) -> bool:
        return self.until is None or now < self.until


class FileKeyring:
    """Secrets in the file `path`, readable by its owner alone. Changes by other processes take effect immediately.

    `older` holds further secrets that verify, from the settings.
    """

    def __init__(self, path: Path, *, older: Sequence[str] = ()) -> None:
        self.path = path
        self._older = tuple(older)
        self._lock = path.with_suffix(".lock")
        self._cached: tuple[tuple[int, ...], tuple[KeyringSecret, ...]] | None = None

    async def signing_secret(self) -> str:
        """Return the secret that signs, creating it if there is none. Raises BadKeyring."""
        found = self._read() or await self._with_lock(self._make)
        return found[0].text

    async def valid_secrets(self, now: datetime) -> Sequence[str]:
        try:
            found = self._read()
        except BadKeyring:  # reported at each start, and when signing
            found = ()
        return *(secret.text for secret in found if secret.is_valid(now)), *self._older

    async def rotate(self, now: datetime, *, keep_for: timedelta) -> datetime:
        """Create a new secret. Return the time until which the previous one verifies. Raises BadKeyring."""
        until = now + keep_for
        self._rotatable()
        await self._with_lock(lambda: self._rotate(now, until))
        return until

    def stored_secrets(self) -> tuple[KeyringSecret, ...]:
        """Return the secrets of the file, newest first; none if there is no file. Raises BadKeyring."""
        return self._read()

    def _make(self) -> tuple[KeyringSecret, ...]:
        return self._read() or self._write((KeyringSecret.generate(),))  # another process may have created it

    def _rotate(self, now: datetime, until: datetime) -> tuple[KeyringSecret, ...]:
        newest, *older = self._rotatable()
        kept = [secret for secret in (replace(newest, until=until), *older) if secret.is_valid(now)]
        return self._write((KeyringSecret.generate(), *kept))

    def _rotatable(self) -> tuple[KeyringSecret, ...]:
        if found := self._read():
            return found
        raise BadKeyring(f"There are no secrets at {self.path}: the first start makes them")

    async def _with_lock(self, work: Callable[[], T]) -> T:
        try:
            async with file_lock(self._lock, timeout=LOCK_TIMEOUT_SECONDS):
                return await in_thread(work)
        except LockTimeout as error:
            raise BadKeyring(str(error)) from error

    def _read(self) -> tuple[KeyringSecret, ...]:
        """Return the secrets of the file; none if there is no file. Raises BadKeyring.

        Runs on the event loop: checking that the file is unchanged takes three microseconds.
        """
        try:
            found = self.path.stat()
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._cached is None or self._cached[0] != version:
                self._cached = version, _parse(self.path.read_text())
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError) as error:
            # Without the cause, which may quote the file.
            raise BadKeyring(
                f"{self.path} can't be read as secrets ({type(error).__name__}): mend it, or remove it to begin anew"
            ) from None
        return self._cached[1]

    def _write(self, found: tuple[KeyringSecret, ...]) -> tuple[KeyringSecret, ...]:
        """Replace the file atomically and durably."""
        new = self.path.with_suffix(".new")
        new.unlink(missing_ok=True)  # left by a crash
        with open(new, "x", opener=_private) as file:
            file.write(_serialize(found))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
        _sync_folder(self.path.parent)
        return found


def _parse(text: str) -> tuple[KeyringSecret, ...]:
    found = tuple(
        KeyringSecret(entry["secret"], datetime.fromisoformat(entry["until"]) if entry["until"] else None)
        for entry in json.loads(text)["secrets"]
    )
    if not found or not all(
        isinstance(each.text, str) and len(each.text) >= MIN_SECRET_LENGTH for each in found
    ):
        raise ValueError("no secrets, or too short ones")
    if any(each.until and each.until.tzinfo is None for each in found):
        raise ValueError("times without an offset")
    return found


def _serialize(found: Sequence[KeyringSecret]) -> str:
    entries = [
        {"secret": secret.text, "until": secret.until.isoformat() if secret.until else None}
        for secret in found
    ]
    return json.dumps({"secrets": entries}, indent=2) + "\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, mode=0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
