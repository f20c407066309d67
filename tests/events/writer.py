"""Create albums in another process: `python -m tests.events.writer DATA_DIR TOKEN COUNT`."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from app.auth.credentials import Credentials
from app.context import Context
from app.lifespan import run_services
from app.resolvers import account, albums
from app.settings import Settings


async def write(folder: Path, token: str, count: int) -> None:
    async with run_services(replace(Settings.load(), data_dir=folder)) as services:
        ctx = await account.authenticate(Context(services), Credentials(f"Bearer {token}"))
        for number in range(count):
            await albums.create(ctx, albums.NewAlbum(f"Album {number}"))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
