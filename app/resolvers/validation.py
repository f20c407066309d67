"""Validation of user input, shared by all interfaces."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from app.errors import FieldError, Invalid

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
    """Marks a field that an update does not change; None would clear it."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def changed_fields(changes: Any) -> dict[str, Any]:
    """Return the fields of an update that are not absent."""
    values = {field.name: getattr(changes, field.name) for field in fields(changes)}
    return {name: value for name, value in values.items() if value is not ABSENT}


def unique_values(name: str, values: Sequence[T], *, max_count: int) -> list[T]:
    """Return the values without duplicates if there are 1 to `max_count`. Raises Invalid."""
    if not 1 <= len(values) <= max_count:
        raise Invalid.field(
            name,
            "wrong_count",
            "This must have 1 to {limit} items; it has {actual}.",
            limit=max_count,
            actual=len(values),
        )
    return list(dict.fromkeys(values))


class Validator:
    """Collects all errors of one input.

    rules = Validator()
    name = rules.single_line("name", name, max_length=200)
    rules.raise_if_errors()
    """

    def __init__(self) -> None:
        self.errors: dict[str, list[FieldError]] = {}

    def raise_if_errors(self) -> None:
        """Raise Invalid if there are errors."""
        if self.errors:
            raise Invalid(self.errors)

    def add_error(self, name: str, reason: str, template: str, /, **facts: Any) -> None:
        """Add an error of a field; the arguments after its name are those of FieldError."""
        self.errors.setdefault(name, []).append(FieldError(reason, template, **facts))

    def single_line(self, name: str, value: str | None, *, max_length: int) -> str:
        """Require one line of text with 1 to `max_length` characters; return it stripped."""
        text = (value or "").strip()
        if not text:
            self.add_error(name, "required", "This field is required.")
        elif any(ord(character) < 32 for character in text):
            self.add_error(name, "not_one_line", "This must be one line without control characters.")
        self._check_text(name, text, max_length)
        return text

    def optional_single_line(self, name: str, value: str | None, *, max_length: int) -> str | None:
        """Validate as `single_line` does, but allow an empty value."""
        return self.single_line(name, value, max_length=max_length) if value and value.strip() else None

    def text(self, name: str, value: str | None, *, max_length: int) -> str | None:
        """Validate text of any form; return None if it is empty."""
        if value:
            self._check_text(name, value, max_length)
        return value or None

    def username(self, name: str, value: str) -> str:
        """Validate a username; return it in lower case, since names must differ in more than case."""
        text = value.strip().lower()
        if not USERNAME.fullmatch(text):
            self.add_error(name, "invalid_username", USERNAME_RULE)
        return text

    def password(self, name: str, value: str, *, username: str) -> None:
        """Validate a password: any characters, with a minimum length (NIST SP 800-63B, 3.1.1)."""
        if len(value) < MIN_PASSWORD_LENGTH:
            self.add_error(
                name,
                "too_short",
                "This must have at least {limit} characters; it has {actual}.",
                limit=MIN_PASSWORD_LENGTH,
                actual=len(value),
            )
        elif value.strip().lower() == username.lower():
            self.add_error(name, "same_as_username", "This must differ from the username.")
        self._check_text(name, value, MAX_PASSWORD_LENGTH)

    def integer(self, name: str, value: int | None, *, maximum: int) -> None:
        """Validate an optional integer from 0 to `maximum`."""
        if value is not None and not 0 <= value <= maximum:
            self.add_error(name, "out_of_range", "This must be an integer from 0 to {limit}.", limit=maximum)

    def utc_datetime(self, name: str, value: datetime | None) -> datetime | None:
        """Return an optional time in UTC. A time without a zone is taken as UTC."""
        try:
            return value and (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:
            self.add_error(name, "invalid_time", "This must be a time between the years 1 and 9999, in UTC.")
            return None

    def range(self, low: tuple[str, Any], high: tuple[str, Any]) -> None:
        """Require that the lower end of a range is not above its upper end. Each end is a name and a value."""
        (low_name, least), (high_name, most) = low, high
        if least is not None and most is not None and least > most:
            self.add_error(
                low_name, "invalid_range", "This must not be greater than {other}.", other=high_name
            )

    def tags(self, name: str, values: Sequence[str]) -> list[str]:
        """Return the tags without duplicates, in their order."""
        tags = list(
            dict.fromkeys(self.single_line(name, value, max_length=MAX_TAG_LENGTH) for value in values)
        )
        if len(tags) > MAX_TAGS:
            self.add_error(
                name,
                "too_many_tags",
                "There may be at most {limit} tags; there are {actual}.",
                limit=MAX_TAGS,
                actual=len(tags),
            )
        return tags

    def search_text(self, name: str, value: str) -> str:
        """Validate text to search for: any that a database can store."""
        self._check_text(name, value, 200)
        return value

    def _check_text(self, name: str, text: str, max_length: int) -> None:
        if len(text) > max_length:
            self.add_error(
                name,
                "too_long",
                "This may have at most {limit} characters; it has {actual}.",
                limit=max_length,
                actual=len(text),
            )
        if "\0" in text or any(0xD800 <= ord(character) <= 0xDFFF for character in text):
            self.add_error(
                name, "invalid_text", "This must be Unicode text without NUL characters or lone surrogates."
            )
