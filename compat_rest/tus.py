"""Headers of tus 1.0.0, the protocol for resumable uploads (tus.io/protocols/resumable-upload)."""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formatdate

from starlette.datastructures import Headers

from app.errors import BadRequest, Invalid, UnknownVersion, WrongContentType
from app.models import UploadTicket
from app.resolvers.filters import MAX_INT64
from app.uploads.multipart import Checksum, content_length

VERSION = "1.0.0"
EXTENSIONS = ("creation", "termination", "checksum", "expiration")
ALGORITHMS = ("sha1", "sha256")
OFFSET_MEDIA_TYPE = "application/offset+octet-stream"

HEADERS = (
    "Tus-Resumable",
    "Tus-Version",
    "Tus-Extension",
    "Tus-Max-Size",
    "Tus-Checksum-Algorithm",
    "Upload-Offset",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Expires",
    "Upload-Image",
)
"""Response headers."""
METADATA_FIELDS: Mapping[str, str] = {
    "filename": "filename",
    "name": "filename",
    "title": "title",
    "description": "description",
    "album_id": "album_id",
    "albumId": "album_id",
    "category_id": "category_id",
    "categoryId": "category_id",
    "tags": "tags",
}
"""Fields of the image by name in Upload-Metadata. Other names are stored for the client, and ignored."""


def is_tus(headers: Headers) -> bool:
    return "tus-resumable" in headers


def require_version(headers: Headers) -> None:
    """Check Tus-Resumable. Raises UnknownVersion."""
    version = headers.get("tus-resumable")
    if version != VERSION:
        raise UnknownVersion("Tus-Resumable", version, VERSION)


def require_content_type(headers: Headers) -> None:
    """Check the Content-Type of a chunk. Raises WrongContentType."""
    content_type = headers.get("content-type")
    if (content_type or "").partition(";")[0].strip().lower() != OFFSET_MEDIA_TYPE:
        raise WrongContentType(content_type, OFFSET_MEDIA_TYPE)


def parse_offset(headers: Headers) -> int:
    """Return the offset of a chunk. Raises BadRequest."""
    return _parse_integer(headers, "Upload-Offset")


def parse_upload_length(headers: Headers) -> int:
    """Return the declared size of the file. Raises BadRequest."""
    for name in ("Upload-Defer-Length", "Upload-Concat"):
        if name in headers:
            raise BadRequest(
                "{header} is not supported: send Upload-Length, and each file as one upload",
                reason="unsupported_header",
                header=name,
            )
    return _parse_integer(headers, "Upload-Length")


def parse_content_length(headers: Headers) -> int | None:
    """Return the length of the body; None with a chunked transfer encoding. Raises BadRequest."""
    chunked = "transfer-encoding" in headers
    return None if chunked else content_length(headers) or 0


def parse_checksum(headers: Headers) -> Checksum | None:
    """Return the declared checksum of the body. Raises BadRequest."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, digest = text.strip().partition(" ")
    with suppress(ValueError):
        decoded = base64.b64decode(digest.strip(), validate=True)
        if algorithm in ALGORITHMS and len(decoded) == hashlib.new(algorithm).digest_size:
            return Checksum(algorithm, decoded)
    raise BadRequest(
        "Upload-Checksum must be {algorithms}, a space, and the digest in base64",
        reason="invalid_checksum",
        algorithms=" or ".join(ALGORITHMS),
    )


def parse_metadata(metadata: str) -> dict[str, str]:
    """Parse Upload-Metadata into fields of the image. Raises BadRequest, Invalid."""
    fields = {}
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            text = base64.b64decode(value.strip(), validate=True)
        except ValueError as error:
            raise BadRequest(
                "Upload-Metadata must be pairs of a key and a value in base64, separated by commas",
                reason="invalid_metadata",
            ) from error
        if key in METADATA_FIELDS and text:
            name = METADATA_FIELDS[key]
            try:
                fields[name] = text.decode()
            except UnicodeDecodeError as error:
                raise Invalid.field(name, "not_utf8", "This is not valid UTF-8.") from error
    return fields


def headers(ticket: UploadTicket) -> dict[str, str]:
    """Return the headers of an upload's state."""
    headers = {"Tus-Resumable": VERSION, "Upload-Offset": str(ticket.offset)}
    if ticket.is_receiving:
        headers["Upload-Expires"] = formatdate(ticket.expires_at.timestamp(), usegmt=True)
    if ticket.image_id:
        headers["Upload-Image"] = ticket.image_id
    return headers


def completed_headers(ticket: UploadTicket) -> dict[str, str]:
    """Return the headers of an upload's state, its size and metadata."""
    metadata = {"Upload-Metadata": ticket.metadata} if ticket.metadata else {}
    return headers(ticket) | {"Upload-Length": str(ticket.size)} | metadata


def options(max_size: int) -> dict[str, str]:
    """Return the headers of the supported versions, extensions and sizes."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(max_size),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def _parse_integer(headers: Headers, name: str) -> int:
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= MAX_INT64):
        raise BadRequest(
            "{header} must be an integer up to {limit}", reason="not_integer", header=name, limit=MAX_INT64
        )
    return int(text)
