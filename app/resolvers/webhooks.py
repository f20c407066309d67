"""Webhooks and their deliveries. They are visible to their owner only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tortoise.functions import Count
from tortoise.queryset import QuerySet

from app.auth.actor import Actor, Scope
from app.context import Context
from app.db.batched_pages import pages_by_cursor
from app.db.locks import lock_rows
from app.db.paging import by_cursor, by_number
from app.errors import MAX_FACT_LENGTH, Invalid, NotFound
from app.events import outbox
from app.events.catalogue import EventType, PingSent
from app.ids import Kind, kind_of, new_id
from app.models import Account, Attempt, Delivery, DeliveryStatus, Event, Webhook
from app.outbound.results import Blocked, InvalidUrl
from app.pagination import Direction, NumberedPage, NumberedRequest, Page, PageRequest
from app.resolvers.events import SCOPES
from app.resolvers.validation import ABSENT, Absent, Validator, changed_fields
from app.webhooks import relay
from app.webhooks.signatures import new_secret

MAX_WEBHOOKS = 20
MAX_DESCRIPTION_LENGTH = 5_000
SECRET_OVERLAP = timedelta(hours=24)
"""Time for which the old secret signs beside the new one."""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    url: str
    events: Sequence[str]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookChanges:
    url: str | Absent = ABSENT
    events: Sequence[str] | Absent = ABSENT
    description: str | None | Absent = ABSENT
    is_active: bool | Absent = ABSENT


@dataclass(frozen=True, slots=True)
class WebhookWithSecret:
    """A webhook with its new secret, which is shown only once."""

    webhook: Webhook
    secret: str


async def create(ctx: Context, new: NewWebhook) -> WebhookWithSecret:
    """Create a webhook of the caller, for events from now on. Raises Invalid."""
    actor = ctx.require(Scope.WEBHOOKS_WRITE)
    values = await _validate(ctx, {"url": new.url, "events": new.events, "description": new.description})
    now = ctx.now()
    async with Account.locked(actor.id):
        if await Webhook.owned_by(actor.id).count() >= MAX_WEBHOOKS:
            raise Invalid.field(
                "url",
                "too_many",
                "An account may have at most {limit} webhooks. Delete one first.",
                limit=MAX_WEBHOOKS,
            )
        webhook = await Webhook.create(
            id=new_id(Kind.WEBHOOK, now),
            owner_id=actor.id,
            secret=new_secret(),
            since_position=await Event.last_position(),
            created_at=now,
            updated_at=now,
            **values,
        )
    return WebhookWithSecret(webhook, webhook.secret)


async def get(ctx: Context, webhook_id: str) -> Webhook:
    """Return a webhook of the caller. Raises NotFound."""
    return await own(ctx.require(Scope.WEBHOOKS_READ), webhook_id)


async def get_many(ctx: Context, webhook_ids: Sequence[str]) -> dict[str, Webhook]:
    """Return those of the webhooks that are the caller's, by id."""
    ctx.require_token_scope(Scope.WEBHOOKS_READ)
    if ctx.actor is None:
        return {}
    rows = await Webhook.owned_by(ctx.actor.id).filter(id__in=list(webhook_ids))
    return {webhook.id: webhook for webhook in rows}


async def page(ctx: Context, request: PageRequest) -> Page[Webhook]:
    """Return a page of the caller's webhooks by cursor, newest first."""
    return await by_cursor(Webhook.owned_by(ctx.require(Scope.WEBHOOKS_READ).id), request)


async def numbered(ctx: Context, request: NumberedRequest) -> NumberedPage[Webhook]:
    """Return a numbered page of the caller's webhooks, newest first."""
    return await by_number(Webhook.owned_by(ctx.require(Scope.WEBHOOKS_READ).id), request)


