"""What tus 1.0.0 (tus.io/protocols/resumable-upload) writes into headers, and how it is read."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from email.utils import formatdate

from starlette.datastructures import Headers

from app.errors import BadRequest, FieldError, Invalid, UnknownVersion, WrongContentType
from app.models import UploadTicket
from app.uploads.multipart import Checksum, content_length

VERSION = "1.0.0"
EXTENSIONS = ("creation", "termination", "checksum", "expiration")
ALGORITHMS = ("sha1", "sha256")
OFFSET_MEDIA_TYPE = "application/offset+octet-stream"
MAX_INT64 = 2**63 - 1

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
"""Those of answers."""
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
"""What the names in Upload-Metadata are to us; what has none is kept for the client and means nothing here."""


def is_tus(headers: Headers) -> bool:
    """Whether the request speaks tus."""
    return "tus-resumable" in headers


def require_version(headers: Headers) -> None:
    """Raises UnknownVersion."""
    version = headers.get("tus-resumable")
    if version != VERSION:
        raise UnknownVersion("Tus-Resumable", version, VERSION)


def require_bytes(headers: Headers) -> None:
    """Raises WrongContentType for a body that is not said to be the bytes from an offset on."""
    kind = headers.get("content-type")
    if (kind or "").partition(";")[0].strip().lower() != OFFSET_MEDIA_TYPE:
        raise WrongContentType(kind, OFFSET_MEDIA_TYPE)


def parse_offset(headers: Headers) -> int:
    """Where the bytes of a body begin. Raises BadRequest."""
    return _parse_integer(headers, "Upload-Offset")


def parse_upload_length(headers: Headers) -> int:
    """The size of a file that is to come. Raises BadRequest."""
    for name in ("Upload-Defer-Length", "Upload-Concat"):
        if name in headers:
            raise BadRequest(
                f"{name} is not taken here: say Upload-Length at once, and send one file by one upload"
            )
    return _parse_integer(headers, "Upload-Length")


def parse_content_length(headers: Headers) -> int | None:
    """The length of a body; None where it comes in chunks. Raises BadRequest."""
    chunked = "transfer-encoding" in headers
    return None if chunked else content_length(headers) or 0


def parse_checksum(headers: Headers) -> Checksum | None:
    """The digest that a body is said to have. Raises BadRequest."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, digest = text.strip().partition(" ")
    allowed = f"Upload-Checksum must be one of {', '.join(ALGORITHMS)}, a space, and the digest in base64"
    if algorithm not in ALGORITHMS:
        raise BadRequest(allowed)
    decoded = _decode_base64(digest.strip(), allowed)
    if len(decoded) != hashlib.new(algorithm).digest_size:
        raise BadRequest(allowed)
    return Checksum(algorithm, decoded)


def parse_metadata(metadata: str) -> dict[str, str]:
    """What is said of the file, by our own names. Raises BadRequest, Invalid."""
    fields = {}
    for pair in metadata.split(","):
        key, _, value = pair.strip().partition(" ")
        text = _decode_base64(
            value.strip(), "Upload-Metadata must be pairs of a key and a value in base64, parted by commas"
        )
        if key in METADATA_FIELDS and text:
            try:
                fields[METADATA_FIELDS[key]] = text.decode()
            except UnicodeDecodeError as error:
                raise Invalid(
                    {METADATA_FIELDS[key]: [FieldError("not_utf8", "This is not valid UTF-8.")]}
                ) from error
    return fields


def headers(ticket: UploadTicket) -> dict[str, str]:
    """How an upload stands."""
    headers = {"Tus-Resumable": VERSION, "Upload-Offset": str(ticket.offset)}
    if ticket.is_receiving:
        headers["Upload-Expires"] = formatdate(ticket.expires_at.timestamp(), usegmt=True)
    if ticket.image_id:
        headers["Upload-Image"] = ticket.image_id
    return headers


def completed_headers(ticket: UploadTicket) -> dict[str, str]:
    """The same, with what was said when it began."""
    metadata = {"Upload-Metadata": ticket.metadata} if ticket.metadata else {}
    return headers(ticket) | {"Upload-Length": str(ticket.size)} | metadata


def options(max_size: int) -> dict[str, str]:
    """What we can do."""
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
        raise BadRequest(f"{name} must be an integer")
    return int(text)


def _decode_base64(text: str, message: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(message) from error
