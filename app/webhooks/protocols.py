"""Services that relay and delivery need."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.coordination.notifier.base import Notifier
from app.observability.metrics import Metrics
from app.outbound.post import Outbound


class WebhookServices(Protocol):
    """The services used here."""

    @property
    def notifier(self) -> Notifier: ...
    @property
    def outbound(self) -> Outbound: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