async def update(ctx: Context, webhook_id: str, changes: WebhookChanges) -> Webhook:
    """Update a webhook. Raises NotFound, Invalid.

    A reactivated webhook receives its pending deliveries, but no events from the time in between.
    """
    actor = ctx.require(Scope.WEBHOOKS_WRITE)
    await own(actor, webhook_id)  # before resolving its new URL
    values = await _validate(ctx, changed_fields(changes))
    now = ctx.now()
    async with Account.locked(actor.id):
        webhook = await _lock_own(actor, webhook_id)
        was_active = webhook.is_active
        if values.get("is_active"):
            values |= {"disabled_reason": None}
            values |= {} if was_active else {"failing_since": None}
        if values:
            await webhook.update_from_dict(values | {"updated_at": now}).save()
        if webhook.is_active and not was_active:
            await webhook.resume(now)
        elif was_active and not webhook.is_active:
            await webhook.pause()
    await ctx.services.events.notifier.notify(relay.TOPIC)
    return webhook


async def delete(ctx: Context, webhook_id: str) -> str:
    """Delete a webhook with its deliveries and return its id. Raises NotFound."""
    actor = ctx.require(Scope.WEBHOOKS_WRITE)
    async with Account.locked(actor.id):
        webhook = await _lock_own(actor, webhook_id)
        await webhook.delete()
    return webhook.id


async def rotate_secret(ctx: Context, webhook_id: str) -> WebhookWithSecret:
    """Create a new secret. The old one also signs for a day, so that receivers can switch. Raises NotFound."""
    actor = ctx.require(Scope.WEBHOOKS_WRITE)
    now = ctx.now()
    async with Account.locked(actor.id):
        webhook = await _lock_own(actor, webhook_id)
        webhook.old_secret, webhook.old_secret_until = webhook.secret, now + SECRET_OVERLAP
        webhook.secret, webhook.updated_at = new_secret(), now
        await webhook.save()
    return WebhookWithSecret(webhook, webhook.secret)


async def ping(ctx: Context, webhook_id: str) -> Webhook:
    """Send a ping through the regular delivery, even to a disabled webhook. Raises NotFound."""
    actor = ctx.require(Scope.WEBHOOKS_WRITE)
    async with outbox.transaction(ctx.services.events.notifier, account_id=actor.id, now=ctx.now()) as events:
        webhook = await own(actor, webhook_id)
        events.record(PingSent(actor.id, webhook.id))
    return webhook


async def deliveries(
    ctx: Context, webhook_id: str, status: DeliveryStatus | None, request: NumberedRequest
) -> NumberedPage[Delivery]:
    """Return a numbered page of a webhook's deliveries, newest first, with their events. Raises NotFound."""
    webhook = await own(ctx.require(Scope.WEBHOOKS_READ), webhook_id)
    query = Delivery.filter(webhook_id=webhook.id).select_related("event")
    return await by_number(query.filter(status=status) if status else query, request)


async def deliveries_of_each(
    ctx: Context, webhooks: Sequence[Webhook], status: DeliveryStatus | None, request: PageRequest
) -> list[Page[Delivery]]:
    """Return the same page of deliveries of each of these webhooks, with their events, in two statements.

    The webhooks are the caller's.
    """
    ctx.require_token_scope(Scope.WEBHOOKS_READ)
    where = {"status": status.value} if status else {}
    found = Delivery.filter(webhook_id__in=[webhook.id for webhook in webhooks], **where)
    counts = (
        await found.annotate(number=Count("id")).group_by("webhook_id").values_list("webhook_id", "number")
    )
    totals = {webhook.id: 0 for webhook in webhooks} | dict(counts)
    pages = await pages_by_cursor(
        Delivery.all().select_related("event"),
        "webhook_id",
        totals,
        request,
        Direction.NEWEST_FIRST,
        where=where,
    )
    return [pages[webhook.id] for webhook in webhooks]


