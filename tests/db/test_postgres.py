"""What many machines on one PostgreSQL do at the same time, and what they tell while it is away."""

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
from tests.databases import CHOSEN
from tests.pichub import House, house
from tests.receivers import HERE
from tests.resolvers.test_images import context, upload
from tests.webhooks.client import Desk

PASSWORD = "correct horse"


@pytest.fixture
def on_postgres() -> Any:
    CHOSEN.kind = "postgres"
    yield
    urls, CHOSEN.urls, CHOSEN.kind = CHOSEN.urls, {}, "sqlite"
    for url in urls.values():
        asyncio.run(postgres.drop_database(url))


@pytest.fixture
async def built(tmp_path: Path, on_postgres: None) -> AsyncIterator[House]:
    async with house(tmp_path, webhook_allow_networks=HERE, sign_up="invitation") as built:
        yield built


async def together(*works: Awaitable[Any]) -> list[Any]:
    """What each gave or raised, begun at once."""
    return await asyncio.gather(*works, return_exceptions=True)


def refused(outcomes: list[Any], kind: type[Exception]) -> int:
    others = [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, kind)]
    assert others == []
    return sum(isinstance(each, kind) for each in outcomes)


async def test_uploads_at_once_do_not_pass_the_quota_and_are_counted(built: House) -> None:
    ctx = await context(built)
    picture = sample_images.png()
    await Account.all().update(quota=3 * len(picture))
    album = await albums.create(ctx, NewAlbum("One"))
    ctx = await context(built)
    done = await together(*(upload(ctx, picture, album_id=album.id) for _ in range(8)))
    assert refused(done, OutOfStorage) == 5
    row = await Account.get(id=album.owner_id)
    assert (row.image_count, row.bytes_used) == (3, 3 * len(picture))
    assert (await Album.get(id=album.id)).image_count == 3


async def test_images_moved_to_and_fro_at_once_leave_albums_that_count_right(built: House) -> None:
    ctx = await context(built)
    one, two = [await albums.create(ctx, NewAlbum(name)) for name in ("One", "Two")]
    mine = [await upload(ctx, sample_images.png(), album_id=one.id) for _ in range(3)]
    ids = [image.id for image in mine]
    moves = [albums.add_images(ctx, (two, one)[turn % 2].id, ids) for turn in range(8)]
    changes = [images.update(ctx, ids[0], ImageChanges(title=str(turn))) for turn in range(4)]
    assert refused(await together(*moves, *changes), Invalid) == 0
    for album in (one, two):
        assert (await Album.get(id=album.id)).image_count == await Image.filter(album_id=album.id).count()


async def test_an_album_that_goes_while_images_come_leaves_no_trouble(built: House) -> None:
    ctx = await context(built)
    album = await albums.create(ctx, NewAlbum("One"))
    uploads = [upload(ctx, sample_images.png(), album_id=album.id) for _ in range(4)]
    refused(await together(*uploads, albums.delete(ctx, album.id)), Invalid)
    assert await Image.exclude(album_id=None).count() == 0
    assert (await Account.get(id=album.owner_id)).image_count == await Image.all().count()


async def test_an_account_that_an_admin_changes_still_counts_its_uploads(built: House) -> None:
    ctx, operator = await context(built), Context(built.services, is_operator=True)
    me = ctx.require_actor().id
    changes = [accounts.update(operator, me, AccountChanges(quota=10**9 + turn)) for turn in range(6)]
    await together(*(upload(ctx, sample_images.png()) for _ in range(6)), *changes)
    assert (await Account.get(id=me)).image_count == await Image.all().count() == 6


async def test_of_two_last_admins_who_go_at_once_one_stays(built: House) -> None:
    operator = Context(built.services, is_operator=True)
    await accounts.create(operator, NewAccount("second", PASSWORD, role=Role.ADMIN))
    admins = await Account.enabled_admins()
    leave = [accounts.update(operator, each.id, AccountChanges(role=Role.MEMBER)) for each in admins]
    assert refused(await together(*leave), Invalid) == 1
    assert await Account.enabled_admins().count() == 1


async def test_an_invitation_lets_one_in_however_many_have_it(built: House) -> None:
    admin = await context(built)
    row = await Account.get(id=admin.require_actor().id)
    session = await _session(built, row)
    _, code = await invitations.create(session)
    stranger = Context(built.services)
    come = [
        account.sign_up(stranger, Credentials(), NewSignUp(f"guest{n}", PASSWORD, code)) for n in range(4)
    ]
    assert refused(await together(*come), Invalid) == 3


async def _session(built: House, row: Account) -> Context:
    from app.auth import sessions
    from app.auth.actor import Actor

    begun, _ = await sessions.create(
        row, user_agent="", now=built.services.clock(), lifetime=timedelta(days=1)
    )
    return Context(built.services, actor=Actor.by_session(begun))


