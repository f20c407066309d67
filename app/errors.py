"""Domain errors. They know no protocol: each interface has its own table of codes and statuses.

PicHubError                 code, message, details, fields, params
├── BadRequest              BAD_REQUEST             the request can't be parsed
│   └── InvalidParameter                            a parameter has an invalid value
├── Unauthorized            UNAUTHORIZED            missing or invalid credentials
├── Forbidden               FORBIDDEN               the caller may see the object but not do this
│   └── MissingScope                                the token lacks a scope
├── NotFound                NOT_FOUND               no such object, or not visible to the caller
├── Conflict                CONFLICT                the request does not fit the object's state
│   └── WrongOffset                                 the bytes do not continue the upload
├── Gone                    GONE                    the object has expired
├── UnknownVersion          PRECONDITION_FAILED     unsupported version of a protocol
├── TooLarge                PAYLOAD_TOO_LARGE       more bytes than allowed
├── UnsupportedFormat       UNSUPPORTED_MEDIA_TYPE  not an image of a supported format
│   └── WrongContentType                            the body has an unsupported Content-Type
├── Invalid                 VALIDATION_ERROR        fields of the request are invalid
│   ├── CorruptImage                                the image can't be decoded
│   ├── TooManyPixels                               the image is too large when decoded
│   ├── TooSlow                                     processing the image took too long
│   └── WorkerCrashed                               processing the image ran out of memory or crashed
├── Locked                  LOCKED                  another request is using the object
├── ChecksumMismatch        CHECKSUM_MISMATCH       the received bytes differ from those sent
├── RateLimited             RATE_LIMIT_EXCEEDED     too many requests
├── Busy                    BUSY                    no capacity now
│   ├── SlowConsumer                                a subscriber reads events too slowly
│   ├── DatabaseUnreachable                         the database does not respond, or has no free connection
│   │   └── OutcomeUnknown                          a change was sent, but its response is missing
│   └── StorageUnreachable                          the storage does not respond or refuses access
└── OutOfStorage            INSUFFICIENT_STORAGE    the disk or the account is full
    └── OverQuota                                   the account is full

`params` has the facts of a message as JSON values, and a `reason`: a stable identifier of the sentence, by which
clients translate it. English texts are templates of the same facts. Besides the format specifications of Python they
use `{limit:size}` for bytes, `{period:period}` for seconds, and `{value:quoted}` for a value that a client sent.
"""

import re
import string
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

MEGABYTE = 1024 * 1024
MAX_FACT_LENGTH = 100
"""Maximum length of a value that a client sent, in characters."""


class FieldError(str):
    """An error of one field: an English sentence, with its `reason` and facts.

    FieldError("too_long", "This may have at most {limit} characters; it has {actual}.", limit=200, actual=250)
    """

    reason: str
    template: str
    facts: dict[str, Any]

    def __new__(cls, reason: str, template: str, /, **facts: Any) -> Self:
        self = super().__new__(cls, _format(template, facts))
        self.reason, self.template, self.facts = reason, template, facts
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[str, str], dict[str, Any]]:
        return (self.reason, self.template), self.facts

    @property
    def params(self) -> dict[str, Any]:
        return {"reason": self.reason, **self.facts}


