"""Accounts: the first one, and the one that asks."""

import secrets
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace

from tortoise.transactions import in_transaction

from app.auth import tokens
from app.auth.actor import Scope
from app.cancellation import in_thread
from app.context import Budget, Context
from app.errors import Unauthorized
from app.ids import Kind, new_id
from app.models import Account, Role

FIRST_USERNAME = "admin"


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """What the first start shows once: a password and a token that nobody can read again."""

    username: str
    password: str
    token: str


async def make_first(ctx: Context) -> FirstSignIn | None:
    """The first account, an admin with a token of all scopes; None where there are accounts already."""
    if await Account.exists():
        return None
    from app.auth.passwords import hash_password  # every later start is faster without it

    password = secrets.token_urlsafe(12)
    password_hash = await in_thread(hash_password, password)
    now = ctx.now()
    async with in_transaction():
        if await Account.exists():  # another process was faster
            return None
        account = await Account.create(
            id=new_id(Kind.ACCOUNT, now),
            username=FIRST_USERNAME,
            password_hash=password_hash,
            role=Role.ADMIN,
            created_at=now,
        )
        _, token = await tokens.create(account, name="First start", scopes=Scope, now=now)
    return FirstSignIn(account.username, password, token)


async def sign_in_by_header(stranger: Context, authorization: str | None) -> Context:
    """The context of a request to the API with this Authorization header, counted. Raises as `counted` does."""
    return await counted(stranger, recognise(stranger, authorization))


async def recognise(stranger: Context, authorization: str | None) -> Context:
    """The context of whoever this header speaks for. Raises Unauthorized where the header does not hold."""
    return replace(stranger, actor=await tokens.actor_of(authorization, now=stranger.now()))


async def counted(stranger: Context, recognising: Awaitable[Context]) -> Context:
    """The context of who is recognised, with one request counted: theirs, or the address's where it is nobody.

    Raises Unauthorized as `recognising` does, which is counted as a failure of the address; and RateLimited for one
    request or one failure too many.
    """
    try:
        ctx = await recognising
    except Unauthorized:
        await stranger.spend(Budget.FAILURES)
        raise
    await ctx.spend(Budget.API)
    return ctx


async def get_many(ctx: Context, account_ids: Sequence[str]) -> dict[str, Account]:
    """Of these accounts the caller's own, by id: nobody sees another's."""
    row = await viewer(ctx)
    return {row.id: row} if row and row.id in account_ids else {}


async def viewer(ctx: Context) -> Account | None:
    """The account that asks; None where nobody is signed in. Raises MissingScope."""
    ctx.allow(Scope.ACCOUNT_READ)
    return ctx.actor.account if ctx.actor else None
