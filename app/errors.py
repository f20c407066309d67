"""What can go wrong, in the domain's own words. Nothing here knows a protocol: each face has its own table of codes.

PicHubError                 code, message, details, fields
├── BadRequest              BAD_REQUEST             the request can't be read
│   └── InvalidParameter                            one parameter of it has a value that is not allowed
├── Unauthorized            UNAUTHORIZED            nobody is signed in, or with a token that does not hold
├── Forbidden               FORBIDDEN               the caller may see the thing, not do this to it
│   └── MissingScope                                the token was not given this scope
├── NotFound                NOT_FOUND               no such thing, or not for this caller to know of
├── Conflict                CONFLICT                the thing is not as the request takes it to be
│   └── WrongOffset                                 the bytes do not begin where those before them end
├── Gone                    GONE                    there was such a thing, and its time is over
├── UnknownVersion          PRECONDITION_FAILED     the request speaks a version of a protocol that we do not
├── TooLarge                PAYLOAD_TOO_LARGE       more bytes than are taken
├── UnsupportedFormat       UNSUPPORTED_MEDIA_TYPE  the bytes are not a picture of a kind that is taken
│   └── WrongContentType                            the body is said to be something else than is taken here
├── Invalid                 VALIDATION_ERROR        the request was read, and something in it is wrong
│   ├── CorruptImage                                the bytes begin like a picture and do not hold one
│   └── TooManyPixels                               the picture would be too large once decoded
├── Locked                  LOCKED                  another request is at this very thing
├── ChecksumMismatch        CHECKSUM_MISMATCH       the bytes that came are not those that were sent
├── RateLimited             RATE_LIMIT_EXCEEDED     the caller has done so much that the rest must wait
├── Busy                    BUSY                    all workers are taken and so are the places to wait
│   ├── FellBehind                                  who follows events took them too slowly
│   ├── DatabaseUnreachable                         the database is away, or has no connection left
│   │   └── OutcomeUnknown                          it was asked for a change, and its answer did not come
│   └── StorageUnreachable                          what keeps the pictures does not answer, or refuses us
└── OutOfStorage            INSUFFICIENT_STORAGE    the disk or the account is full
    └── OverQuota                                   the account is
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

MEGABYTE = 1024 * 1024


class PicHubError(Exception):
    """The root: a `code` for programs, a `message` of a few words, `details` that say what to do about it.

    `fields` names the wrong fields of a body, each with its complaints.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(
        self, message: str, details: str, *, fields: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.fields = {name: list(complaints) for name, complaints in (fields or {}).items()}

    def __str__(self) -> str:
        return f"{self.message}: {self.details}"

    @property
    def facts(self) -> dict[str, Any]:
        """What `recalled` takes."""
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "fields": self.fields,
        }

    @staticmethod
    def recalled(facts: Mapping[str, Any]) -> "PicHubError":
        """An error that was written down by its `facts`: it says the same, under the same code."""
        kind = next(kind for kind in PicHubError.__subclasses__() if kind.code == facts["code"])
        error = kind.__new__(kind)
        PicHubError.__init__(error, facts["message"], facts["details"], fields=facts["fields"])
        return error

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel home from the worker processes whole, whatever their constructors take."""
        return (_revive, (type(self), self.args, self.__dict__))


def _revive(kind: type[PicHubError], args: tuple[object, ...], facts: Mapping[str, object]) -> PicHubError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class BadRequest(PicHubError):
    code = "BAD_REQUEST"

    def __init__(self, details: str, *, message: str = "The request can't be read") -> None:
        super().__init__(message, details)


class InvalidParameter(BadRequest):
    """A parameter's value is not one of those allowed: `name`, what was sent, what is allowed."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(
            f"Parameter '{name}' must be {allowed}; you sent {excerpt(value)}",
            message=f"Invalid value for parameter '{name}'",
        )
        self.name = name
        self.allowed = allowed


class Unauthorized(PicHubError):
    code = "UNAUTHORIZED"

    def __init__(
        self,
        message: str = "Invalid or expired API token",
        details: str = "Please check your API token and ensure it has not expired",
    ) -> None:
        super().__init__(message, details)


class Forbidden(PicHubError):
    code = "FORBIDDEN"

    def __init__(self, details: str, *, message: str = "You may not do this") -> None:
        super().__init__(message, details)


