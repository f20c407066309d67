"""Context of an operation, which its fields share."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry
from starlette.responses import Response

from app.auth.credentials import SESSION_COOKIE, Credentials
from app.context import Context
from app.errors import BadRequest
from app.graphql.loaders import Loaders
from app.resolvers.account import SignedIn
from app.resolvers.events import Authenticate


@dataclass(slots=True)
class OperationContext:
    """Context of an operation: the actor, the data loaders, and the response on which cookies are set.

    `authenticate` checks the same credentials again, `cost` is the estimated cost of the operation. `response` is None
    over a WebSocket.
    """

    ctx: Context
    loaders: Loaders
    credentials: Credentials
    response: Response | None
    authenticate: Authenticate
    cost: int = 0

    @property
    def browser_credentials(self) -> Credentials:
        """Credentials of a request whose response can set a session cookie. Raises BadRequest over a WebSocket."""
        if self.response is None:
            raise BadRequest("A WebSocket can't set cookies; sign in over HTTP", reason="websocket_sign_in")
        return self.credentials

    def set_context(self, ctx: Context) -> None:
        """Run the remaining fields as another actor, or anonymously."""
        self.ctx, self.loaders = ctx, Loaders(ctx)

    def start_session(self, signed_in: SignedIn) -> None:
        """Set the session cookie and continue as its account."""
        self._set_cookie(signed_in.text, days=self.ctx.services.settings.session_lifetime)
        self.set_context(signed_in.ctx)

    def end_session(self, ctx: Context) -> None:
        """Remove the session cookie and continue anonymously."""
        self._set_cookie("", days=0)
        self.set_context(ctx)

    def _set_cookie(self, text: str, *, days: int) -> None:
        if self.response is None:
            return  # the cookie stays, but its session is no longer valid
        self.response.set_cookie(
            SESSION_COOKIE,
            text,
            max_age=days * 86_400,
            path="/",
            secure=self.ctx.services.settings.url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )


Info: TypeAlias = strawberry.Info[OperationContext, None]
