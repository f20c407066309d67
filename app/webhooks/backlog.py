"""What webhooks are still owed."""

from datetime import datetime

from app.models import Delivery, DeliveryStatus, Event, RelayCursor
from app.webhooks.relay import CURSOR


async def pending() -> int:
    """Deliveries that have not come through and were not given up, those whose time is yet to come among them."""
    return await Delivery.filter(status=DeliveryStatus.PENDING).count()


async def lag(now: datetime) -> float:
    """Seconds since the oldest event that was not passed on yet; 0 where there is none."""
    oldest = await Event.since(await RelayCursor.position_of(CURSOR)).first()
    return max(0.0, (now - oldest.created_at).total_seconds()) if oldest else 0.0