class MissingScope(Forbidden):
    """The token holds `granted` and needed `scope`, or the `wider` one that has it in it."""

    def __init__(self, scope: str, granted: Sequence[str], *, wider: str | None = None) -> None:
        has = ", ".join(granted) or "none"
        needed = f"'{scope}' or '{wider}'" if wider else f"'{scope}'"
        super().__init__(
            f"This needs the scope {needed}; your token has: {has}",
            message="The API token lacks a scope",
        )
        self.scope = scope


class NotFound(PicHubError):
    """There is no `kind` with this id, or it is not for the caller to know of: the same answer.

    `known` are all that there are, where everybody may know.
    """

    code = "NOT_FOUND"

    def __init__(self, kind: str, id: str, *, known: Sequence[str] = ()) -> None:
        rest = f"; there are {', '.join(known)}" if known else ", or it is not yours to see"
        super().__init__(f"{kind.capitalize()} not found", f"There is no {kind} {excerpt(id)}{rest}")


class Conflict(PicHubError):
    code = "CONFLICT"

    def __init__(self, details: str, *, message: str = "This does not fit what is there") -> None:
        super().__init__(message, details)


class WrongOffset(Conflict):
    """Bytes were sent for `sent`, and those that are there end at `offset`."""

    def __init__(self, *, offset: int, sent: int) -> None:
        super().__init__(
            f"The upload has {offset} bytes, and yours begin at {sent}. Go on at Upload-Offset {offset}",
            message="The offset is not where the upload stands",
        )
        self.offset = offset


class Gone(PicHubError):
    code = "GONE"

    def __init__(self, message: str, details: str) -> None:
        super().__init__(message, details)


class UnknownVersion(PicHubError):
    """The request speaks `sent` of a protocol, or says nothing of it, and we speak `known`."""

    code = "PRECONDITION_FAILED"

    def __init__(self, header: str, sent: str | None, known: str) -> None:
        yours = "it is not there" if sent is None else f"it is {excerpt(sent)}"
        super().__init__(
            "This version of the protocol is not spoken here", f"{header} must be {known}; {yours}"
        )
        self.known = known


class TooLarge(PicHubError):
    """A file, or what `what` names, has more bytes than `limit`. `actual` is None where its end was not waited for."""

    code = "PAYLOAD_TOO_LARGE"

    def __init__(self, *, limit: int, actual: int | None = None, what: str = "file") -> None:
        yours = f"{written_size(actual, above=limit)}." if actual else "larger than that."
        super().__init__(
            f"{what.capitalize()} size exceeds maximum limit",
            f"Maximum {what} size is {written_size(limit)}. Your {what} is {yours}",
        )
        self.limit = limit
        self.actual = actual


class UnsupportedFormat(PicHubError):
    code = "UNSUPPORTED_MEDIA_TYPE"

    def __init__(self, found: str | None = None) -> None:
        what = f"Its bytes are {found}" if found else "Its bytes are none of these"
        super().__init__("Unsupported image format", f"A picture must be JPG, PNG, WebP or GIF. {what}.")


class WrongContentType(UnsupportedFormat):
    """The body came under the type `sent`, and must be `allowed`."""

    def __init__(self, sent: str | None, allowed: str) -> None:
        yours = "there is none" if sent is None else f"it is {excerpt(sent)}"
        PicHubError.__init__(
            self, "The Content-Type is not taken here", f"The Content-Type must be {allowed}; {yours}"
        )


class Invalid(PicHubError):
    """The request was read, and these fields of it are wrong."""

    code = "VALIDATION_ERROR"

    def __init__(
        self, fields: Mapping[str, Sequence[str]], *, message: str = "The data is not valid"
    ) -> None:
        details = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())
        super().__init__(message, details, fields=fields)


class CorruptImage(Invalid):
    def __init__(self, reason: str) -> None:
        super().__init__({"image": [reason]}, message="The image is corrupt")


class TooManyPixels(Invalid):
    """Decoding would cost more than is allowed; `reason` names the limit and the picture's size."""

    def __init__(self, reason: str) -> None:
        super().__init__({"image": [reason]}, message="The image has too many pixels")


