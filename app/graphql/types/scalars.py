"""Custom scalars."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NewType

from graphql import GraphQLError
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition, scalar

from app.uploads.multipart import Upload

ByteCount = NewType("ByteCount", int)
DataURI = NewType("DataURI", str)
HexColor = NewType("HexColor", str)
URL = NewType("URL", str)


def _upload(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise GraphQLError(
            "Upload must be a file in a multipart request (github.com/jaydenseric/graphql-multipart-request-spec)"
        )
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise GraphQLError("ByteCount must be an integer")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("HexColor must be a string such as 'ff8800'")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    ByteCount: scalar(
        name="ByteCount",
        description="A number of bytes. It can exceed the 32 bits of Int.",
        serialize=int,
        parse_value=_integer,
    ),
    datetime: replace(
        DateTimeDefinition, description="An ISO 8601 date and time, such as 2026-01-31T12:00:00+00:00."
    ),
    DataURI: scalar(
        name="DataURI",
        description="A data URL, such as `data:image/png;base64,…`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc2397",
        parse_value=str,
    ),
    HexColor: scalar(
        name="HexColor",
        description="A color in hexadecimal digits: rgb, rrggbb or rrggbbaa, with an optional leading #.",
        parse_value=_text,
    ),
    URL: scalar(
        name="URL",
        description="An absolute URL.",
        specified_by_url="https://url.spec.whatwg.org/",
        parse_value=str,
    ),
    Upload: scalar(
        name="Upload",
        description="A file in a multipart request.",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=lambda _: None,
        parse_value=_upload,
        parse_literal=lambda *_: _upload(None),
    ),
}
