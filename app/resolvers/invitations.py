"""Invitations: codes for sign-up on servers where it is not open."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from tortoise.transactions import in_transaction

from app.context import Context
from app.db.locks import AdvisoryLock, advisory_lock
from app.errors import Invalid, NotFound
from app.ids import Kind, kind_of, new_id
from app.models import Invitation
from app.resolvers.validation import Validator

LIFETIME = timedelta(days=7)
MAX_OPEN = 100
MAX_NOTE_LENGTH = 200


async def create(ctx: Context, note: str | None = None) -> tuple[Invitation, str]:
    """Create an invitation. Return it with its code, which is not stored. Raises Unauthorized, Forbidden, Invalid.

    `note` is a reminder for admins.
    """
    ctx.require_admin()
    rules = Validator()
    note = rules.optional_single_line("note", note, max_length=MAX_NOTE_LENGTH)
    rules.raise_if_errors()
    now = ctx.now()
    code = secrets.token_urlsafe(24)
    async with in_transaction() as transaction:
        await advisory_lock(transaction, AdvisoryLock.INVITATIONS)
        await Invitation.filter(expires_at__lte=now).delete()
        if await Invitation.open(now).count() >= MAX_OPEN:
            raise Invalid.field(
                "invitation",
                "too_many",
                "There are {limit} open invitations. Revoke some first.",
                limit=MAX_OPEN,
            )
        invitation = await Invitation.create(
            id=new_id(Kind.INVITATION, now),
            note=note,
            creator_id=ctx.require_actor().id,
            digest=_digest(code),
            created_at=now,
            expires_at=now + LIFETIME,
        )
    return invitation, code


async def list_open(ctx: Context) -> list[Invitation]:
    """Return the unused invitations, newest first. Raises Unauthorized, Forbidden."""
    ctx.require_admin()
    return await Invitation.open(ctx.now())


async def get_many(ctx: Context, invitation_ids: Sequence[str]) -> dict[str, Invitation]:
    """Return those of the invitations that are unused, by id, for admins; none for others."""
    if ctx.actor is None or not ctx.actor.is_admin:
        return {}
    rows = await Invitation.open(ctx.now()).filter(id__in=list(invitation_ids))
    return {row.id: row for row in rows}


async def revoke(ctx: Context, invitation_id: str) -> str:
    """Revoke an unused invitation and return its id. Raises NotFound, Unauthorized, Forbidden."""
    ctx.require_admin()
    known = kind_of(invitation_id) is Kind.INVITATION
    if not known or not await Invitation.open(ctx.now()).filter(id=invitation_id).delete():
        raise NotFound("invitation", invitation_id)
    return invitation_id


async def require(ctx: Context, code: str | None) -> None:
    """Raise Invalid if the code is not valid."""
    if not await Invitation.open(ctx.now()).filter(digest=_digest(code or "")).exists():
        raise _refused(code)


async def redeem(ctx: Context, code: str | None) -> None:
    """Use up the code in the transaction that creates the account, so that it works once. Raises Invalid."""
    if not await Invitation.filter(digest=_digest(code or ""), expires_at__gt=ctx.now()).delete():
        raise _refused(code)


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().encode(errors="surrogatepass")).hexdigest()


def _refused(code: str | None) -> Invalid:
    if not code:
        return Invalid.field(
            "invitation", "required", "Sign-up requires an invitation. Ask an admin for one."
        )
    days = LIFETIME.days
    return Invalid.field(
        "invitation",
        "invalid_invitation",
        "The invitation was used, revoked, or is older than {days} days.",
        days=days,
    )
