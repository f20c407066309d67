"""The rows. Tortoise finds the models here.

A model's docstring becomes its table's comment in SQL, where a semicolon would end the statement: write none.
"""

from app.models.accounts import Account, Role
from app.models.albums import Album
from app.models.categories import Category
from app.models.events import Event, EventCounter
from app.models.images import Image, ImageTag
from app.models.invitations import Invitation
from app.models.leases import Lease
from app.models.secrets import UrlSecret
from app.models.sessions import Session
from app.models.tokens import ApiToken
from app.models.uploads import UploadState, UploadTicket
from app.models.webhooks import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryStatus,
    DisabledReason,
    RelayCursor,
    Webhook,
)

__all__ = [
    "Account",
    "Album",
    "ApiToken",
    "Attempt",
    "AttemptOutcome",
    "Category",
    "Delivery",
    "DeliveryStatus",
    "DisabledReason",
    "Event",
    "EventCounter",
    "Image",
    "ImageTag",
    "Invitation",
    "Lease",
    "RelayCursor",
    "Role",
    "Session",
    "UploadState",
    "UploadTicket",
    "UrlSecret",
    "Webhook",
]