async def test_webhooks_are_bounded_whatever_comes_at_once(built: House) -> None:
    ctx = await context(built)
    new = webhooks.NewWebhook("https://93.184.216.34/hook", ["image.uploaded"])
    done = await together(*(webhooks.create(ctx, new) for _ in range(webhooks.MAX_WEBHOOKS + 5)))
    assert refused(done, Invalid) == 5


async def test_an_event_that_is_recorded_first_is_read_first_though_it_commits_last(built: House) -> None:
    """Two accounts, so that nothing else makes one wait for the other."""
    now, bell = built.services.clock(), built.services.events.notifier
    one = await Account.get(username="admin")
    await built.account("other")
    two = await Account.get(username="other")
    url = CHOSEN.urls[built.services.settings.data_dir]
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
        async with outbox.transaction(bell, account_id=two.id, now=now) as events:
            events.record(PingSent(two.id, "whk_2"))

    later = asyncio.create_task(fast())
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(later), 0.3)
    assert not later.done(), "it would be read before the first, and who read it would never see that"
    assert await Event.all().count() == 0
    await slow.commit()
    await later
    assert [(event.position, event.subject_id) for event in await Event.since(0)] == [
        (1, "whk_1"),
        (2, "whk_2"),
    ]
    await raw.close()


async def test_senders_that_claim_at_once_are_given_each_delivery_once(built: House) -> None:
    desk = await Desk.of(built)
    for _ in range(3):
        await desk.webhook("https://93.184.216.34/hook")
    await desk.happens(4)
    await asyncio.gather(*(desk.relay() for _ in range(4)))
    assert await Delivery.all().count() == 12
    claims = await asyncio.gather(*(desk.senders().claim() for _ in range(6)))
    claimed = [delivery.id for each in claims for delivery in each]
    assert len(claimed) == len(set(claimed)) <= 12
    left = [delivery for _ in range(3) for delivery in await desk.senders().claim()]
    assert len(set(claimed)) + len(left) == 12
    assert await Webhook.all().count() == 3


async def test_servers_without_a_common_folder_sign_with_one_secret(built: House, tmp_path: Path) -> None:
    now, clock = built.services.clock(), [0.0]
    file = FileKeyring(tmp_path / "older.json")
    await file.signing_secret()
    first = await built.services.images.keyring.signing_secret()
    rings = [DatabaseKeyring(initial=file.stored_secrets, monotonic=lambda: clock[0]) for _ in range(4)]
    assert set(await asyncio.gather(*(ring.signing_secret() for ring in rings))) == {first}
    until = await rings[0].rotate(now, keep_for=timedelta(days=7))
    clock[0] += CACHE_SECONDS
    second = await rings[1].signing_secret()
    assert second != first
    assert await rings[2].valid_secrets(now) == (second, first)
    assert await rings[2].valid_secrets(until) == (second,)
    assert not (built.services.settings.data_dir / "url-secrets.json").exists()


async def test_secrets_that_a_folder_had_are_taken_over(built: House, tmp_path: Path) -> None:
    from app.models import UrlSecret

    file = FileKeyring(tmp_path / "older.json")
    old = await file.signing_secret()
    await file.rotate(built.services.clock(), keep_for=timedelta(days=7))
    await UrlSecret.all().delete()
    ring = DatabaseKeyring(initial=file.stored_secrets)
    assert await ring.signing_secret() == await file.signing_secret()
    assert await ring.valid_secrets(built.services.clock()) == (await file.signing_secret(), old)


@pytest.fixture
def server() -> Any:
    """A PostgreSQL of the test's own, to be stopped and started."""
    server = postgres.PostgresServer()
    yield server
    server.remove()


async def test_while_the_database_is_away_all_are_told_so_and_then_it_works_again(
    tmp_path: Path, server: postgres.PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    from app.lifespan import prepare
    from app.settings import Settings

    first = await prepare(Settings(data_dir=tmp_path / "one", database_url=server.url))
    assert first is not None
    async with house(tmp_path / "one", database_url=server.url) as built:
        headers = {"Authorization": f"Bearer {first.token}"}

        async def asked() -> list[httpx2.Response]:
            query = {"query": "{ viewer { username } }"}
            return [
                await built.client.get("/v1/images", headers=headers),
                await built.client.post("/graphql", headers=headers, json=query),
            ]

        assert [answer.status_code for answer in await asked()] == [200, 200]
        server.stop()
        for _ in range(3):
            rest, graphql = await asked()
            assert rest.status_code == 503, rest.text
            assert rest.headers["retry-after"] == "3"
            assert rest.json()["error"]["message"] == "The database is unreachable", rest.text
            assert graphql.json()["errors"][0]["extensions"]["code"] == "BUSY", graphql.text
            assert graphql.status_code == 503
            assert graphql.headers["retry-after"] == "3"
            assert "secret" not in rest.text + graphql.text
        assert "secret" not in caplog.text
        server.start()
        assert [answer.status_code for answer in await asked()] == [200, 200]