class PicHubError(Exception):
    """Root of all errors: a `code` for programs, a short `message`, and `details` with the remedy.

    `fields` has the errors of invalid fields by name. `params` has the facts of the message, and its `reason`, by
    default the name of the class. `details` is a template if there are facts.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(
        self,
        message: str,
        details: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        reason: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = _format(details, facts)
        self.fields = {name: list(errors) for name, errors in (fields or {}).items()}
        self.params: dict[str, Any] = {"reason": reason or _snake_case(type(self).__name__), **facts}

    def __str__(self) -> str:
        return f"{self.message}: {self.details}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values that `from_dict` reads."""
        return {
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "fields": self.fields,
            "params": self.params,
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "PicHubError":
        """Return the error stored by `to_dict`, also by earlier versions, which stored no `params`."""
        kind = next(kind for kind in PicHubError.__subclasses__() if kind.code == values["code"])
        error = kind.__new__(kind)
        PicHubError.__init__(error, values["message"], values["details"], fields=values["fields"])
        error.params = values.get("params", error.params)
        return error

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle errors of the worker processes, whatever arguments their constructors take."""
        return (_unpickle, (type(self), self.args, self.__dict__))


def _unpickle(kind: type[PicHubError], args: tuple[object, ...], state: Mapping[str, object]) -> PicHubError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "size":
                return format_size(value)
            case "period":
                return format_period(value)
            case "quoted":
                return excerpt(value)
        return str(super().format_field(value, format_spec))


_formatter = _Formatter()


def _format(template: str, facts: Mapping[str, Any]) -> str:
    """Format a template. A text without facts is returned as it is, with its braces."""
    return _formatter.vformat(template, (), facts) if facts else template


def _fact(value: object) -> bool | int | float | str | None:
    """Return a value that a client sent as a fact: a number, or text of bounded length."""
    return value if isinstance(value, int | float | None) else str(value)[:MAX_FACT_LENGTH]


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class BadRequest(PicHubError):
    code = "BAD_REQUEST"

    def __init__(self, details: str, *, message: str = "The request can't be parsed", **facts: Any) -> None:
        super().__init__(message, details, **facts)


class InvalidParameter(BadRequest):
    """A parameter has a value that is not `allowed`."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(
            "Parameter '{name}' must be {allowed}; you sent {value:quoted}",
            message=f"Invalid value for parameter '{name}'",
            name=name,
            allowed=allowed,
            value=_fact(value),
        )
        self.name = name
        self.allowed = allowed


class Unauthorized(PicHubError):
    code = "UNAUTHORIZED"

    def __init__(
        self,
        message: str = "Invalid or expired API token",
        details: str = "Please check your API token and ensure it has not expired",
        *,
        reason: str = "invalid_token",
    ) -> None:
        super().__init__(message, details, reason=reason)


class Forbidden(PicHubError):
    code = "FORBIDDEN"

    def __init__(
        self, details: str, *, message: str = "You do not have permission to do this", **facts: Any
    ) -> None:
        super().__init__(message, details, **facts)


class MissingScope(Forbidden):
    """The token has the scopes `granted`, but needs `scope` or the `wider` one that includes it."""

    def __init__(self, scope: str, granted: Sequence[str], *, wider: str | None = None) -> None:
        needed = "'{scope}' or '{wider}'" if wider else "'{scope}'"
        super().__init__(
            f"This requires the scope {needed}; your token has: {', '.join(granted) or 'none'}",
            message="The API token lacks a scope",
            scope=scope,
            wider=wider,
            granted=list(granted),
        )
        self.scope = scope


class NotFound(PicHubError):
    """There is no `kind` with this id, or it is not visible to the caller: the same error.

    `known` lists all that exist, if they are public.
    """

    code = "NOT_FOUND"

    def __init__(self, kind: str, id: str, *, known: Sequence[str] = ()) -> None:
        rest = f"; there are {', '.join(known)}" if known else ", or you can't access it"
        super().__init__(
            f"{kind.capitalize()} not found", "There is no {kind} {id:quoted}" + rest, kind=kind, id=_fact(id)
        )


class Conflict(PicHubError):
    code = "CONFLICT"

    def __init__(
        self, details: str, *, message: str = "The request conflicts with the current state", **facts: Any
    ) -> None:
        super().__init__(message, details, **facts)


class WrongOffset(Conflict):
    """Bytes were sent for the offset `sent`; the upload continues at `offset`."""

    def __init__(self, *, offset: int, sent: int) -> None:
        super().__init__(
            "The upload has {offset} bytes, but yours begin at {sent}. Continue at Upload-Offset {offset}",
            message="The offset does not match the upload",
            offset=offset,
            sent=sent,
        )
        self.offset = offset


