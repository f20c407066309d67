"""Health checks for any storage."""

import os
import uuid

from app.cancellation import in_thread
from app.observability.health import NotReady
from app.storage.base import Storage

PROBE_KEY = "health/nothing"
"""Key of an object that never exists."""


async def check(storage: Storage) -> None:
    """Request an object. Raises NotReady, and errors of the storage."""
    await storage.stat(PROBE_KEY)
    if not await in_thread(os.access, storage.incoming, os.W_OK):
        raise NotReady("the folder for incoming files can't be written to")


async def round_trip(storage: Storage) -> None:
    """Put, read and delete an object. Raises NotReady, and errors of the storage."""
    key, body = f"health/{uuid.uuid4().hex}", uuid.uuid4().bytes
    await storage.put(key, body)
    try:
        if await storage.read(key) != body:
            raise NotReady("it gave back other bytes than were put")
    finally:
        await storage.delete(key)
