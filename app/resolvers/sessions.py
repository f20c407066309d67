"""Sessions of an account."""

from collections.abc import Sequence

from app.auth.actor import Scope
from app.context import Context
from app.errors import NotFound
from app.ids import Kind, kind_of
from app.models import Session


async def list_active(ctx: Context) -> list[Session]:
    """Return the caller's active sessions, newest first. Raises Unauthorized, MissingScope."""
    return await Session.active_of(ctx.require(Scope.ACCOUNT_READ).id, ctx.now())


async def get_many(ctx: Context, session_ids: Sequence[str]) -> dict[str, Session]:
    """Return those of the sessions that are active and the caller's, by id. Raises MissingScope."""
    ctx.require_token_scope(Scope.ACCOUNT_READ)
    if ctx.actor is None:
        return {}
    rows = await Session.active_of(ctx.actor.id, ctx.now()).filter(id__in=list(session_ids))
    return {row.id: row for row in rows}


async def revoke(ctx: Context, session_id: str) -> str:
    """End a session of the caller and return its id. Raises NotFound, Unauthorized, Forbidden for a token."""
    account_id = ctx.require_session().account_id
    known = kind_of(session_id) is Kind.SESSION
    held = Session.active_of(account_id, ctx.now()).filter(id=session_id)
    if not known or not await held.update(revoked_at=ctx.now()):
        raise NotFound("session", session_id)
    return session_id


def is_current(ctx: Context, session: Session) -> bool:
    """Return True for the session of this request."""
    return ctx.actor is not None and ctx.actor.session is not None and ctx.actor.session.id == session.id
