"""API tokens, created and revoked by signed-in users. A token can't create another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.auth import tokens
from app.auth.actor import SCOPES_OF, Scope, ScopePreset
from app.context import Context
from app.db.paging import by_cursor
from app.errors import NotFound
from app.ids import Kind, kind_of
from app.models import Account, Album, ApiToken
from app.pagination import Page, PageRequest
from app.resolvers.validation import Validator

MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to create, with either scopes or a preset. Without `expires_at` it is valid until revoked."""

    name: str
    scopes: Sequence[Scope] | None = None
    preset: ScopePreset | None = None
    expires_at: datetime | None = None
    album_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token with its text, which is not stored."""

    row: ApiToken
    text: str


async def create(ctx: Context, new: NewToken) -> CreatedToken:
    """Create a token of the caller. Raises Unauthorized, Forbidden for a token, Invalid."""
    ctx.require_session()
    return await _create(ctx, ctx.require_actor().account, new)


async def create_for(ctx: Context, account: Account, new: NewToken) -> CreatedToken:
    """Create a token of any account, for the command line. Raises Invalid."""
    ctx.require_operator()
    return await _create(ctx, account, new)


async def page(ctx: Context, request: PageRequest) -> Page[ApiToken]:
    """Return a page of the caller's tokens, newest first. Raises Unauthorized, MissingScope."""
    return await by_cursor(ApiToken.owned_by(ctx.require(Scope.ACCOUNT_READ).id), request)


async def list_of(ctx: Context, account: Account) -> list[ApiToken]:
    """Return the tokens of any account, newest first, for the command line."""
    ctx.require_operator()
    return await ApiToken.owned_by(account.id).order_by("-created_at", "-id")


async def get_many(ctx: Context, token_ids: Sequence[str]) -> dict[str, ApiToken]:
    """Return those of the tokens that are the caller's, by id. Raises MissingScope."""
    ctx.require_token_scope(Scope.ACCOUNT_READ)
    if ctx.actor is None:
        return {}
    rows = await ApiToken.owned_by(ctx.actor.id).filter(id__in=list(token_ids))
    return {row.id: row for row in rows}


async def revoke(ctx: Context, token_id: str) -> str:
    """Revoke a token and return its id: further requests with it are refused.

    Raises NotFound, Unauthorized, Forbidden for a token.
    """
    found = ApiToken.filter(id=token_id, revoked_at=None)
    if not ctx.is_operator:
        found = found.filter(account_id=ctx.require_session().account_id)
    if kind_of(token_id) is not Kind.TOKEN or not await found.update(revoked_at=ctx.now()):
        raise NotFound("token", token_id)
    return token_id


async def _create(ctx: Context, account: Account, new: NewToken) -> CreatedToken:
    now = ctx.now()
    rules = Validator()
    name = rules.single_line("name", new.name, max_length=MAX_NAME_LENGTH)
    scopes = _scopes(rules, new)
    expires_at = rules.utc_datetime("expires_at", new.expires_at)
    if expires_at is not None and expires_at <= now:
        rules.add_error("expires_at", "not_in_future", "This must be in the future.")
    async with Account.locked(account.id):  # the album must not be deleted in the meantime
        album = await _album(rules, account, new.album_id)
        rules.raise_if_errors()
        row, text = await tokens.create(
            account, name=name, scopes=scopes, now=now, expires_at=expires_at, album=album
        )
    return CreatedToken(row, text)


def _scopes(rules: Validator, new: NewToken) -> frozenset[Scope]:
    if bool(new.scopes) == (new.preset is not None):
        rules.add_error("scopes", "scopes_or_preset", "Choose at least one scope, or a preset.")
    return SCOPES_OF[new.preset] if new.preset else frozenset(new.scopes or ())


async def _album(rules: Validator, account: Account, album_id: str | None) -> Album | None:
    if album_id is None:
        return None
    album = None
    if kind_of(album_id) is Kind.ALBUM:
        album = await Album.owned_by(account.id).get_or_none(id=album_id)
    if album is None:
        rules.add_error("album_id", "no_such_object", "The account has no such album.")
    return album
