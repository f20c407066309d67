"""What the fields of one operation share."""

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
    """Who asks, the loaders that gather what the fields ask for, and the answer's headers, where cookies are set.

    `recognise` tells who the same credentials speak for later on, `cost` what the operation may have to find.
    Over a WebSocket there is no answer with headers.
    """

    ctx: Context
    loaders: Loaders
    credentials: Credentials
    response: Response | None
    authenticate: Authenticate
    cost: int = 0

    @property
    def browser_credentials(self) -> Credentials:
        """What was sent by the browser that is to keep a session. Raises BadRequest where it can't be given one."""
        if self.response is None:
            raise BadRequest("A WebSocket can't set cookies; sign in over HTTP")
        return self.credentials

    def set_context(self, ctx: Context) -> None:
        """What is asked from here on is asked by another: who has just signed in, or nobody."""
        self.ctx, self.loaders = ctx, Loaders(ctx)

    def start_session(self, signed_in: SignedIn) -> None:
        """Lets the browser keep the session, and goes on as the account that has it."""
        self._set_cookie(signed_in.text, days=self.ctx.services.settings.session_lifetime)
        self.set_context(signed_in.ctx)

    def end_session(self, ctx: Context) -> None:
        """Lets the browser forget its session, and goes on as nobody."""
        self._set_cookie("", days=0)
        self.set_context(ctx)

    def _set_cookie(self, text: str, *, days: int) -> None:
        if self.response is None:
            return  # a session that has ended opens nothing, though its cookie stays
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
