from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry
from strawberry import ID, Maybe

from app import models
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.events import Event, EventType, present_event
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.node import Node
from app.graphql.types.scalars import URL
from app.resolvers import webhooks
from app.resolvers.webhooks import NewWebhook, WebhookChanges
from app.webhooks.outcomes import DESCRIPTIONS


@strawberry.enum(description="Why a webhook was disabled, where its owner did not do it.")
class DisabledReason(Enum):
    GONE = strawberry.enum_value("gone", description="The receiver answered 410: it wants nothing more.")
    FAILING = strawberry.enum_value("failing", description="Nothing came through for 5 days.")


@strawberry.enum(description="Where a delivery stands.")
class DeliveryStatus(Enum):
    PENDING = strawberry.enum_value("pending", description="It is still to come through.")
    SUCCEEDED = strawberry.enum_value("succeeded", description="The receiver has it.")
    EXHAUSTED = strawberry.enum_value("exhausted", description="All attempts failed; it was given up.")

    def to_domain(self) -> models.DeliveryStatus:
        return models.DeliveryStatus[self.name]


def _outcome(outcome: models.AttemptOutcome) -> str:
    return strawberry.enum_value(outcome.value, description=DESCRIPTIONS[outcome])  # type: ignore[return-value]


@strawberry.enum(description="How one attempt ended.")
class Outcome(Enum):
    DELIVERED = _outcome(models.AttemptOutcome.DELIVERED)
    REFUSED = _outcome(models.AttemptOutcome.REFUSED)
    REDIRECTED = _outcome(models.AttemptOutcome.REDIRECTED)
    GONE = _outcome(models.AttemptOutcome.GONE)
    TIMED_OUT = _outcome(models.AttemptOutcome.TIMED_OUT)
    UNREACHABLE = _outcome(models.AttemptOutcome.UNREACHABLE)
    BLOCKED = _outcome(models.AttemptOutcome.BLOCKED)
    FAILED = _outcome(models.AttemptOutcome.FAILED)


@strawberry.type(description="One try to deliver an event.")
class Attempt:
    at: datetime = strawberry.field(description="When it began.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    outcome: Outcome = strawberry.field(description="How it ended.")
    status_code: int | None = strawberry.field(
        description="The status that was answered; null without an answer."
    )
    reason: str | None = strawberry.field(description="Why there was no answer; null where there was one.")
    response_excerpt: str | None = strawberry.field(
        description="The first 1024 characters of the answer; null without an answer."
    )

    @classmethod
    def of(cls, row: models.Attempt) -> Self:
        return cls(
            at=row.at,
            duration_ms=row.duration_ms,
            outcome=Outcome(row.outcome.value),
            status_code=row.status_code,
            reason=row.reason,
            response_excerpt=row.response_excerpt,
        )


@strawberry.type(description="One event that is owed to one webhook.")
class Delivery(Node):
    row: strawberry.Private[models.Delivery]
    status: DeliveryStatus = strawberry.field(description="Where it stands.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is tried next; null where it is not, or waits for its webhook to be active again."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: models.Delivery) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            status=DeliveryStatus(row.status.value),
            next_attempt_at=row.next_attempt_at,
            created_at=row.created_at,
        )

    @strawberry.field(description="What happened. A token needs the scope that covers such events.")
    def event(self, info: Info) -> Event:
        return present_event(webhooks.event_of(info.context.ctx, self.row))

    @strawberry.field(description="What was tried so far, the first attempt first.")
    async def attempts(self, info: Info) -> list[Attempt]:
        return [Attempt.of(row) for row in await info.context.loaders.attempts.load(self.row.id)]


@strawberry.type(
    description="An address that is told what happens to the account's things. Its owner's alone."
)
class Webhook(Node):
    row: strawberry.Private[models.Webhook]
    url: URL = strawberry.field(description="The address that events are posted to.")
    description: str | None = strawberry.field(description="What it is for; null where nothing was said.")
    events: list[EventType] = strawberry.field(description="What it is told of. A ping comes in any case.")
    is_active: bool = strawberry.field(description="Whether it is told of what happens.")
    disabled_reason: DisabledReason | None = strawberry.field(
        description="Why it was disabled; null where it was not, or by its owner."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, row: models.Webhook) -> Self:
        return cls(
            row=row,
            id=ID(row.id),
            url=URL(row.url),
            description=row.description,
            events=[EventType(name) for name in row.events],
            is_active=row.is_active,
            disabled_reason=DisabledReason(row.disabled_reason.value) if row.disabled_reason else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="What it was and is owed, newest first.")
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        status: Annotated[
            DeliveryStatus | None, strawberry.argument(description="Only those that stand there.")
        ] = None,
    ) -> Connection[Delivery]:
        which = status.to_domain() if status else None
        request = page_request(first, after, last, before)
        page = await info.context.loaders.delivery_page(self.row, which, request)
        return Connection(page=page, present=Delivery.of)


@strawberry.type
class WebhookQueries:
    @strawberry.field(description="A webhook of the caller's; null, with NOT_FOUND, where there is none.")
    async def webhook(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The webhook's id.")],
    ) -> Webhook | None:
        return Webhook.of(await webhooks.get(info.context.ctx, id))

    @strawberry.field(description="The caller's webhooks, newest first.")
    async def webhooks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Webhook]:
        page = await webhooks.page(info.context.ctx, page_request(first, after, last, before))
        return Connection(page=page, present=Webhook.of)


