"""Old rows go, and nothing that someone still waits for."""

from datetime import timedelta

from app.context import Context
from app.ids import Kind, new_id
from app.jobs.cleanup.runner import clean_up, dry_run
from app.models import (
    Account,
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryStatus,
    Event,
    Invitation,
    RelayCursor,
    Session,
    Webhook,
)
from app.storage import StorageTotals
from app.webhooks.relay import CURSOR
from tests.databases import database  # noqa: F401  (each test runs on each)
from tests.jobs.cleanup.conftest import later


async def event(ctx: Context, position: int, *, days_ago: float) -> Event:
    born = ctx.now() - timedelta(days=days_ago)
    owner = await Account.get(username="admin")
    return await Event.create(
        id=new_id(Kind.EVENT, born),
        position=position,
        type="ping",
        account=owner,
        subject_id="x",
        data={},
        created_at=born,
    )


async def delivery(
    ctx: Context, of: Event, status: DeliveryStatus, *, days_ago: float, due: bool = False
) -> Delivery:
    born = ctx.now() - timedelta(days=days_ago)
    webhook = await Webhook.create(
        id=new_id(Kind.WEBHOOK, born),
        owner_id=of.account_id,
        url="https://example.org",
        events=[],
        secret="-",
        created_at=born,
        updated_at=born,
    )
    made = await Delivery.create(
        id=new_id(Kind.DELIVERY, born),
        webhook=webhook,
        event=of,
        status=status,
        next_attempt_at=ctx.now() if due else None,
        created_at=born,
    )
    await Attempt.create(delivery=made, at=born, duration_ms=1, outcome=AttemptOutcome.TIMED_OUT)
    return made


async def test_events_go_when_they_are_older_than_they_are_kept(ctx: Context) -> None:
    for number, days_ago in enumerate((90, 31, 29, 0)):
        await event(ctx, 1 + number, days_ago=days_ago)
    await RelayCursor.move(CURSOR, 4)
    assert (await dry_run(ctx.services)).removed["events"] == StorageTotals(2)
    assert (await clean_up(ctx.services)).removed["events"] == StorageTotals(2)
    assert await Event.all().order_by("position").values_list("position", flat=True) == [3, 4]
    assert (await clean_up(later(ctx, timedelta(), events_retention_days=20).services)).removed[
        "events"
    ] == StorageTotals(1)


async def test_events_that_no_relay_has_come_to_stay(ctx: Context) -> None:
    for position in (1, 2, 3):
        await event(ctx, position, days_ago=40)
    await RelayCursor.move(CURSOR, 2)
    assert (await clean_up(ctx.services)).removed["events"] == StorageTotals(2)
    assert (await Event.get()).position == 3


async def test_deliveries_go_and_then_their_events_but_none_that_is_still_to_be_sent(ctx: Context) -> None:
    await RelayCursor.move(CURSOR, 9)
    owed, parked, sent, young = [await event(ctx, position, days_ago=40) for position in range(1, 5)]
    kept = await delivery(ctx, owed, DeliveryStatus.PENDING, days_ago=40, due=True)
    await delivery(ctx, parked, DeliveryStatus.PENDING, days_ago=40)
    await delivery(ctx, sent, DeliveryStatus.SUCCEEDED, days_ago=40)
    late = await delivery(ctx, young, DeliveryStatus.EXHAUSTED, days_ago=20)
    report = await clean_up(ctx.services)
    assert (report.removed["deliveries"], report.removed["events"]) == (StorageTotals(2), StorageTotals(2))
    assert set(await Delivery.all().values_list("id", flat=True)) == {kept.id, late.id}
    assert set(await Event.all().values_list("id", flat=True)) == {owed.id, young.id}
    assert await Attempt.all().count() == 2


async def test_many_rows_go_in_one_round(ctx: Context) -> None:
    await RelayCursor.move(CURSOR, 2000)
    born, owner = ctx.now() - timedelta(days=40), await Account.get(username="admin")
    await Event.bulk_create(
        Event(
            id=new_id(Kind.EVENT, born),
            position=1 + number,
            type="ping",
            account=owner,
            subject_id="x",
            data={},
            created_at=born,
        )
        for number in range(1200)
    )
    assert (await clean_up(ctx.services)).removed["events"] == StorageTotals(1200)
    assert await Event.all().count() == 0


async def test_sessions_and_invitations_go_when_they_have_expired(ctx: Context) -> None:
    owner, now = await Account.get(username="admin"), ctx.now()
    for name, hours in (("old", -1), ("new", 1)):
        until = now + timedelta(hours=hours)
        await Session.create(
            id=new_id(Kind.SESSION, now),
            account=owner,
            digest=name,
            user_agent="",
            created_at=now,
            last_used_at=now,
            expires_at=until,
        )
        await Invitation.create(
            id=new_id(Kind.INVITATION, now), creator=owner, digest=name, created_at=now, expires_at=until
        )
    removed = (await clean_up(ctx.services)).removed
    assert (removed["sessions"], removed["invitations"]) == (StorageTotals(1), StorageTotals(1))
    assert (await Session.get()).digest == (await Invitation.get()).digest == "new"
