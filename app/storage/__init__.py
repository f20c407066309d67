"""Object storage: the contract (`base`), a folder (`disk`), a bucket (`s3`), and a local cache for it (`cached`)."""

from app.storage.base import (
    InvalidKey,
    ObjectMissing,
    Stat,
    Storage,
    StorageTotals,
    StoredObject,
    check_key,
    is_key,
)
from app.storage.disk import DiskStorage

__all__ = [
    "DiskStorage",
    "InvalidKey",
    "ObjectMissing",
    "Stat",
    "Storage",
    "StorageTotals",
    "StoredObject",
    "check_key",
    "is_key",
]