@strawberry.input(description="A new webhook.")
class CreateWebhookInput:
    url: str = strawberry.field(description="A public address, http or https, up to 2000 characters.")
    events: list[EventType] = strawberry.field(description="What it is to be told of: one type or more.")
    description: str | None = strawberry.field(default=None, description="What it is for.")


@strawberry.input(description="What to change of a webhook; what is left out stays.")
class UpdateWebhookInput:
    id: ID = strawberry.field(description="The webhook's id.")
    url: Maybe[str] = strawberry.field(description="Another address.", default=None)
    events: Maybe[list[EventType]] = strawberry.field(
        description="What it is to be told of from now on.", default=None
    )
    description: Maybe[str | None] = strawberry.field(
        description="A new description; null empties it.", default=None
    )
    is_active: Maybe[bool] = strawberry.field(
        description="Whether it is told of what happens. One that is active again is sent what it is still owed.",
        default=None,
    )


@strawberry.input(description="Which webhook.")
class WebhookInput:
    id: ID = strawberry.field(description="The webhook's id.")


@strawberry.input(description="Which webhook to delete.")
class DeleteWebhookInput(WebhookInput):
    pass


@strawberry.input(description="Whose secret to change.")
class RotateWebhookSecretInput(WebhookInput):
    pass


@strawberry.input(description="Which webhook to send a ping to.")
class PingWebhookInput(WebhookInput):
    pass


@strawberry.input(description="What to send once more.")
class RedeliverInput:
    delivery_id: ID = strawberry.field(description="The delivery's id.")


@strawberry.type(description="What createWebhook did.")
class CreateWebhookPayload:
    webhook: Webhook = strawberry.field(description="The new webhook.")
    secret: str = strawberry.field(description="What verifies its signatures. It is shown only here.")


@strawberry.type(description="What updateWebhook did.")
class UpdateWebhookPayload:
    webhook: Webhook = strawberry.field(description="The webhook as it is now.")


@strawberry.type(description="What deleteWebhook did.")
class DeleteWebhookPayload:
    deleted_webhook_id: ID = strawberry.field(description="The id that the webhook had.")


@strawberry.type(description="What rotateWebhookSecret did.")
class RotateWebhookSecretPayload:
    webhook: Webhook = strawberry.field(description="The webhook as it is now.")
    secret: str = strawberry.field(
        description="The new secret, shown only here. The old one signs beside it for 24 hours."
    )


@strawberry.type(description="What pingWebhook did.")
class PingWebhookPayload:
    webhook: Webhook = strawberry.field(description="The webhook; its deliveries will show the ping.")


@strawberry.type(description="What redeliver did.")
class RedeliverPayload:
    delivery: Delivery = strawberry.field(description="The delivery, which is on its way again.")


def _names(types: list[EventType]) -> list[str]:
    return [kind.to_domain().value for kind in types]


@strawberry.type
class WebhookMutations:
    @strawberry.mutation(description="Makes a webhook. It is told of what happens from now on.")
    async def create_webhook(self, info: Info, input: Input[CreateWebhookInput]) -> CreateWebhookPayload:
        new = NewWebhook(url=input.url, events=_names(input.events), description=input.description)
        made = await webhooks.create(info.context.ctx, new)
        return CreateWebhookPayload(webhook=Webhook.of(made.webhook), secret=made.secret)

    @strawberry.mutation(description="Changes a webhook, disables it, or makes it active again.")
    async def update_webhook(self, info: Info, input: Input[UpdateWebhookInput]) -> UpdateWebhookPayload:
        changes = changes_of(input, WebhookChanges)
        if input.events is not None:
            changes = replace(changes, events=_names(input.events.value))
        row = await webhooks.update(info.context.ctx, input.id, changes)
        return UpdateWebhookPayload(webhook=Webhook.of(row))

    @strawberry.mutation(description="Deletes a webhook, and with it what it is still owed.")
    async def delete_webhook(self, info: Info, input: Input[DeleteWebhookInput]) -> DeleteWebhookPayload:
        return DeleteWebhookPayload(deleted_webhook_id=ID(await webhooks.delete(info.context.ctx, input.id)))

    @strawberry.mutation(description="Gives a webhook a new secret.")
    async def rotate_webhook_secret(
        self, info: Info, input: Input[RotateWebhookSecretInput]
    ) -> RotateWebhookSecretPayload:
        rotated = await webhooks.rotate_secret(info.context.ctx, input.id)
        return RotateWebhookSecretPayload(webhook=Webhook.of(rotated.webhook), secret=rotated.secret)

    @strawberry.mutation(description="Sends a webhook a ping, by the way that every event takes.")
    async def ping_webhook(self, info: Info, input: Input[PingWebhookInput]) -> PingWebhookPayload:
        return PingWebhookPayload(webhook=Webhook.of(await webhooks.ping(info.context.ctx, input.id)))

    @strawberry.mutation(description="Sends an event to a webhook once more, whatever came of it before.")
    async def redeliver(self, info: Info, input: Input[RedeliverInput]) -> RedeliverPayload:
        row = await webhooks.redeliver(info.context.ctx, input.delivery_id)
        return RedeliverPayload(delivery=Delivery.of(row))
