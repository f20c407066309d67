import os
from pathlib import Path

import aiofiles

from app.storage.base import Stat, Storage


async def download(storage: Storage, key: str, target: Path) -> Stat:
    """Write an object to a new file that only the owner can read. Raises ObjectMissing, OSError.

    A partial file stays if this raises.
    """
    written = 0
    async with (
        storage.open(key) as stored,
        aiofiles.open(target, "xb", opener=lambda path, flags: os.open(path, flags, mode=0o600)) as file,
    ):
        async for chunk in stored.chunks:
            written += await file.write(chunk)
    if written != stored.stat.size:
        raise OSError(f"{key} ended after {written} of {stored.stat.size} bytes")
    return stored.stat
