"""What the relay and the deliveries need of the house."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.coordination.notifier.base import Notifier
from app.observability.metrics import Metrics
from app.outbound.post import Outbound


class WebhookServices(Protocol):
    """The services, as far as they are asked for here."""

    @property
    def notifier(self) -> Notifier: ...
    @property
    def outbound(self) -> Outbound: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
