"""Request bodies: JSON objects, and the upload form."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from app.context import Context
from app.errors import BadRequest, FieldError, Invalid
from app.resolvers.images import NewImage
from app.uploads.multipart import FormLimits, Upload, check_content_length, read_body, receive_form

MAX_JSON_BYTES = 256 * 1024
MAX_FIELDS = 100
REQUIRED_ERROR = FieldError("required", "This field is required.")

FILE_NAMES = ("image", "file")
# JavaScript's FormData converts missing values to these words; the documented sample does so.
EMPTY_VALUES = {None, "", "null", "undefined"}


@dataclass(frozen=True, slots=True)
class BodyField:
    """Type of a field's value."""

    is_valid: Callable[[Any], bool]
    error: FieldError
    schema: Mapping[str, Any]
    """JSON Schema of the value."""


TEXT = BodyField(
    lambda value: isinstance(value, str), FieldError("not_text", "This must be text."), {"type": "string"}
)
TEXT_OR_NULL = BodyField(
    lambda value: value is None or isinstance(value, str),
    FieldError("not_text", "This must be text or null."),
    {"type": ["string", "null"]},
)
INTEGER = BodyField(
    lambda value: isinstance(value, int) and not isinstance(value, bool),
    FieldError("not_integer", "This must be an integer."),
    {"type": "integer"},
)
FLAG = BodyField(
    lambda value: isinstance(value, bool),
    FieldError("not_boolean", "This must be true or false."),
    {"type": "boolean"},
)
TEXT_LIST = BodyField(
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    FieldError("not_text_list", "This must be a list of text values."),
    {"type": "array", "items": {"type": "string"}},
)
FORM_TEXTS = ("album_id", "description", "title", "category_id")
"""Text fields of the upload form. Only `tags` may be repeated."""


async def read_fields(
    request: Request, fields: Mapping[str, BodyField], *, required: Sequence[str] = ()
) -> dict[str, Any]:
    """Read these fields of a JSON body, ignoring others. Raises BadRequest, TooLarge, Invalid."""
    body = await _read_json_object(request)
    values = {name: body[name] for name in fields if name in body}
    errors = {name: [fields[name].error] for name in values if not fields[name].is_valid(values[name])}
    errors |= {name: [REQUIRED_ERROR] for name in required if name not in values}
    if errors:
        raise Invalid(errors)
    return values


@asynccontextmanager
async def receive_image(request: Request, ctx: Context) -> AsyncIterator[NewImage]:
    """Receive the upload form. Its file exists until the block ends. Raises as `receive_form`."""
    settings = ctx.services.settings
    limits = FormLimits(
        max_file_size=settings.max_upload_size,
        max_fields=MAX_FIELDS,
        stall_timeout=settings.stall_timeout,
    )
    check_content_length(request.headers, limits)  # one file, in either of the two fields
    receiving = receive_form(
        request.headers,
        request.stream(),
        folder=ctx.services.storage.incoming,
        limits=replace(limits, max_files=len(FILE_NAMES)),
    )
    async with receiving as form:
        yield NewImage(
            file=_file(form),
            tags=_tags(form),
            **{name: _text(form, name) for name in FORM_TEXTS},
        )


async def _read_json_object(request: Request) -> dict[str, Any]:
    timeout = request.state.services.settings.stall_timeout
    body = await read_body(request.headers, request.stream(), max_size=MAX_JSON_BYTES, timeout=timeout)
    try:
        value = json.loads(body.decode(), parse_constant=_reject_constant)
    except json.JSONDecodeError as error:
        raise BadRequest(
            "The body is not valid JSON: {error}", reason="invalid_json", error=str(error)
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            "The body must be JSON in UTF-8, without NaN, Infinity, very long numbers or deep nesting",
            reason="unsupported_json",
        ) from error
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object", reason="not_an_object")
    return value


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _file(form: FormData) -> Upload:
    for name in FILE_NAMES:
        # Browsers send an empty file field as a file without name and content.
        values = [each for each in form.getlist(name) if isinstance(each, str) or each.filename or each.size]
        match values:
            case []:
                continue
            case [Upload() as file]:
                return file
            case [_]:
                error = FieldError("not_a_file", "This must be a file.")
            case _:
                text = "Send one file at a time; you sent {actual}."
                error = FieldError("too_many_files", text, actual=len(values))
        raise Invalid({name: [error]})
    raise Invalid({FILE_NAMES[0]: [REQUIRED_ERROR]})


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid.field(name, "not_text", "This must be text, not a file.")
    return None if value in EMPTY_VALUES else value


def _tags(form: FormData) -> list[str]:
    """Return the fields `tags` and `tags[]`. A single field may have several tags, separated by commas."""
    values = [*form.getlist("tags"), *form.getlist("tags[]")]
    tags = [each for each in values if isinstance(each, str)]
    if len(tags) < len(values):
        raise Invalid.field("tags", "not_text", "This must be text, not a file.")
    if len(tags) == 1:
        tags = tags[0].split(",")
    return [tag for tag in tags if tag.strip()]
