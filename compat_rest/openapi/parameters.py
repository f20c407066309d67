"""Parameters of queries and headers."""

from collections.abc import Mapping
from typing import Any

from app.events.catalogue import EventType
from app.ids import Kind
from app.imaging.formats import Format
from app.imaging.geometry import MAX_DIMENSION, Fit
from app.imaging.params import MAX_DPR, PARAMS, Param
from app.imaging.presets import Presets
from app.models import DeliveryStatus
from app.pagination import DEFAULT_SIZE, MAX_SIZE
from app.resolvers.filters import MAX_INT64
from compat_rest import tus
from compat_rest.openapi.schemas import Schema, id_schema
from compat_rest.parse import FLAGS, LAST_PAGE


def parameter(schema: Schema, description: str, *, location: str = "query", **keywords: Any) -> Schema:
    return {"in": location, "description": description, "schema": schema, **keywords}


def named(parameters: Mapping[str, Schema]) -> list[Schema]:
    return [{"name": name, **schema} for name, schema in parameters.items()]


COMMA_SEPARATED: dict[str, Any] = {"style": "form", "explode": False}
"""Lists with commas, in one parameter."""
BOOLEAN_SCHEMA: Schema = {"type": "string", "enum": [*FLAGS]}


def integer_schema(minimum: int, maximum: int, **keywords: Any) -> Schema:
    return {"type": "integer", "minimum": minimum, "maximum": maximum, **keywords}


def enum_list_schema(enum: type[Any]) -> Schema:
    return {"type": "array", "items": {"type": "string", "enum": [str(kind) for kind in enum]}}


def _range_bound(description: str) -> Schema:
    return parameter(integer_schema(1, MAX_INT64), description)


def _timestamp(description: str) -> Schema:
    return parameter({"type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"]}, description)


PAGING = {
    "page": parameter(integer_schema(1, LAST_PAGE, default=1), "Number of the page, from 1."),
    "per_page": parameter(
        {"type": "integer", "minimum": 1, "default": DEFAULT_SIZE},
        f"Number of items per page, at most {MAX_SIZE}; larger values are reduced to that.",
    ),
}
IMAGE_FILTERS = {
    "album_id": parameter(id_schema(Kind.ALBUM, ""), "Only images in this album."),
    "category_id": parameter(id_schema(Kind.CATEGORY, ""), "Only images of this category."),
    "tag": parameter({"type": "string"}, "Only images with this tag."),
    "q": parameter({"type": "string"}, "Only images with this text in filename, title or description."),
    "format": parameter(enum_list_schema(Format), "Only images in one of these formats.", **COMMA_SEPARATED),
    "created_after": _timestamp("Only images created at this time or later; UTC unless it has a time zone."),
    "created_before": _timestamp("Only images created before this time."),
    "min_width": _range_bound("Only images at least this wide, in pixels."),
    "max_width": _range_bound("Only images at most this wide, in pixels."),
    "min_height": _range_bound("Only images at least this high, in pixels."),
    "max_height": _range_bound("Only images at most this high, in pixels."),
    "min_size": _range_bound("Only files of at least this size, in bytes."),
    "max_size": _range_bound("Only files of at most this size, in bytes."),
    "is_public": parameter(BOOLEAN_SCHEMA, "Only public images (true), or only private images (false)."),
}
EVENT_FILTERS = {
    "after": parameter({"type": "string"}, "Cursor to continue after: `meta.next` of the previous page."),
    "types": parameter(enum_list_schema(EventType), "Only events of these types.", **COMMA_SEPARATED),
    "limit": parameter(integer_schema(1, MAX_SIZE, default=DEFAULT_SIZE), "Maximum number of events."),
}
DELIVERY_FILTERS = {
    "status": parameter(
        {"type": "string", "enum": [*map(str, DeliveryStatus)]}, "Only deliveries in this state."
    ),
    **PAGING,
}
CHUNK_HEADERS = {
    "Tus-Resumable": parameter(
        {"const": tus.VERSION, "type": "string"}, "Version of tus.", location="header"
    ),
    "Upload-Offset": parameter(
        {"type": "integer", "minimum": 0},
        "Offset of the chunk: the number of bytes sent before it.",
        location="header",
    ),
    "Upload-Checksum": parameter(
        {"type": "string", "examples": ["sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="]},
        f"Checksum of the chunk: {' or '.join(tus.ALGORITHMS)}, a space, and the digest in base64.",
        location="header",
    ),
}
OVERRIDE_HEADERS = {
    "X-HTTP-Method-Override": parameter(
        {"type": "string", "enum": ["PATCH", "DELETE"]}, "Method to use instead of POST.", location="header"
    ),
    **CHUNK_HEADERS,
}
DELETE_ALBUM_PARAMETERS = {
    "delete_images": parameter(BOOLEAN_SCHEMA, "If true, the images in the album are deleted too.")
}

TRANSFORM_SCHEMAS: Mapping[str, Schema] = {
    "w": integer_schema(1, MAX_DIMENSION),
    "h": integer_schema(1, MAX_DIMENSION),
    "fit": {"type": "string", "enum": [*map(str, Fit), "crop"]},
    "pos": {"type": "string", "examples": ["top", "bottom-right", "0.3,0.25"]},
    "dpr": {"type": "number", "minimum": 1, "maximum": MAX_DPR},
    "fm": {"type": "string", "enum": [*map(str, Format), "jpeg", "auto"]},
    "q": integer_schema(1, 100),
    "bg": {"type": "string", "pattern": "^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"},
}
DELIVERY_PARAMETERS = {
    "download": parameter(BOOLEAN_SCHEMA, "If true, browsers save the file instead of displaying it."),
    "exp": parameter({"type": "integer"}, "Expiry of a signed URL, in Unix seconds."),
    "sig": parameter({"type": "string"}, "Signature of a signed URL, which gives access to a private image."),
}


def image_parameters(presets: Presets) -> dict[str, Schema]:
    """Return the parameters of `/img`, with the presets of this server."""
    preset = {
        "preset": parameter(
            {"type": "string", **({"enum": [preset.name for preset in presets]} if presets.named else {})},
            "Name of a preset of this server. Other parameters take precedence over it.",
        )
    }
    return {**{row.name: _transform_parameter(row) for row in PARAMS}, **preset, **DELIVERY_PARAMETERS}


def _transform_parameter(row: Param) -> Schema:
    keywords = {"x-values": row.values, "x-default": row.default}
    return parameter(TRANSFORM_SCHEMAS[row.name], row.description, **keywords)
