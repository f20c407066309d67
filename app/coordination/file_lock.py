"""A lock that processes of one machine share: whoever holds it is alone, and a process that dies lets go."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

MIN_POLL_SECONDS, MAX_POLL_SECONDS = 0.002, 0.05


class LockTimeout(Exception):
    """Another process held the lock for longer than was waited."""


@asynccontextmanager
async def file_lock(path: Path, *, timeout: float) -> AsyncIterator[bool]:
    """Holds the lock on the file `path`, which is made and stays; tells whether another held it before.

    Raises Held after `patience` seconds.

    It stays because who deletes a lock file may delete another's lock.
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
    while not _try_lock(file):  # another process does not set events
        await asyncio.sleep(wait)
        wait = min(2 * wait, MAX_POLL_SECONDS)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
