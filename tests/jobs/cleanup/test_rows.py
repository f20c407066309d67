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


async def create_event(ctx: Context, position: int, *, days_ago: float) -> Event:
    created_at = ctx.now() - timedelta(days=days_ago)
    owner = await Account.get(username="admin")
    return await Event.create(
        id=new_id(Kind.EVENT, created_at),
        position=position,
        type="ping",
        account=owner,
        subject_id="x",
        data={},
        created_at=created_at,
    )


async def create_delivery(
    ctx: Context, event: Event, status: DeliveryStatus, *, days_ago: float, is_due: bool = False
) -> Delivery:
    created_at = ctx.now() - timedelta(days=days_ago)
    webhook = await Webhook.create(
        id=new_id(Kind.WEBHOOK, created_at),
        owner_id=event.account_id,
        url="https://example.org",
        events=[],
        secret="-",
        created_at=created_at,
        updated_at=created_at,
    )
    delivery = await Delivery.create(
        id=new_id(Kind.DELIVERY, created_at),
        webhook=webhook,
        event=event,
        status=status,
        next_attempt_at=ctx.now() if is_due else None,
        created_at=created_at,
    )
    await Attempt.create(delivery=delivery, at=created_at, duration_ms=1, outcome=AttemptOutcome.TIMED_OUT)
    return delivery


async def test_events_older_than_the_retention_are_removed(ctx: Context) -> None:
    for number, days_ago in enumerate((90, 31, 29, 0)):
        await create_event(ctx, 1 + number, days_ago=days_ago)
    await RelayCursor.move(CURSOR, 4)
    assert (await dry_run(ctx.services)).removed["events"] == StorageTotals(2)
    assert (await clean_up(ctx.services)).removed["events"] == StorageTotals(2)
    assert await Event.all().order_by("position").values_list("position", flat=True) == [3, 4]
    assert (await clean_up(later(ctx, timedelta(), events_retention_days=20).services)).removed[
        "events"
    ] == StorageTotals(1)


async def test_events_not_yet_relayed_are_kept(ctx: Context) -> None:
    for position in (1, 2, 3):
        await create_event(ctx, position, days_ago=40)
    await RelayCursor.move(CURSOR, 2)
    assert (await clean_up(ctx.services)).removed["events"] == StorageTotals(2)
    assert (await Event.get()).position == 3


async def test_old_deliveries_and_their_events_are_removed_unless_due(ctx: Context) -> None:
    await RelayCursor.move(CURSOR, 9)
    due, paused, sent, failed = [await create_event(ctx, position, days_ago=40) for position in range(1, 5)]
    pending = await create_delivery(ctx, due, DeliveryStatus.PENDING, days_ago=40, is_due=True)
    await create_delivery(ctx, paused, DeliveryStatus.PENDING, days_ago=40)
    await create_delivery(ctx, sent, DeliveryStatus.SUCCEEDED, days_ago=40)
    recent = await create_delivery(ctx, failed, DeliveryStatus.EXHAUSTED, days_ago=20)
    report = await clean_up(ctx.services)
    assert (report.removed["deliveries"], report.removed["events"]) == (StorageTotals(2), StorageTotals(2))
    assert set(await Delivery.all().values_list("id", flat=True)) == {pending.id, recent.id}
    assert set(await Event.all().values_list("id", flat=True)) == {due.id, failed.id}
    assert await Attempt.all().count() == 2


async def test_one_cleanup_removes_many_rows(ctx: Context) -> None:
    await RelayCursor.move(CURSOR, 2000)
    created_at, owner = ctx.now() - timedelta(days=40), await Account.get(username="admin")
    await Event.bulk_create(
        Event(
            id=new_id(Kind.EVENT, created_at),
            position=1 + number,
            type="ping",
            account=owner,
            subject_id="x",
            data={},
            created_at=created_at,
        )
        for number in range(1200)
    )
    assert (await clean_up(ctx.services)).removed["events"] == StorageTotals(1200)
    assert await Event.all().count() == 0


async def test_expired_sessions_and_invitations_are_removed(ctx: Context) -> None:
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
