"""The relay and the senders of a house, worked by hand: nothing is sent, and no time passes, before a test says so."""

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
from tests.receivers import HERE


@dataclass
class Desk:
    services: Services
    account: Account
    now: datetime

    @classmethod
    async def of(cls, built: House) -> Self:
        desk = cls(built.services, await Account.get(username="admin"), built.services.clock())
        outbound = Outbound(allowed=HERE)
        events = replace(built.services.events, outbound=outbound)
        desk.services = replace(built.services, clock=lambda: desk.now, events=events)
        return desk

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def webhook(self, url: str, **columns: Any) -> Webhook:
        defaults = {"owner_id": self.account.id, "events": ["album.created"], "secret": new_secret()}
        times = {"created_at": self.now, "updated_at": self.now}
        return await Webhook.create(id=new_id(Kind.WEBHOOK, self.now), url=url, **defaults | times | columns)

    async def happens(self, number: int = 1) -> list[Event]:
        """Events of the first account, recorded as those of real changes are."""
        async with outbox.transaction(
            self.services.events.notifier, account_id=self.account.id, now=self.now
        ) as events:
            for each in range(number):
                events.record(AlbumCreated(self.account.id, {"id": f"alb_{each}", "name": "海"}))
        newest = await Event.all().order_by("-position").limit(number)
        return newest[::-1]

    async def relay(self) -> None:
        while await relay.relay_batch(self.services):
            pass

    def senders(self, pace: DeliveryPace = DEFAULT_PACE, random: float = 0.0) -> DeliverySender:
        return DeliverySender(self.services, pace, lambda: random)

    async def send(self, senders: DeliverySender | None = None) -> list[AttemptOutcome]:
        """Makes the attempts that are due now, all at once."""
        senders = senders or self.senders()
        outcomes: list[AttemptOutcome] = []
        while due := await senders.claim():
            outcomes += await asyncio.gather(*map(senders.deliver, due))
        return outcomes

    async def sent(self) -> list[AttemptOutcome]:
        await self.relay()
        return await self.send()

    @staticmethod
    async def delivery() -> Delivery:
        """The only one."""
        return await Delivery.get().select_related("event", "webhook")

    @staticmethod
    async def attempts() -> list[Attempt]:
        return await Attempt.all().order_by("id")
