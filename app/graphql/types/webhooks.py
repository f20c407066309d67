from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import ID, Maybe

from app import models
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, page_request
from app.graphql.types.events import Event, EventType, present_event
from app.graphql.types.inputs import Input, changes_of
from app.graphql.types.node import Node, from_row
from app.graphql.types.scalars import URL
from app.resolvers import webhooks
from app.resolvers.webhooks import NewWebhook, WebhookChanges
from app.webhooks.outcomes import DESCRIPTIONS


@strawberry.enum(description="Reasons for which a webhook is disabled automatically.")
class DisabledReason(Enum):
    GONE = strawberry.enum_value("gone", description="The receiver responded with 410 Gone.")
    FAILING = strawberry.enum_value("failing", description="No delivery succeeded for 5 days.")


@strawberry.enum(description="The status of a delivery.")
class DeliveryStatus(Enum):
    PENDING = strawberry.enum_value("pending", description="Not delivered yet.")
    SUCCEEDED = strawberry.enum_value("succeeded", description="The receiver accepted the event.")
    EXHAUSTED = strawberry.enum_value("exhausted", description="All attempts failed. There will be no more.")

    def to_domain(self) -> models.DeliveryStatus:
        return models.DeliveryStatus[self.name]


def _outcome(outcome: models.AttemptOutcome) -> str:
    return strawberry.enum_value(outcome.value, description=DESCRIPTIONS[outcome])  # type: ignore[return-value]


@strawberry.enum(description="The outcome of an attempt.")
class Outcome(Enum):
    DELIVERED = _outcome(models.AttemptOutcome.DELIVERED)
    REFUSED = _outcome(models.AttemptOutcome.REFUSED)
    REDIRECTED = _outcome(models.AttemptOutcome.REDIRECTED)
    GONE = _outcome(models.AttemptOutcome.GONE)
    TIMED_OUT = _outcome(models.AttemptOutcome.TIMED_OUT)
    UNREACHABLE = _outcome(models.AttemptOutcome.UNREACHABLE)
    BLOCKED = _outcome(models.AttemptOutcome.BLOCKED)
    FAILED = _outcome(models.AttemptOutcome.FAILED)


@from_row(outcome=lambda self: Outcome(self.row.outcome.value))
@strawberry.type(description="One attempt to deliver an event.")
class Attempt:
    row: strawberry.Private[models.Attempt]
    at: datetime = strawberry.field(description="When the attempt started.")
    duration_ms: int = strawberry.field(description="The duration in milliseconds.")
    outcome: Outcome = strawberry.field(description="The outcome of the attempt.")
    status_code: int | None = strawberry.field(
        description="The HTTP status of the response. Null if there was none."
    )
    reason: str | None = strawberry.field(
        description="The reason why there was no response. Null if there was one."
    )
    response_excerpt: str | None = strawberry.field(
        description="The first 1,024 characters of the response. Null if there was none."
    )

    def __init__(self, row: models.Attempt) -> None:
        self.row = row


@from_row(status=lambda self: DeliveryStatus(self.row.status.value))
@strawberry.type(description="The delivery of one event to one webhook.")
class Delivery(Node):
    row: strawberry.Private[models.Delivery]
    status: DeliveryStatus = strawberry.field(description="The status of the delivery.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When the next attempt is due. Null if there is none, or if the webhook is not active."
    )
    created_at: datetime = strawberry.field(description="When the delivery was created.")

    def __init__(self, row: models.Delivery) -> None:
        self.row = row

    @strawberry.field(description="The event. Tokens need the scope for events of its type.")
    def event(self, info: Info) -> Event:
        return present_event(webhooks.event_of(info.context.ctx, self.row))

    @strawberry.field(description="The attempts so far, oldest first.")
    async def attempts(self, info: Info) -> list[Attempt]:
        return [Attempt(row) for row in await info.context.loaders.attempts.load(self.row.id)]


@from_row(
    events=lambda self: [EventType(name) for name in self.row.events],
    disabled_reason=lambda self: self.row.disabled_reason and DisabledReason(self.row.disabled_reason.value),
)
@strawberry.type(description="A URL to which events of the account are sent. Visible to its owner only.")
class Webhook(Node):
    row: strawberry.Private[models.Webhook]
    url: URL = strawberry.field(description="The URL to which events are posted.")
    description: str | None = strawberry.field(description="The description. Null if there is none.")
    events: list[EventType] = strawberry.field(
        description="The types of events that are sent. PING is always sent."
    )
    is_active: bool = strawberry.field(description="True if events are sent.")
    disabled_reason: DisabledReason | None = strawberry.field(
        description="The reason for disabling it automatically. Null if it is active or its owner disabled it."
    )
    created_at: datetime = strawberry.field(description="When the webhook was created.")
    updated_at: datetime = strawberry.field(description="When the webhook was last updated.")

    def __init__(self, row: models.Webhook) -> None:
        self.row = row

    @strawberry.field(description="The deliveries to the webhook, newest first.")
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        status: Annotated[
            DeliveryStatus | None, strawberry.argument(description="Return only deliveries with this status.")
        ] = None,
    ) -> Connection[Delivery]:
        domain_status = status.to_domain() if status else None
        request = page_request(first, after, last, before)
        page = await info.context.loaders.delivery_page(self.row, domain_status, request)
        return Connection(page=page, present=Delivery)


