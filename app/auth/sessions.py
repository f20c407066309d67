"""Browser sessions. The cookie holds 256 random bits; the row holds their SHA-256."""

import hashlib
import secrets
from datetime import datetime, timedelta

from app.db.prepared import PreparedQuery
from app.ids import Kind, new_id
from app.models import Account, Session

MAX_USER_AGENT_LENGTH = 200

BY_DIGEST = PreparedQuery(Session, lambda: Session.filter(digest="").select_related("account").limit(1))


async def create(
    account: Account, *, user_agent: str, now: datetime, lifetime: timedelta
) -> tuple[Session, str]:
    """Create a session. Return it with the text of its cookie, which is not stored."""
    text = secrets.token_urlsafe(32)
    session = await Session.create(
        id=new_id(Kind.SESSION, now),
        account=account,
        digest=_digest(text),
        user_agent=_storable(user_agent),
        created_at=now,
        last_used_at=now,
        expires_at=now + lifetime,
    )
    return session, text


async def find(text: str, *, now: datetime) -> Session | None:
    """Return the session of a cookie with its account; None if it is not valid."""
    session = await BY_DIGEST.first(_digest(text))
    return session if session is not None and session.is_active(now) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _storable(user_agent: str) -> str:
    return "".join(c for c in user_agent if c.isprintable())[:MAX_USER_AGENT_LENGTH]
