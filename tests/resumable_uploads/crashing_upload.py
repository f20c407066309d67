"""A process that sends the bytes of an upload, and dies by SIGKILL right after something was put under a prefix:

python -m tests.resumable_uploads.crashing_upload DATA_DIR TOKEN UPLOAD_ID FILE PREFIX
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from app.auth.credentials import Credentials
from app.context import Context
from app.lifespan import run_services
from app.resolvers import account, uploads
from app.resolvers.uploads import UploadBody
from app.settings import Settings
from app.storage.disk import DiskStorage


class Deadly(DiskStorage):
    """One whose process does not live to see that a put under `prefix` is done."""

    prefix: str

    async def put(self, key: str, source: Path | bytes, *, durable: bool = True) -> None:
        await super().put(key, source, durable=durable)
        if key.startswith(self.prefix):
            os.kill(os.getpid(), signal.SIGKILL)


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def send(folder: Path, token: str, upload_id: str, data: bytes, prefix: str) -> None:
    async with run_services(Settings(data_dir=folder, min_free_disk=1)) as services:
        storage = Deadly(folder / "storage")
        storage.prefix = prefix
        ctx = Context(replace(services, storage=storage))
        ctx = await account.authenticate(ctx, Credentials(f"Bearer {token}"))
        offset = (await uploads.get(ctx, upload_id)).offset
        await uploads.append(ctx, upload_id, UploadBody(stream(data)), offset=offset)


if __name__ == "__main__":
    asyncio.run(
        send(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]).read_bytes(), sys.argv[5])
    )
