"""A lock that processes of one machine share: whoever holds it is alone, and a process that dies lets go."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

FIRST_WAIT, LONGEST_WAIT = 0.002, 0.05


class Held(Exception):
    """Another process held the lock for longer than was waited."""


@asynccontextmanager
async def locked(path: Path, *, patience: float) -> AsyncIterator[bool]:
    """Holds the lock on the file `path`, which is made and stays; tells whether another held it before.

    Raises Held after `patience` seconds.

    It stays because who deletes a lock file may delete another's lock.
    """
    with path.open("w") as file:
        try:
            async with asyncio.timeout(patience):
                waited = await _lock(file)
        except TimeoutError as error:
            raise Held(f"{path} was held by another process for {patience:g} seconds") from error
        yield waited


async def _lock(file: IO[Any]) -> bool:
    wait = FIRST_WAIT
    while not _try_lock(file):  # another process does not set events
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
    return wait > FIRST_WAIT


def _try_lock(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
