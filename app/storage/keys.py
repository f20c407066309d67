"""Storage keys of images and uploads.

originals/{image_id}.{ext}               the uploaded file, byte for byte
intermediates/{image_id}/{step}.jpg      smaller versions of a large original, to render from; can be recreated
variants/{image_id}/{digest}.{ext}       rendered results; can be recreated
uploads/{upload_id}/{start}-{random}     a piece of an incomplete upload
"""

from datetime import timedelta
from enum import StrEnum

from app.ids import Kind, kind_of

ORPHAN_GRACE = timedelta(hours=1)
"""Maximum time between an object and its row: older objects without a row are cleaned up."""


class StoragePrefix(StrEnum):
    """First segment of a key: the kind of object."""

    ORIGINALS = "originals"
    INTERMEDIATES = "intermediates"
    VARIANTS = "variants"
    UPLOADS = "uploads"


def image_of(key: str) -> str | None:
    """Return the id of the image that an object belongs to; None for foreign objects."""
    prefix, _, rest = key.partition("/")
    image_id = rest.partition("." if prefix == StoragePrefix.ORIGINALS else "/")[0]
    return image_id if prefix in set(StoragePrefix) and kind_of(image_id) is Kind.IMAGE else None


def upload_of(key: str) -> str | None:
    """Return the id of the upload that a piece belongs to; None for other objects."""
    prefix, upload_id, *_ = [*key.split("/"), ""]
    return upload_id if prefix == StoragePrefix.UPLOADS and kind_of(upload_id) is Kind.UPLOAD else None


def pieces_of(upload_id: str) -> str:
    """Return the key prefix of all pieces of an upload."""
    return f"{StoragePrefix.UPLOADS}/{upload_id}"


def piece_key(upload_id: str, name: str) -> str:
    return f"{pieces_of(upload_id)}/{name}"


def original_key(image_id: str, extension: str) -> str:
    return f"{StoragePrefix.ORIGINALS}/{image_id}.{extension}"