@strawberry.type
class WebhookQueries:
    @strawberry.field(
        description="Look up one of the caller's webhooks by ID. Null, with NOT_FOUND, if there is none."
    )
    async def webhook(
        self,
        info: Info,
        id: Annotated[ID, strawberry.argument(description="The ID of the webhook.")],
    ) -> Webhook | None:
        return Webhook(await webhooks.get(info.context.ctx, id))

    @strawberry.field(description="The caller's webhooks, newest first.")
    async def webhooks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Webhook]:
        page = await webhooks.page(info.context.ctx, page_request(first, after, last, before))
        return Connection(page=page, present=Webhook)


@strawberry.input(description="Input of `createWebhook`.")
class CreateWebhookInput:
    url: str = strawberry.field(description="A public http or https URL, up to 2,000 characters.")
    events: list[EventType] = strawberry.field(description="The types of events to send, at least one.")
    description: str | None = strawberry.field(default=None, description="The description.")


@strawberry.input(description="Input of `updateWebhook`. Omitted fields are not changed.")
class UpdateWebhookInput:
    id: ID = strawberry.field(description="The ID of the webhook.")
    url: Maybe[str] = strawberry.field(description="The new URL.", default=None)
    events: Maybe[list[EventType]] = strawberry.field(
        description="The types of events to send. They replace the existing types.", default=None
    )
    description: Maybe[str | None] = strawberry.field(
        description="The new description. Null removes it.", default=None
    )
    is_active: Maybe[bool] = strawberry.field(
        description="True to send events. When a webhook is activated again, its pending deliveries are sent.",
        default=None,
    )


@strawberry.input(description="Identifies a webhook.")
class WebhookInput:
    id: ID = strawberry.field(description="The ID of the webhook.")


@strawberry.input(description="Input of `deleteWebhook`.")
class DeleteWebhookInput(WebhookInput):
    pass


@strawberry.input(description="Input of `rotateWebhookSecret`.")
class RotateWebhookSecretInput(WebhookInput):
    pass


@strawberry.input(description="Input of `pingWebhook`.")
class PingWebhookInput(WebhookInput):
    pass


@strawberry.input(description="Input of `redeliver`.")
class RedeliverInput:
    delivery_id: ID = strawberry.field(description="The ID of the delivery.")


@strawberry.type(description="Return type of `createWebhook`.")
class CreateWebhookPayload:
    webhook: Webhook = strawberry.field(description="The new webhook.")
    secret: str = strawberry.field(
        description="The secret for verifying signatures. It is returned only here."
    )


@strawberry.type(description="Return type of `updateWebhook`.")
class UpdateWebhookPayload:
    webhook: Webhook = strawberry.field(description="The updated webhook.")


@strawberry.type(description="Return type of `deleteWebhook`.")
class DeleteWebhookPayload:
    deleted_webhook_id: ID = strawberry.field(description="The ID of the deleted webhook.")


@strawberry.type(description="Return type of `rotateWebhookSecret`.")
class RotateWebhookSecretPayload:
    webhook: Webhook = strawberry.field(description="The webhook with the new secret.")
    secret: str = strawberry.field(
        description="The new secret, returned only here. For 24 hours, events are also signed with the old one."
    )


@strawberry.type(description="Return type of `pingWebhook`.")
class PingWebhookPayload:
    webhook: Webhook = strawberry.field(description="The webhook. Its deliveries include the ping.")


@strawberry.type(description="Return type of `redeliver`.")
class RedeliverPayload:
    delivery: Delivery = strawberry.field(description="The delivery, pending again.")


def _names(types: list[EventType]) -> list[str]:
    return [event_type.to_domain().value for event_type in types]


@strawberry.type
class WebhookMutations:
    @strawberry.mutation(description="Create a webhook. It receives events from now on.")
    async def create_webhook(self, info: Info, input: Input[CreateWebhookInput]) -> CreateWebhookPayload:
        new = NewWebhook(url=input.url, events=_names(input.events), description=input.description)
        created = await webhooks.create(info.context.ctx, new)
        return CreateWebhookPayload(webhook=Webhook(created.webhook), secret=created.secret)

    @strawberry.mutation(description="Update, disable or activate a webhook.")
    async def update_webhook(self, info: Info, input: Input[UpdateWebhookInput]) -> UpdateWebhookPayload:
        changes = changes_of(input, WebhookChanges)
        if input.events is not None:
            changes = replace(changes, events=_names(input.events.value))
        row = await webhooks.update(info.context.ctx, input.id, changes)
        return UpdateWebhookPayload(webhook=Webhook(row))

    @strawberry.mutation(description="Delete a webhook and its pending deliveries.")
    async def delete_webhook(self, info: Info, input: Input[DeleteWebhookInput]) -> DeleteWebhookPayload:
        return DeleteWebhookPayload(deleted_webhook_id=ID(await webhooks.delete(info.context.ctx, input.id)))

    @strawberry.mutation(description="Replace the secret of a webhook.")
    async def rotate_webhook_secret(
        self, info: Info, input: Input[RotateWebhookSecretInput]
    ) -> RotateWebhookSecretPayload:
        rotated = await webhooks.rotate_secret(info.context.ctx, input.id)
        return RotateWebhookSecretPayload(webhook=Webhook(rotated.webhook), secret=rotated.secret)

    @strawberry.mutation(
        description="Send a test event to a webhook, through the same queue as other events."
    )
    async def ping_webhook(self, info: Info, input: Input[PingWebhookInput]) -> PingWebhookPayload:
        return PingWebhookPayload(webhook=Webhook(await webhooks.ping(info.context.ctx, input.id)))

    @strawberry.mutation(
        description="Deliver an event to a webhook again, whatever the status of the delivery."
    )
    async def redeliver(self, info: Info, input: Input[RedeliverInput]) -> RedeliverPayload:
        row = await webhooks.redeliver(info.context.ctx, input.delivery_id)
        return RedeliverPayload(delivery=Delivery(row))
