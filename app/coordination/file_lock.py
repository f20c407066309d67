"""File lock between processes of one machine. A process that dies releases its lock."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

MIN_POLL_SECONDS, MAX_POLL_SECONDS = 0.002, 0.05


class LockTimeout(Exception):
    """Another process held the lock for longer than the timeout."""


@asynccontextmanager
async def file_lock(path: Path, *, timeout: float) -> AsyncIterator[bool]:
    """Hold the lock on the file `path`, creating the file. Yields True if another process held the lock before.

    Raises LockTimeout after `timeout` seconds. The file is never deleted: deleting it could remove another
    process's lock.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT, mode=0o600)
    try:
        waited = not _try_lock(file)
        if waited:
            try:
                async with asyncio.timeout(timeout):
                    await _poll(file)
            except TimeoutError as error:
                raise LockTimeout(f"{path} was held by another process for {timeout:g} seconds") from error
        yield waited
    finally:
        os.close(file)


async def _poll(file: int) -> None:
    wait = MIN_POLL_SECONDS
    while not _try_lock(file):  # other processes cannot set an event
        await asyncio.sleep(wait)
        wait = min(2 * wait, MAX_POLL_SECONDS)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