class Gone(PicHubError):
    code = "GONE"


class UnknownVersion(PicHubError):
    """The request has version `sent` of a protocol, or none; only `known` is supported."""

    code = "PRECONDITION_FAILED"

    def __init__(self, header: str, sent: str | None, known: str) -> None:
        actual = "missing" if sent is None else "{sent:quoted}"
        super().__init__(
            "Unsupported protocol version",
            "{header} must be {known}; it is " + actual,
            header=header,
            known=known,
            sent=_fact(sent),
        )
        self.known = known


class TooLarge(PicHubError):
    """A file, or `what`, has more than `limit` bytes. `actual` is None if it was not read to its end."""

    code = "PAYLOAD_TOO_LARGE"

    def __init__(self, *, limit: int, actual: int | None = None, what: str = "file") -> None:
        size = format_size(actual, above=limit) if actual else "larger than that"
        super().__init__(
            f"{what.capitalize()} size exceeds maximum limit",
            "Maximum {what} size is {limit:size}. Your {what} is " + size + ".",
            limit=limit,
            actual=actual,
            what=what,
        )
        self.limit = limit
        self.actual = actual


class UnsupportedFormat(PicHubError):
    code = "UNSUPPORTED_MEDIA_TYPE"

    def __init__(self, found: str | None = None) -> None:
        actual = "{found}" if found else "none of these"
        super().__init__(
            "Unsupported image format", f"Upload a JPG, PNG, WebP or GIF. This file is {actual}.", found=found
        )


class WrongContentType(UnsupportedFormat):
    """The body has the Content-Type `sent`, but must have `allowed`."""

    def __init__(self, sent: str | None, allowed: str) -> None:
        actual = "missing" if sent is None else "{sent:quoted}"
        PicHubError.__init__(
            self,
            "Unsupported Content-Type",
            "The Content-Type must be {allowed}; it is " + actual,
            allowed=allowed,
            sent=_fact(sent),
        )


class Invalid(PicHubError):
    """Fields of the request are invalid. The message is the first of their errors."""

    code = "VALIDATION_ERROR"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        message = next((error for errors in fields.values() for error in errors), "The data is invalid")
        details = "; ".join(f"{name}: {' '.join(errors)}" for name, errors in fields.items())
        super().__init__(str(message), details, fields=fields, reason="invalid_fields")
        self.params["fields"] = {
            name: [e.params if isinstance(e, FieldError) else {"reason": "invalid"} for e in errors]
            for name, errors in fields.items()
        }

    @staticmethod
    def field(name: str, reason: str, template: str, /, **facts: Any) -> "Invalid":
        """Return the error of one field; the arguments after its name are those of FieldError."""
        return Invalid({name: [FieldError(reason, template, **facts)]})


class CorruptImage(Invalid):
    def __init__(self, reason: str, text: str) -> None:
        super().__init__({"image": [FieldError(reason, text)]})


class TooManyPixels(Invalid):
    """Decoding would exceed a limit; the text has the limit and the image's size."""

    def __init__(self, reason: str, template: str, **facts: Any) -> None:
        super().__init__({"image": [FieldError(reason, template, **facts)]})


class TooSlow(Invalid):
    """The image was not processed within `deadline` seconds, and its worker was killed."""

    def __init__(self, deadline: float) -> None:
        text = "Processing the image takes longer than {deadline:g} seconds; request a smaller result."
        super().__init__({"image": [FieldError("too_slow", text, deadline=deadline)]})


class WorkerCrashed(Invalid):
    """The worker died while processing the image: out of memory, or a crash of the decoder."""

    def __init__(self) -> None:
        text = "Processing the image ran out of memory or crashed."
        super().__init__({"image": [FieldError("worker_crashed", text)]})


