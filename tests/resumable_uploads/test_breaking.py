"""What is left where connections break and processes die, and that uploads go on from there."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect

from app.context import Context
from app.errors import BadRequest, OutOfStorage, RateLimited, TooLarge
from app.jobs.cleanup.runner import clean_up, dry_run
from app.models import Account, Image, UploadState, UploadTicket
from app.resolvers import uploads
from app.resolvers.uploads import PIECE_SIZE, NewUpload, UploadBody
from app.storage import keys as storage_keys
from app.storage.base import StorageTotals
from app.uploads.multipart import BUFFER_SIZE, Checksum
from scripts.fixtures import sample_images
from tests.jobs.cleanup.conftest import later, set_age
from tests.pichub import House, house, served, until
from tests.resolvers.test_images import context, keys
from tests.resumable_uploads.client import Desk

PICTURE = sample_images.png(64, 48)
SIZE = len(PICTURE)
HALF = SIZE // 2
TWO_PIECES = PIECE_SIZE + 1000


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "data") as built:
        yield built


@pytest.fixture
async def ctx(built: House) -> Context:
    return await context(built)


async def begun(ctx: Context, size: int = SIZE) -> UploadTicket:
    return await uploads.create(ctx, NewUpload(size=size, filename="a.png"))


async def whole(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 65_536):
        yield data[start : start + 65_536]


async def broken_off(data: bytes) -> AsyncIterator[bytes]:
    async for chunk in whole(data):
        yield chunk
    raise ClientDisconnect


async def stored(ctx: Context, ticket: UploadTicket) -> bytes:
    """What lies in storage of an upload, by its row."""
    row = await UploadTicket.get(id=ticket.id)
    return b"".join(
        [await ctx.services.storage.read(storage_keys.piece_key(row.id, name)) for name, _ in row.pieces]
    )


async def test_what_came_before_a_connection_broke_is_kept(ctx: Context) -> None:
    ticket = await begun(ctx)
    with pytest.raises(ClientDisconnect):
        await uploads.append(ctx, ticket.id, UploadBody(broken_off(PICTURE[:HALF])), offset=0)
    assert (await uploads.get(ctx, ticket.id)).offset == HALF
    assert await stored(ctx, ticket) == PICTURE[:HALF]
    done = await uploads.append(ctx, ticket.id, UploadBody(whole(PICTURE[HALF:])), offset=HALF)
    assert done.image is not None
    assert await ctx.services.storage.read(done.image.key) == PICTURE
    assert await keys(ctx) == {done.image.key}
    assert list(ctx.services.storage.incoming.iterdir()) == []


async def test_a_put_that_breaks_is_kept_where_it_came_further_than_what_was_there(ctx: Context) -> None:
    ticket = await begun(ctx)
    with pytest.raises(ClientDisconnect):
        await uploads.put(ctx, ticket.id, UploadBody(broken_off(PICTURE[:HALF])))
    with pytest.raises(ClientDisconnect):
        await uploads.put(ctx, ticket.id, UploadBody(broken_off(PICTURE[: HALF - 1])))
    assert await stored(ctx, ticket) == PICTURE[:HALF]


async def test_of_a_piece_with_a_checksum_nothing_is_kept_unless_all_of_it_came(ctx: Context) -> None:
    ticket = await begun(ctx)
    body = UploadBody(broken_off(PICTURE[:HALF]), None, Checksum("sha1", b"\0" * 20))
    with pytest.raises(ClientDisconnect):
        await uploads.append(ctx, ticket.id, body, offset=0)
    assert (await uploads.get(ctx, ticket.id)).offset == 0
    assert await keys(ctx) == set()


async def test_a_long_body_is_kept_piece_by_piece_while_it_comes(ctx: Context) -> None:
    ticket = await begun(ctx, TWO_PIECES)
    asked_on, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"\0" * (PIECE_SIZE + 1)
        asked_on.set()
        await go_on.wait()
        yield b"\0" * 999

    sending = asyncio.create_task(uploads.append(ctx, ticket.id, UploadBody(slow()), offset=0))
    async with asyncio.timeout(30):
        await asked_on.wait()
    assert (await uploads.get(ctx, ticket.id)).offset == PIECE_SIZE
    go_on.set()
    assert (await sending).state is UploadState.REFUSED
    assert list(ctx.services.storage.incoming.iterdir()) == []


async def test_who_stalls_is_told_and_keeps_what_came(tmp_path: Path) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield PICTURE[:HALF]
        await asyncio.Event().wait()

    async with house(tmp_path / "data", stall_timeout=0.05) as built:
        ctx = await context(built)
        ticket = await begun(ctx)
        with pytest.raises(BadRequest, match="stalled"):
            await uploads.append(ctx, ticket.id, UploadBody(stalling()), offset=0)
        assert (await uploads.get(ctx, ticket.id)).offset == HALF


async def test_a_connection_that_is_cut_leaves_what_had_come_over_the_wire(tmp_path: Path) -> None:
    async with served(tmp_path / "data") as built:
        url = await Desk(built).begin(3 * BUFFER_SIZE)
        host, port = built.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"PATCH /v1/uploads/{url.rpartition('/')[2]} HTTP/1.1\r\nHost: {host}\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {built.token}\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Upload-Offset: 0\r\nContent-Length: {3 * BUFFER_SIZE}\r\n\r\n"
        )
        writer.write(head.encode() + b"\0" * 2 * BUFFER_SIZE)
        await writer.drain()
        incoming = built.services.storage.incoming
        await until(lambda: [file for file in incoming.iterdir() if file.stat().st_size >= BUFFER_SIZE])
        writer.transport.abort()
        async with asyncio.timeout(20):
            while not (offset := int((await Desk(built).head(url)).headers["upload-offset"])):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert BUFFER_SIZE <= offset <= 2 * BUFFER_SIZE


@pytest.mark.parametrize("prefix", ["uploads/", "originals/"])
async def test_a_process_that_is_killed_before_the_row_leaves_an_upload_that_goes_on(
    built: House, ctx: Context, tmp_path: Path, prefix: str
) -> None:
    ticket = await begun(ctx)
    await uploads.append(ctx, ticket.id, UploadBody(whole(PICTURE[:HALF])), offset=0)
    rest = tmp_path / "rest"
    rest.write_bytes(PICTURE[HALF:])
    data = built.services.settings.data_dir
    command = [
        sys.executable,
        "-m",
        "tests.resumable_uploads.crashing_upload",
        data,
        built.token,
        ticket.id,
        rest,
        prefix,
    ]
    dying = await asyncio.create_subprocess_exec(*map(str, command))
    assert await dying.wait() == -signal.SIGKILL
    row = await UploadTicket.get(id=ticket.id)
    assert row.offset == len(await stored(ctx, ticket)) == (HALF if prefix == "uploads/" else SIZE)
    assert await Image.all().count() == 0
    left = b"" if row.is_whole else PICTURE[HALF:]
    done = await uploads.append(ctx, ticket.id, UploadBody(whole(left)), offset=row.offset)
    assert done.image is not None
    assert await ctx.services.storage.read(done.image.key) == PICTURE
    assert await Image.all().count() == (await Account.get(username="admin")).image_count == 1
    orphans = await keys(ctx) - {done.image.key}
    assert len(orphans) == (0 if prefix == "uploads/" else 1), "the sweep takes what a crash leaves"


async def test_the_sweep_removes_what_nobody_goes_on_with(ctx: Context) -> None:
    tickets = [await begun(ctx) for _ in range(3)]
    for ticket in tickets:
        await uploads.append(ctx, ticket.id, UploadBody(whole(PICTURE[:HALF])), offset=0)
    expired, lost, open_ = tickets
    await UploadTicket.filter(id=expired.id).update(expires_at=ctx.now() - timedelta(seconds=1))
    await UploadTicket.filter(id=lost.id).delete()
    for key in await keys(ctx):
        set_age(ctx, key, hours_ago=25)
    seen = await dry_run(ctx.services)
    report = await clean_up(ctx.services)
    assert report.removed == seen.removed
    assert (report.removed["uploads"], report.removed["pieces of uploads"]) == (
        StorageTotals(1),
        StorageTotals(2, 2 * HALF),
    )
    assert await stored(ctx, open_) == PICTURE[:HALF]
    assert [row.id for row in await UploadTicket.all()] == [open_.id]


async def test_what_became_of_an_upload_can_be_asked_for_a_day(ctx: Context) -> None:
    ticket = await begun(ctx)
    await uploads.append(ctx, ticket.id, UploadBody(whole(PICTURE)), offset=0)
    await clean_up(later(ctx, timedelta(hours=23)).services)
    assert (await uploads.get(ctx, ticket.id)).image is not None
    await clean_up(later(ctx, timedelta(hours=25)).services)
    assert not await UploadTicket.exists()
    assert await Image.all().count() == 1


async def test_open_uploads_are_bounded_in_number_and_bytes(tmp_path: Path) -> None:
    async with house(tmp_path / "data", max_upload_size=1000) as built:
        ctx = await context(built)
        for _ in range(20):
            await begun(ctx, 1000)
        with pytest.raises(OutOfStorage, match="20 open uploads"):
            await begun(ctx, 1000)
        await UploadTicket.all().update(size=1)
        for _ in range(80):
            await begun(ctx, 1)
        with pytest.raises(OutOfStorage, match="100 open uploads"):
            await begun(ctx, 1)
        await UploadTicket.all().update(expires_at=ctx.now())
        await begun(ctx, 1)


async def test_the_quota_holds_for_what_is_open_and_is_asked_again_at_the_end(tmp_path: Path) -> None:
    async with house(tmp_path / "data", quota=2 * SIZE) as built:
        ctx = await context(built)
        tickets = [await begun(ctx) for _ in range(2)]
        with pytest.raises(OutOfStorage, match="Open uploads reserve"):
            await begun(ctx)
        await built.upload(PICTURE)
        await uploads.append(await context(built), tickets[0].id, UploadBody(whole(PICTURE)), offset=0)
        ctx = await context(built)
        with pytest.raises(OutOfStorage):
            await uploads.append(ctx, tickets[1].id, UploadBody(whole(PICTURE)), offset=0)


async def test_a_file_that_fits_no_longer_when_it_is_whole_is_refused_for_the_quota(tmp_path: Path) -> None:
    async with house(tmp_path / "data", quota=2 * SIZE) as built:
        ctx = await context(built)
        ticket = await begun(ctx)
        await built.upload(PICTURE)
        await built.upload(PICTURE[:-12] + PICTURE[-12:])
        refused = await uploads.append(ctx, ticket.id, UploadBody(whole(PICTURE)), offset=0)
        assert (refused.state, refused.error["code"]) == (UploadState.REFUSED, "INSUFFICIENT_STORAGE")
        assert "quota" in refused.error["details"]


async def test_beginning_is_a_request_and_an_upload_and_large_pieces_are_neither(tmp_path: Path) -> None:
    size = 1_200_000
    async with house(tmp_path / "data", limit_api="3/hour", limit_upload="1/hour") as built:
        desk = Desk(built)
        url = await desk.begin(size)
        for offset in range(0, 900_000, 300_000):
            assert (await desk.send(url, offset, b"\0" * 300_000)).status_code == 204
        assert (await desk.send(url, 900_000, b"\0" * 10)).headers["x-ratelimit-remaining"] == "1"
        assert (await desk.send(url, 5, b"\0" * 300_000)).status_code == 409
        assert (await desk.head(url)).status_code == 429
        assert (await desk.send(url, 900_010, b"\0" * 10)).status_code == 429
        assert (await desk.send(url, 900_010, b"\0" * 299_990)).status_code == 415


async def test_a_second_upload_too_many_does_not_begin(tmp_path: Path) -> None:
    async with house(tmp_path / "data", limit_upload="1/hour") as built:
        ctx = await context(built)
        await begun(ctx)
        with pytest.raises(RateLimited):
            await begun(ctx)
        with pytest.raises(TooLarge):
            await begun(ctx, 10**12)


async def test_a_full_disk_takes_no_piece_and_keeps_the_upload(tmp_path: Path) -> None:
    async with house(tmp_path / "data") as built:
        ctx = await context(built)
        ticket = await begun(ctx)
        free = await built.services.storage.free()
        assert free is not None
        full = later(ctx, timedelta(), min_free_disk=2 * free)
        with pytest.raises(OutOfStorage, match="disk"):
            await uploads.append(full, ticket.id, UploadBody(whole(PICTURE)), offset=0)
        assert (await uploads.get(ctx, ticket.id)).state is UploadState.RECEIVING
        assert list(built.services.storage.incoming.iterdir()) == []
