"""Test harness that runs the webhook relay and deliveries step by step, with a clock that tests advance."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from app.context import Services
from app.events import outbox
from app.events.catalogue import AlbumCreated
from app.ids import Kind, new_id
from app.models import Account, Attempt, AttemptOutcome, Delivery, Event, Webhook
from app.outbound.post import Outbound
from app.webhooks import relay
from app.webhooks.delivery import DEFAULT_PACE, DeliveryPace, DeliverySender
from app.webhooks.signatures import new_secret
from tests.pichub import House
from tests.receivers import LOOPBACK


@dataclass
class WebhookHarness:
    """The services of a server, with a clock set to `now`, and the account that owns webhooks and events."""

    services: Services
    account: Account
    now: datetime

    @classmethod
    async def create(cls, pichub: House) -> Self:
        harness = cls(pichub.services, await Account.get(username="admin"), pichub.services.clock())
        outbound = Outbound(allowed=LOOPBACK)
        events = replace(pichub.services.events, outbound=outbound)
        harness.services = replace(pichub.services, clock=lambda: harness.now, events=events)
        return harness

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    async def webhook(self, url: str, **columns: Any) -> Webhook:
        defaults = {"owner_id": self.account.id, "events": ["album.created"], "secret": new_secret()}
        times = {"created_at": self.now, "updated_at": self.now}
        return await Webhook.create(id=new_id(Kind.WEBHOOK, self.now), url=url, **defaults | times | columns)

    async def record_events(self, count: int = 1) -> list[Event]:
        """Record events of the account in one transaction, as resolvers do. Return them, oldest first."""
        async with outbox.transaction(
            self.services.events.notifier, account_id=self.account.id, now=self.now
        ) as events:
            for number in range(count):
                events.record(AlbumCreated(self.account.id, {"id": f"alb_{number}", "name": "海"}))
        newest = await Event.all().order_by("-position").limit(count)
        return newest[::-1]

    async def relay(self) -> None:
        while await relay.relay_batch(self.services):
            pass

    def sender(self, pace: DeliveryPace = DEFAULT_PACE, random: float = 0.0) -> DeliverySender:
        return DeliverySender(self.services, pace, lambda: random)

    async def send_due(self, sender: DeliverySender | None = None) -> list[AttemptOutcome]:
        """Make all attempts due now, concurrently."""
        sender = sender or self.sender()
        outcomes: list[AttemptOutcome] = []
        while due := await sender.claim():
            outcomes += await asyncio.gather(*map(sender.deliver, due))
        return outcomes

    async def relay_and_send(self) -> list[AttemptOutcome]:
        await self.relay()
        return await self.send_due()

    @staticmethod
    async def delivery() -> Delivery:
        """Return the only delivery."""
        return await Delivery.get().select_related("event", "webhook")

    @staticmethod
    async def attempts() -> list[Attempt]:
        return await Attempt.all().order_by("id")
