"""Object storage: the contract (`base`), a folder (`disk`), a bucket (`s3`), and a local cache for it (`cached`)."""

from app.storage.base import (
    InvalidKey,
    ObjectMissing,
    ObjectTotals,
    Stat,
    Storage,
    StoredObject,
    check_key,
    is_key,
)
from app.storage.disk import DiskStorage

__all__ = [
    "DiskStorage",
    "InvalidKey",
    "ObjectMissing",
    "ObjectTotals",
    "Stat",
    "Storage",
    "StoredObject",
    "check_key",
    "is_key",
]
