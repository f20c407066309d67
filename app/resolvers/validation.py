"""What may stand in the fields that people fill in, said once for all faces."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from app.errors import Invalid

T = TypeVar("T")

MAX_TAGS = 50
MAX_TAG_LENGTH = 50
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 10, 200
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}", re.ASCII)
USERNAME_RULE = (
    "This must have 3 to 64 characters, letters a-z, digits, dots, hyphens and underscores, and begin with a letter"
    " or a digit."
)


class Absent(Enum):
    """Said of a field that a change does not speak of; None would empty it."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def changed_fields(changes: Any) -> dict[str, Any]:
    """The fields of a dataclass of changes that are not absent."""
    values = {field.name: getattr(changes, field.name) for field in fields(changes)}
    return {name: value for name, value in values.items() if value is not ABSENT}


def unique_values(name: str, values: Sequence[T], *, max_count: int) -> list[T]:
    """The values, each once, if they are 1 to `most`. Raises Invalid."""
    if not 1 <= len(values) <= max_count:
        raise Invalid({name: [f"There must be 1 to {max_count} of them; there are {len(values)}."]})
    return list(dict.fromkeys(values))


class Validator:
    """Collects what is wrong with one input, so that people hear all of it at once.

    rules = Rules()
    name = rules.line("name", name, most=200)
    rules.hold()
    """

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def raise_if_errors(self) -> None:
        """Raises Invalid where anything was wrong."""
        if self.errors:
            raise Invalid(self.errors)

    def add_error(self, name: str, text: str) -> None:
        self.errors.setdefault(name, []).append(text)

    def single_line(self, name: str, value: str | None, *, max_length: int) -> str:
        """A text that must be there, on one line, of 1 to `most` characters; without the space around it."""
        text = (value or "").strip()
        if not text:
            self.add_error(name, "This field is required.")
        elif any(ord(character) < 32 for character in text):
            self.add_error(name, "This must be one line, without control characters.")
        self._check_text(name, text, max_length)
        return text

    def optional_single_line(self, name: str, value: str | None, *, max_length: int) -> str | None:
        """The same, and nothing at all is as good."""
        return self.single_line(name, value, max_length=max_length) if value and value.strip() else None

    def text(self, name: str, value: str | None, *, max_length: int) -> str | None:
        """A text of any shape; None where there is nothing in it."""
        if value:
            self._check_text(name, value, max_length)
        return value or None

    def username(self, name: str, value: str) -> str:
        """A name to sign in with, in lower case: names differ in more than their case."""
        text = value.strip().lower()
        if not USERNAME.fullmatch(text):
            self.add_error(name, USERNAME_RULE)
        return text

    def password(self, name: str, value: str, *, username: str) -> None:
        """A password: long enough, and whatever characters one likes (NIST SP 800-63B, 3.1.1)."""
        if len(value) < MIN_PASSWORD_LENGTH:
            self.add_error(
                name, f"This must have {MIN_PASSWORD_LENGTH} characters at least; it has {len(value)}."
            )
        elif value.strip().lower() == username.lower():
            self.add_error(name, "This must be something else than the username.")
        self._check_text(name, value, MAX_PASSWORD_LENGTH)

    def integer(self, name: str, value: int | None, *, maximum: int) -> None:
        """A number from 0 to `most`, where there is one."""
        if value is not None and not 0 <= value <= maximum:
            self.add_error(name, f"This must be a whole number from 0 to {maximum}.")

    def utc_datetime(self, name: str, value: datetime | None) -> datetime | None:
        """A time in UTC, where there is one. One that names no zone is meant in UTC."""
        try:
            return value and (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:
            self.add_error(name, "This must be a time from year 1 to year 9999, in UTC.")
            return None

    def range(self, low: tuple[str, Any], high: tuple[str, Any]) -> None:
        """The ends of a range, each a name and a value: where there are both, one may be in it."""
        (low_name, least), (high_name, most) = low, high
        if least is not None and most is not None and least > most:
            self.add_error(low_name, f"This must not be more than {high_name}: nothing lies between them.")

    def tags(self, name: str, values: Sequence[str]) -> list[str]:
        """Tags as given, each once, in their order."""
        tags = list(
            dict.fromkeys(self.single_line(name, value, max_length=MAX_TAG_LENGTH) for value in values)
        )
        if len(tags) > MAX_TAGS:
            self.add_error(name, f"There may be {MAX_TAGS} tags at most; there are {len(tags)}.")
        return tags

    def search_text(self, name: str, value: str) -> str:
        """A text to search by: any, but for what no database keeps."""
        self._check_text(name, value, 200)
        return value

    def _check_text(self, name: str, text: str, max_length: int) -> None:
        if len(text) > max_length:
            self.add_error(name, f"This may have {max_length} characters at most; it has {len(text)}.")
        if "\0" in text or any(0xD800 <= ord(character) <= 0xDFFF for character in text):
            self.add_error(name, "This must be Unicode text without NUL characters or lone surrogates.")
