"""Operations of image URLs: `/img` and the short form."""

from collections.abc import Mapping
from functools import partial

from app.ids import Kind
from app.imaging.formats import Format
from app.imaging.presets import Presets
from app.settings import Settings
from app.webhooks.examples import IMAGE_ID
from compat_rest.openapi import responses
from compat_rest.openapi.parameters import image_parameters
from compat_rest.openapi.schemas import Schema, enum_schema, id_schema, ref, string

ERROR_CODES = (
    "BAD_REQUEST",
    "FORBIDDEN",
    "NOT_FOUND",
    "VALIDATION_ERROR",
    "RATE_LIMIT_EXCEEDED",
    "INTERNAL_ERROR",
    "BUSY",
)
DESCRIPTION = """\
Returns the original file, or a variant if there are parameters or another extension. Unknown parameters are ignored.
Images in private albums are visible to their owner, and by signed URL.
"""


def paths(settings: Settings) -> Schema:
    """Return the operations of both image URLs, by path."""
    path = string(
        "`{id}` or `{id}.{ext}`, with the image's id. The extension is the format, unless `fm` is set. Further "
        "segments, such as `/harbour.webp`, are ignored.",
        examples=[f"{IMAGE_ID}.webp"],
    )
    extension = enum_schema("Format, unless `fm` is set.", [*Format, "jpeg"])
    long = {"path": path}
    short = {"image_id": id_schema(Kind.IMAGE, "Id of the image."), "extension": extension}
    operation = partial(_operation, settings)
    return {
        "/img/{path}": {"get": operation("getPicture", long), "head": operation("headPicture", long)},
        "/{image_id}.{extension}": {
            "get": operation("getPictureInShort", short),
            "head": operation("headPictureInShort", short),
        },
    }


def _redirect(settings: Settings, *, is_head: bool) -> Schema:
    """Return the redirect to the storage, if this server uses it."""
    if settings.img_redirect == "off" or is_head:
        return {}
    location = {"description": "URL of the image in the storage.", "schema": {"type": "string"}}
    return {"302": {"description": "The image is served by the storage.", "headers": {"Location": location}}}


def _operation(settings: Settings, id: str, path: Mapping[str, Schema]) -> Schema:
    content: Schema = {} if id.startswith("head") else {each.mime_type: {} for each in Format}
    success = {"headers": _response_headers(), **({"content": content} if content else {})}
    range_error = {
        "description": "The requested range begins after the end of the image.",
        "content": {"application/json": {"schema": ref("Error")}},
    }
    parameters = image_parameters(Presets.parse(settings.presets))
    return {
        "operationId": id,
        "tags": ["Pictures"],
        "summary": "Get the headers of an image" if id.startswith("head") else "Get an image file",
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
            *(parameter.to_openapi(name) for name, parameter in parameters.items()),
        ],
        "responses": {
            "200": {"description": "The image.", **success},
            "206": {"description": "The requested range of the image.", **success},
            **_redirect(settings, is_head=id.startswith("head")),
            "304": {"description": "Not modified: the client's copy is current."},
            "416": range_error,
            **responses.error_refs(ERROR_CODES),
        },
    }


def _response_headers() -> Schema:
    descriptions = {
        "ETag": "Identifier of this version of the image.",
        "Last-Modified": "Time of the upload.",
        "Cache-Control": "A year for public images; private images must be revalidated.",
        "Content-Disposition": "Filename for saving the image.",
    }
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in descriptions.items()}