class TooSlow(Invalid):
    """The picture took longer than one may take, and its worker was killed. `deadline` is in seconds."""

    def __init__(self, deadline: float) -> None:
        super().__init__(
            {"image": [f"It takes longer than {deadline:g} seconds; ask for a smaller result"]},
            message="The image takes too long",
        )


class TooHeavy(Invalid):
    """The worker died of the picture: out of memory, or a decoder that crashed."""

    def __init__(self) -> None:
        super().__init__(
            {"image": ["Its worker ran out of memory or crashed on it"]},
            message="The image can't be worked on",
        )


class Locked(PicHubError):
    """Nothing is wrong with the request: ask again in `retry_after` seconds."""

    code = "LOCKED"

    def __init__(self, details: str, *, retry_after: int = 1) -> None:
        super().__init__("Another request is at this", details)
        self.retry_after = retry_after


class ChecksumMismatch(PicHubError):
    """The bytes have another digest than the one that came with them."""

    code = "CHECKSUM_MISMATCH"

    def __init__(self, algorithm: str) -> None:
        super().__init__(
            "The bytes do not have this checksum",
            f"Their {algorithm} is another than Upload-Checksum says, and they were not kept. Send them again",
        )


class RateLimited(PicHubError):
    """`who` has `remaining` left of the `limit` that `policy` gives them in each `period` of seconds, and wanted more.

    There is enough again in `retry_after` whole seconds.
    """

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(
        self, *, policy: str, who: str, limit: int, period: int, remaining: int, retry_after: int
    ) -> None:
        super().__init__(
            "Too many requests",
            f"The limit '{policy}' is {limit:,} in {written_period(period)}. "
            f"Try again in {written_period(retry_after)}.",
        )
        self.policy = policy
        self.who = who
        self.limit = limit
        self.period = period
        self.remaining = remaining
        self.retry_after = retry_after


class Busy(PicHubError):
    """Nothing is wrong with the request: ask again in `retry_after` seconds."""

    code = "BUSY"

    def __init__(self, details: str, *, retry_after: int = 1) -> None:
        super().__init__("The server is busy", details)
        self.retry_after = retry_after


class FellBehind(Busy):
    """Who follows events let more than `most` of them wait. They can go on from the last that they had."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"More than {most:,} events waited for you. Go on from the cursor of the last that you had.",
        )
        self.message = "You take events too slowly"


class StorageUnreachable(Busy, OSError):
    """What keeps the pictures does not answer, or refuses us. To a storage's callers it is a medium that fails."""

    def __init__(self) -> None:
        super().__init__("Pictures can't be read or kept just now; ask again in a few seconds", retry_after=5)
        self.message = "The storage can't be reached"


class DatabaseUnreachable(Busy):
    """Nothing was done."""

    def __init__(self, details: str = "It is away or has too much to do; ask again in a few seconds") -> None:
        super().__init__(details, retry_after=3)
        self.message = "The database can't be reached"


class OutcomeUnknown(DatabaseUnreachable):
    """It was asked, and its answer did not come: what was to be done may have been."""

    def __init__(self) -> None:
        super().__init__("It went away while it was at this, which may be done: look before you ask again")


class OutOfStorage(PicHubError):
    code = "INSUFFICIENT_STORAGE"

    def __init__(self, details: str) -> None:
        super().__init__("There is no room for this file", details)


class OverQuota(OutOfStorage):
    pass


def written_size(size: int, *, above: int | None = None) -> str:
    """50 MiB as `50MB` and 512 KiB as `512KB`, to one decimal; rounded up where rounding down would deny `above`."""
    unit, name = (MEGABYTE, "MB") if size >= MEGABYTE else (1024, "KB")
    tenths = round(size * 10 / unit)
    if above is not None and tenths * unit <= above * 10 < size * 10:
        tenths += 1
    return f"{tenths // 10}{name}" if tenths % 10 == 0 else f"{tenths / 10}{name}"


def written_period(seconds: int) -> str:
    """3600 as `1 hour`, 120 as `2 minutes`, 90 as `90 seconds`."""
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % length == 0:
            return f"{seconds // length} {name}{'' if seconds == length else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def excerpt(value: object, limit: int = 80) -> str:
    """A value as it was sent, quoted, safe to print and of bounded length."""
    text = ascii(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