class Locked(PicHubError):
    """The object is in use: try again in `retry_after` seconds."""

    code = "LOCKED"

    def __init__(self, details: str, *, reason: str | None = None, retry_after: int = 1) -> None:
        super().__init__("The upload is locked by another request", details, reason=reason)
        self.params["retry_after"] = self.retry_after = retry_after


class ChecksumMismatch(PicHubError):
    """The received bytes have another digest than the declared one."""

    code = "CHECKSUM_MISMATCH"

    def __init__(self, algorithm: str) -> None:
        super().__init__(
            "The checksum does not match",
            "The {algorithm} of the received bytes differs from Upload-Checksum; they were discarded. Send them again",
            algorithm=algorithm,
        )


class RateLimited(PicHubError):
    """`key` has `remaining` left of the `limit` per `period` seconds of `policy`, and needed more.

    Enough is available again in `retry_after` whole seconds.
    """

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(
        self, *, policy: str, key: str, limit: int, period: int, remaining: int, retry_after: int
    ) -> None:
        super().__init__(
            "Too many requests",
            "The limit '{policy}' is {limit:,} in {period:period}. Try again in {retry_after:period}.",
            policy=policy,
            limit=limit,
            period=period,
            retry_after=retry_after,
        )
        self.policy = policy
        self.key = key
        self.limit = limit
        self.period = period
        self.remaining = remaining
        self.retry_after = retry_after


class Busy(PicHubError):
    """No capacity now: try again in `retry_after` seconds."""

    code = "BUSY"

    def __init__(
        self, details: str, *, retry_after: int = 1, message: str = "The server is busy", **facts: Any
    ) -> None:
        super().__init__(message, details, **facts)
        self.params["retry_after"] = self.retry_after = retry_after


class SlowConsumer(Busy):
    """A subscriber had more than `limit` events queued. It can continue from the last cursor that it received."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "More than {limit:,} events were queued. Continue from the cursor of the last event that you received.",
            message="Subscription closed: the client reads events too slowly",
            limit=limit,
        )


class StorageUnreachable(Busy, OSError):
    """The storage does not respond or refuses access. Callers of a storage see an OSError."""

    def __init__(self) -> None:
        super().__init__(
            "Images can't be read or stored now; try again in a few seconds",
            retry_after=5,
            message="The storage is unreachable",
        )


class DatabaseUnreachable(Busy):
    """The database does not respond. Nothing was changed."""

    def __init__(
        self, details: str = "It does not respond or is overloaded; try again in a few seconds"
    ) -> None:
        super().__init__(details, retry_after=3, message="The database is unreachable")


class OutcomeUnknown(DatabaseUnreachable):
    """A change was sent, but its response is missing: it may have been made."""

    def __init__(self) -> None:
        super().__init__(
            "The connection was lost during a change, which may have been made: check before you retry"
        )


class OutOfStorage(PicHubError):
    code = "INSUFFICIENT_STORAGE"

    def __init__(self, details: str, **facts: Any) -> None:
        super().__init__("Not enough storage for this file", details, **facts)


class OverQuota(OutOfStorage):
    """The account's quota is exhausted."""


def format_size(size: int, *, above: int | None = None) -> str:
    """Format 50 MiB as `50MB` and 512 KiB as `512KB`, to one decimal; rounded up if it must be more than `above`."""
    unit, name = (MEGABYTE, "MB") if size >= MEGABYTE else (1024, "KB")
    tenths = round(size * 10 / unit)
    if above is not None and tenths * unit <= above * 10 < size * 10:
        tenths += 1
    return f"{tenths // 10}{name}" if tenths % 10 == 0 else f"{tenths / 10}{name}"


def format_period(seconds: int) -> str:
    """Format 3600 as `1 hour`, 120 as `2 minutes`, 90 as `90 seconds`."""
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % length == 0:
            return f"{seconds // length} {name}{'' if seconds == length else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def excerpt(value: object, limit: int = 80) -> str:
    """Quote a value as it was sent, safe to print and of bounded length."""
    text = ascii(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
