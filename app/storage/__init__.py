"""Where bytes live: one contract (`base`), kept on a disk (`disk`)."""

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
