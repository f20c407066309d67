"""What is said of `/img`, and of the short form of it."""

from collections.abc import Mapping
from functools import partial

from app.ids import Kind
from app.imaging.formats import Format
from app.imaging.presets import Presets
from app.settings import Settings
from app.webhooks.examples import IMAGE_ID
from compat_rest.openapi import responses
from compat_rest.openapi.parameters import image_parameters
from compat_rest.openapi.schemas import Schema, id_of, enum, ref, string

CODES = (
    "BAD_REQUEST",
    "FORBIDDEN",
    "NOT_FOUND",
    "VALIDATION_ERROR",
    "RATE_LIMIT_EXCEEDED",
    "INTERNAL_ERROR",
    "BUSY",
)
DESCRIPTION = """\
The original, byte for byte, where there is no parameter and no other extension; else what they make of it. Parameters
that are not known are ignored. An image in a private album is there for its owner and for signed addresses.
"""


def paths(settings: Settings) -> Schema:
    """The two addresses of a picture, by path."""
    path = string(
        "The image's id, `{id}` or `{id}.{ext}`. The extension is the format, unless `fm` is given. A tail such as "
        "`/harbour.webp`, for people to read, is ignored.",
        examples=[f"{IMAGE_ID}.webp"],
    )
    extension = enum("The format, unless `fm` is given.", [*Format, "jpeg"])
    long = {"path": path}
    short = {"image_id": id_of(Kind.IMAGE, "The image."), "extension": extension}
    shown = partial(_operation, settings)
    return {
        "/img/{path}": {"get": shown("getPicture", long), "head": shown("headPicture", long)},
        "/{image_id}.{extension}": {
            "get": shown("getPictureInShort", short),
            "head": shown("headPictureInShort", short),
        },
    }


def _redirect(settings: Settings, *, is_head: bool) -> Schema:
    """Said where this server sends clients to its storage."""
    if settings.img_redirect == "off" or is_head:
        return {}
    location = {"description": "Where the storage delivers it.", "schema": {"type": "string"}}
    return {"302": {"description": "The storage has it.", "headers": {"Location": location}}}


def _operation(settings: Settings, id: str, path: Mapping[str, Schema]) -> Schema:
    content: Schema = {} if id.startswith("head") else {each.mime_type: {} for each in Format}
    picture = {"headers": _response_headers(), **({"content": content} if content else {})}
    beyond = {
        "description": "There is no such part of the picture.",
        "content": {"application/json": {"schema": ref("Error")}},
    }
    queries = image_parameters(Presets.parse(settings.presets))
    return {
        "operationId": id,
        "tags": ["Pictures"],
        "summary": "Ask what a picture is" if id.startswith("head") else "Get a picture",
        "description": DESCRIPTION,
        "security": [{}, {"token": ["images:read"]}, {"session": []}],
        "parameters": [
            *(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "description": schema["description"],
                    "schema": schema,
                }
                for name, schema in path.items()
            ),
            *(query.to_openapi(name) for name, query in queries.items()),
        ],
        "responses": {
            "200": {"description": "The picture.", **picture},
            "206": {"description": "The part of it that Range asked for.", **picture},
            **_redirect(settings, is_head=id.startswith("head")),
            "304": {"description": "You have it already."},
            "416": beyond,
            **responses.error_refs(CODES),
        },
    }


def _response_headers() -> Schema:
    said = {
        "ETag": "Tells this picture from any other.",
        "Last-Modified": "When the image was uploaded.",
        "Cache-Control": "A year for what is public; nothing without asking again for what is private.",
        "Content-Disposition": "How to name the file when it is saved.",
    }
    return {name: {"description": about, "schema": {"type": "string"}} for name, about in said.items()}
