"""Size and age of the webhook backlog."""

from datetime import datetime

from app.models import Delivery, DeliveryStatus, Event, RelayCursor
from app.webhooks.relay import CURSOR


async def pending() -> int:
    """Return the number of pending deliveries, including those scheduled for later."""
    return await Delivery.filter(status=DeliveryStatus.PENDING).count()


async def lag(now: datetime) -> float:
    """Return the age in seconds of the oldest event that has not been relayed; 0 if there is none."""
    oldest = await Event.since(await RelayCursor.position_of(CURSOR)).first()
    return max(0.0, (now - oldest.created_at).total_seconds()) if oldest else 0.0
