from collections.abc import Awaitable, Callable, Mapping

from app.jobs.cleanup import objects, rows
from app.jobs.cleanup.run import CleanupRun
from app.models import Invitation, Session, UploadTicket
from app.storage.base import StorageTotals

STEPS: Mapping[str, Callable[[CleanupRun], Awaitable[StorageTotals]]] = {
    "originals": objects.originals,
    "intermediates": objects.intermediates,
    "variants": objects.variants,
    "variants over budget": objects.surplus,
    "uploads": rows.expired(UploadTicket, "expires_at"),
    "pieces of uploads": objects.pieces,
    "incoming files": objects.incoming,
    "sessions": rows.expired(Session, "expires_at"),
    "invitations": rows.expired(Invitation, "expires_at"),
    "deliveries": rows.deliveries,
    "events": rows.events,
}
"""The steps in order: originals decide whether orphans are removed; deliveries keep their events."""
