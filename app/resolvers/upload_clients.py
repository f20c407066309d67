"""Configurations of upload clients, each containing a token: given to the holder of its text, and never stored."""

from app.auth import tokens
from app.auth.actor import WIDER, Scope
from app.context import Context
from app.errors import Forbidden, NotFound
from app.resolvers.tokens import CreatedToken
from app.uploads.clients import catalogue
from app.uploads.clients.catalogue import UPLOAD_CLIENTS, ClientConfiguration
from app.uploads.clients.target import Target


def configurations_for(ctx: Context, made: CreatedToken) -> list[ClientConfiguration]:
    """Return the configurations with a newly created token; none if it can't upload."""
    if not {Scope.IMAGES_UPLOAD, WIDER[Scope.IMAGES_UPLOAD]} & set(made.row.scopes):
        return []
    return catalogue.configurations(_target(ctx, made.text))


async def get(ctx: Context, name: str, authorization: str) -> ClientConfiguration:
    """Return a client's configuration with the token of the request.

    Raises Unauthorized, Forbidden for a session, MissingScope, NotFound.
    """
    if ctx.require(Scope.IMAGES_UPLOAD).session is not None:
        raise Forbidden(
            "The file contains the API token of the request; sessions have none", reason="token_required"
        )
    if name not in UPLOAD_CLIENTS:
        raise NotFound("uploader", name, known=list(UPLOAD_CLIENTS))
    return catalogue.configuration(name, _target(ctx, tokens.bearer(authorization)))


def _target(ctx: Context, token: str) -> Target:
    return Target(ctx.services.images.urls.base, token)
