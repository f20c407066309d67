"""Concurrent operations of several servers on one PostgreSQL, and responses while it is unreachable."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from app.auth.credentials import Credentials
from app.auth.url_secrets import CACHE_SECONDS, DatabaseKeyring
from app.context import Context
from app.errors import Invalid, OutOfStorage
from app.events import outbox
from app.events.catalogue import PingSent
from app.ids import Kind, new_id
from app.models import Account, Album, Delivery, Event, Image, Role, Webhook
from app.resolvers import account, accounts, albums, images, invitations, webhooks
from app.resolvers.account import NewSignUp
from app.resolvers.accounts import AccountChanges, NewAccount
from app.resolvers.albums import NewAlbum
from app.resolvers.images import ImageChanges
from app.signing.keyring import FileKeyring
from scripts.fixtures import sample_images
from scripts.fixtures.servers import postgres
from tests.databases import CURRENT
from tests.pichub import House, house
from tests.receivers import LOOPBACK
from tests.resolvers.test_images import context, upload
from tests.webhooks.harness import WebhookHarness

PASSWORD = "correct horse"


@pytest.fixture
def on_postgres() -> Any:
    CURRENT.kind = "postgres"
    yield
    urls, CURRENT.urls, CURRENT.kind = CURRENT.urls, {}, "sqlite"
    for url in urls.values():
        asyncio.run(postgres.drop_database(url))


@pytest.fixture
async def pichub(tmp_path: Path, on_postgres: None) -> AsyncIterator[House]:
    async with house(tmp_path, webhook_allow_networks=LOOPBACK, sign_up="invitation") as pichub:
        yield pichub


async def gather(*works: Awaitable[Any]) -> list[Any]:
    """Run concurrently. Return each result or exception."""
    return await asyncio.gather(*works, return_exceptions=True)


def count_errors(outcomes: list[Any], kind: type[Exception]) -> int:
    others = [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, kind)]
    assert others == []
    return sum(isinstance(each, kind) for each in outcomes)


async def test_concurrent_uploads_respect_the_quota_and_are_counted(pichub: House) -> None:
    ctx = await context(pichub)
    png = sample_images.png()
    await Account.all().update(quota=3 * len(png))
    album = await albums.create(ctx, NewAlbum("One"))
    ctx = await context(pichub)
    outcomes = await gather(*(upload(ctx, png, album_id=album.id) for _ in range(8)))
    assert count_errors(outcomes, OutOfStorage) == 5
    row = await Account.get(id=album.owner_id)
    assert (row.image_count, row.bytes_used) == (3, 3 * len(png))
    assert (await Album.get(id=album.id)).image_count == 3


async def test_concurrent_moves_keep_album_counts_right(pichub: House) -> None:
    ctx = await context(pichub)
    one, two = [await albums.create(ctx, NewAlbum(name)) for name in ("One", "Two")]
    uploaded = [await upload(ctx, sample_images.png(), album_id=one.id) for _ in range(3)]
    ids = [image.id for image in uploaded]
    moves = [albums.add_images(ctx, (two, one)[turn % 2].id, ids) for turn in range(8)]
    changes = [images.update(ctx, ids[0], ImageChanges(title=str(turn))) for turn in range(4)]
    assert count_errors(await gather(*moves, *changes), Invalid) == 0
    for album in (one, two):
        assert (await Album.get(id=album.id)).image_count == await Image.filter(album_id=album.id).count()


async def test_deleting_an_album_during_uploads_keeps_rows_consistent(pichub: House) -> None:
    ctx = await context(pichub)
    album = await albums.create(ctx, NewAlbum("One"))
    uploads = [upload(ctx, sample_images.png(), album_id=album.id) for _ in range(4)]
    count_errors(await gather(*uploads, albums.delete(ctx, album.id)), Invalid)
    assert await Image.exclude(album_id=None).count() == 0
    assert (await Account.get(id=album.owner_id)).image_count == await Image.all().count()


async def test_uploads_are_counted_while_an_admin_changes_the_account(pichub: House) -> None:
    ctx, operator = await context(pichub), Context(pichub.services, is_operator=True)
    me = ctx.require_actor().id
    changes = [accounts.update(operator, me, AccountChanges(quota=10**9 + turn)) for turn in range(6)]
    await gather(*(upload(ctx, sample_images.png()) for _ in range(6)), *changes)
    assert (await Account.get(id=me)).image_count == await Image.all().count() == 6


async def test_of_two_admins_demoted_concurrently_one_stays(pichub: House) -> None:
    operator = Context(pichub.services, is_operator=True)
    await accounts.create(operator, NewAccount("second", PASSWORD, role=Role.ADMIN))
    admins = await Account.enabled_admins()
    changes = [accounts.update(operator, each.id, AccountChanges(role=Role.MEMBER)) for each in admins]
    assert count_errors(await gather(*changes), Invalid) == 1
    assert await Account.enabled_admins().count() == 1


async def test_an_invitation_is_used_once(pichub: House) -> None:
    admin = await context(pichub)
    row = await Account.get(id=admin.require_actor().id)
    session = await _session(pichub, row)
    _, code = await invitations.create(session)
    anonymous = Context(pichub.services)
    sign_ups = [
        account.sign_up(anonymous, Credentials(), NewSignUp(f"guest{n}", PASSWORD, code)) for n in range(4)
    ]
    assert count_errors(await gather(*sign_ups), Invalid) == 3


async def _session(pichub: House, row: Account) -> Context:
    from app.auth import sessions
    from app.auth.actor import Actor

    session, _ = await sessions.create(
        row, user_agent="", now=pichub.services.clock(), lifetime=timedelta(days=1)
    )
    return Context(pichub.services, actor=Actor.by_session(session))


async def test_concurrent_creation_respects_the_webhook_limit(pichub: House) -> None:
    ctx = await context(pichub)
    new = webhooks.NewWebhook("https://93.184.216.34/hook", ["image.uploaded"])
    outcomes = await gather(*(webhooks.create(ctx, new) for _ in range(webhooks.MAX_WEBHOOKS + 5)))
    assert count_errors(outcomes, Invalid) == 5


async def test_events_are_read_in_order_of_position_not_of_commit(pichub: House) -> None:
    """Two accounts, so that only the event counter makes one transaction wait for the other."""
    now, notifier = pichub.services.clock(), pichub.services.events.notifier
    one = await Account.get(username="admin")
    await pichub.account("other")
    two = await Account.get(username="other")
    url = CURRENT.urls[pichub.services.settings.data_dir]
    raw = await asyncpg.connect(url)
    slow = raw.transaction()
    await slow.start()
    position = await raw.fetchval(
        "INSERT INTO event_counter VALUES (1, 1) ON CONFLICT (id) DO UPDATE "
        "SET position = event_counter.position + 1 RETURNING position"
    )
    await raw.execute(
        "INSERT INTO events (id, position, type, account_id, subject_id, data, created_at)"
        " VALUES ($1, $2, 'ping', $3, 'whk_1', '{}', $4)",
        new_id(Kind.EVENT, now),
        position,
        one.id,
        now,
    )

    async def fast() -> None:
        async with outbox.transaction(notifier, account_id=two.id, now=now) as events:
            events.record(PingSent(two.id, "whk_2"))

    later = asyncio.create_task(fast())
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(later), 0.3)
    assert not later.done(), "the second event is visible before the first, so a reader would skip the first"
    assert await Event.all().count() == 0
    await slow.commit()
    await later
    assert [(event.position, event.subject_id) for event in await Event.since(0)] == [
        (1, "whk_1"),
        (2, "whk_2"),
    ]
    await raw.close()


async def test_concurrent_senders_claim_each_delivery_once(pichub: House) -> None:
    harness = await WebhookHarness.create(pichub)
    for _ in range(3):
        await harness.webhook("https://93.184.216.34/hook")
    await harness.record_events(4)
    await asyncio.gather(*(harness.relay() for _ in range(4)))
    assert await Delivery.all().count() == 12
    claims = await asyncio.gather(*(harness.sender().claim() for _ in range(6)))
    claimed = [delivery.id for each in claims for delivery in each]
    assert len(claimed) == len(set(claimed)) <= 12
    remaining = [delivery for _ in range(3) for delivery in await harness.sender().claim()]
    assert len(set(claimed)) + len(remaining) == 12
    assert await Webhook.all().count() == 3


async def test_servers_without_a_shared_folder_share_secrets(pichub: House, tmp_path: Path) -> None:
    now, clock = pichub.services.clock(), [0.0]
    file = FileKeyring(tmp_path / "older.json")
    await file.signing_secret()
    first = await pichub.services.images.keyring.signing_secret()
    rings = [DatabaseKeyring(initial=file.stored_secrets, monotonic=lambda: clock[0]) for _ in range(4)]
    assert set(await asyncio.gather(*(ring.signing_secret() for ring in rings))) == {first}
    until = await rings[0].rotate(now, keep_for=timedelta(days=7))
    clock[0] += CACHE_SECONDS
    second = await rings[1].signing_secret()
    assert second != first
    assert await rings[2].valid_secrets(now) == (second, first)
    assert await rings[2].valid_secrets(until) == (second,)
    assert not (pichub.services.settings.data_dir / "url-secrets.json").exists()


async def test_secrets_from_a_file_are_imported(pichub: House, tmp_path: Path) -> None:
    from app.models import UrlSecret

    file = FileKeyring(tmp_path / "older.json")
    old = await file.signing_secret()
    await file.rotate(pichub.services.clock(), keep_for=timedelta(days=7))
    await UrlSecret.all().delete()
    ring = DatabaseKeyring(initial=file.stored_secrets)
    assert await ring.signing_secret() == await file.signing_secret()
    assert await ring.valid_secrets(pichub.services.clock()) == (await file.signing_secret(), old)


@pytest.fixture
def server() -> Any:
    """A separate PostgreSQL that the test can stop and start."""
    server = postgres.PostgresServer()
    yield server
    server.remove()


async def test_an_unreachable_database_is_503_and_then_works_again(
    tmp_path: Path, server: postgres.PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    from app.lifespan import prepare
    from app.settings import Settings

    first = await prepare(Settings(data_dir=tmp_path / "one", database_url=server.url))
    assert first is not None
    async with house(tmp_path / "one", database_url=server.url) as pichub:
        headers = {"Authorization": f"Bearer {first.token}"}

        async def request() -> list[httpx2.Response]:
            query = {"query": "{ viewer { username } }"}
            return [
                await pichub.client.get("/v1/images", headers=headers),
                await pichub.client.post("/graphql", headers=headers, json=query),
            ]

        assert [response.status_code for response in await request()] == [200, 200]
        server.stop()
        for _ in range(3):
            rest, graphql = await request()
            assert rest.status_code == 503, rest.text
            assert rest.headers["retry-after"] == "3"
            assert rest.json()["error"]["message"] == "The database is unreachable", rest.text
            assert graphql.json()["errors"][0]["extensions"]["code"] == "BUSY", graphql.text
            assert graphql.status_code == 503
            assert graphql.headers["retry-after"] == "3"
            assert "secret" not in rest.text + graphql.text
        assert "secret" not in caplog.text
        server.start()
        assert [response.status_code for response in await request()] == [200, 200]
