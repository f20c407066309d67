"""Services that relay and delivery need."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.coordination.notifier.base import Notifier
from app.observability.metrics import Metrics
from app.outbound.post import Outbound


class WebhookEventServices(Protocol):
    @property
    def notifier(self) -> Notifier: ...
    @property
    def outbound(self) -> Outbound: ...


class WebhookObservability(Protocol):
    @property
    def metrics(self) -> Metrics: ...


class WebhookServices(Protocol):
    @property
    def events(self) -> WebhookEventServices: ...
    @property
    def observability(self) -> WebhookObservability: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
