"""A lock that processes of one machine share: whoever holds it is alone, and a process that dies lets go."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

FIRST_WAIT, LONGEST_WAIT = 0.002, 0.05


class Held(Exception):
    """Another process held the lock for longer than was waited."""


@asynccontextmanager
async def locked(path: Path, *, patience: float) -> AsyncIterator[bool]:
    """Holds the lock on the file `path`, which is made and stays; tells whether another held it before.

    Raises Held after `patience` seconds.

    It stays because who deletes a lock file may delete another's lock.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT, mode=0o600)
    try:
        waited = not _try_lock(file)
        if waited:
            try:
                async with asyncio.timeout(patience):
                    await _lock(file)
            except TimeoutError as error:
                raise Held(f"{path} was held by another process for {patience:g} seconds") from error
        yield waited
    finally:
        os.close(file)


async def _lock(file: int) -> None:
    wait = FIRST_WAIT
    while not _try_lock(file):  # another process does not set events
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