async def deliveries_by_id(ctx: Context, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
    """Return those of the deliveries that are the caller's, by id, with their events."""
    ctx.require_token_scope(Scope.WEBHOOKS_READ)
    if ctx.actor is None:
        return {}
    rows = await _deliveries_of(ctx.actor).filter(id__in=list(delivery_ids))
    return {delivery.id: delivery for delivery in rows}


def event_of(ctx: Context, delivery: Delivery) -> Event:
    """Return a delivery's event. Raises MissingScope if the caller may not read such events."""
    ctx.require_token_scope(SCOPES[EventType(delivery.event.type)])
    return delivery.event


async def attempts_of(ctx: Context, delivery_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Return the attempts of each delivery, oldest first. The deliveries are the caller's."""
    ctx.require_token_scope(Scope.WEBHOOKS_READ)
    attempts: dict[str, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    for row in await Attempt.filter(delivery_id__in=list(delivery_ids)).order_by("id"):
        attempts[row.delivery_id].append(row)
    return attempts


async def redeliver(ctx: Context, delivery_id: str, *, webhook_id: str | None = None) -> Delivery:
    """Send again at once, whatever the outcome so far, then continue with the schedule on failure.

    Raises NotFound, also if the delivery does not belong to `webhook_id`.
    """
    actor = ctx.require(Scope.WEBHOOKS_WRITE)
    if webhook_id is not None:
        await own(actor, webhook_id)
    async with Account.locked(actor.id):
        delivery = None
        if kind_of(delivery_id) is Kind.DELIVERY:
            await lock_rows(Delivery.filter(id=delivery_id))  # its sender writes it too
            delivery = await _deliveries_of(actor).get_or_none(id=delivery_id)
        if delivery is None or webhook_id not in {None, delivery.webhook_id}:
            raise NotFound("delivery", delivery_id)
        delivery.status, delivery.attempts_made = DeliveryStatus.PENDING, 0
        delivery.next_attempt_at = ctx.now()
        await delivery.save(update_fields=["status", "attempts_made", "next_attempt_at"])
    await ctx.services.events.notifier.notify(relay.TOPIC)
    return delivery


async def _lock_own(actor: Actor, webhook_id: str) -> Webhook:
    """Lock the webhook for this transaction, since senders update its health. Raises NotFound."""
    await lock_rows(Webhook.owned_by(actor.id).filter(id=webhook_id))
    return await own(actor, webhook_id)


async def own(actor: Actor, webhook_id: str) -> Webhook:
    """Return the webhook if it is the actor's. Raises NotFound."""
    webhook = None
    if kind_of(webhook_id) is Kind.WEBHOOK:
        webhook = await Webhook.owned_by(actor.id).get_or_none(id=webhook_id)
    if webhook is None:
        raise NotFound("webhook", webhook_id)
    return webhook


def _deliveries_of(actor: Actor) -> QuerySet[Delivery]:
    return Delivery.of_account(actor.id).select_related("event")


async def _validate(ctx: Context, values: dict[str, Any]) -> dict[str, Any]:
    """Return the validated values. Raises Invalid."""
    rules = Validator()
    if "url" in values:
        values["url"] = await _check_url(ctx, rules, values["url"])
    if "events" in values:
        values["events"] = _types(rules, values["events"])
    if "description" in values:
        values["description"] = rules.text(
            "description", values["description"], max_length=MAX_DESCRIPTION_LENGTH
        )
    rules.raise_if_errors()
    return values


async def _check_url(ctx: Context, rules: Validator, url: str) -> str:
    url = url.strip()
    try:
        await ctx.services.events.outbound.check(url)
    except InvalidUrl as error:
        rules.add_error("url", "invalid_url", str(error))
    except Blocked:
        rules.add_error(
            "url",
            "not_public",
            "This must resolve to a public address, or to one allowed by PICHUB_WEBHOOK_ALLOW_NETWORKS.",
        )
    return url


def _types(rules: Validator, names: Sequence[str]) -> list[str]:
    allowed = ", ".join(EventType)
    if not names:
        rules.add_error("events", "choose_one", "Choose at least one of {allowed}.", allowed=allowed)
    for name in names:
        if name not in set(EventType):
            rules.add_error(
                "events",
                "unknown_event",
                "Unknown event {name:quoted}; available: {allowed}.",
                name=name[:MAX_FACT_LENGTH],
                allowed=allowed,
            )
            break
    return list(dict.fromkeys(names))
