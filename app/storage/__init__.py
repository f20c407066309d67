"""Where bytes live: one contract (`base`), kept on a disk (`disk`)."""

from app.storage.base import Amount, BadKey, Missing, Stat, Storage, Stored, check_key, is_key
from app.storage.disk import DiskStorage

__all__ = ["Amount", "BadKey", "DiskStorage", "Missing", "Stat", "Storage", "Stored", "check_key", "is_key"]
