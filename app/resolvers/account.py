"""The account that asks: how it comes to be, how it is recognised, how it signs in and out."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tortoise.transactions import in_transaction

from app.auth import sessions, tokens
from app.auth.actor import Actor, Scope
from app.auth.credentials import Credentials, RequestOrigin
from app.context import Context, RateLimit
from app.db.locks import AdvisoryLock, advisory_lock
from app.errors import Forbidden, Invalid, Unauthorized
from app.models import Account, Role, Session
from app.observability import logging as logs
from app.resolvers import accounts, invitations
from app.resolvers.validation import Validator

FIRST_USERNAME = "admin"


@dataclass(frozen=True, slots=True)
class InitialCredentials:
    """What the first start shows once: a password and a token that nobody can read again."""

    username: str
    password: str
    token: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun: `text` is what its cookie holds, and `ctx` that of who has it."""

    ctx: Context
    account: Account
    session: Session
    text: str


@dataclass(frozen=True, slots=True)
class NewSignUp:
    username: str
    password: str
    invitation: str | None = None


async def create_first_account(ctx: Context) -> InitialCredentials | None:
    """The first account, an admin with a token of all scopes; None where there are accounts already."""
    if await Account.exists():
        return None
    password = secrets.token_urlsafe(12)
    password_hash = await ctx.services.passwords.hash(password)
    async with in_transaction() as transaction:
        await advisory_lock(transaction, AdvisoryLock.ADMINS)
        if await Account.exists():  # another process was faster
            return None
        account = await accounts.insert(ctx, FIRST_USERNAME, password_hash, role=Role.ADMIN)
        _, token = await tokens.create(account, name="First start", scopes=Scope, now=ctx.now())
    return InitialCredentials(account.username, password, token)


async def authenticate_and_count(
    anonymous: Context, credentials: Credentials, *, counts_later: bool = False
) -> Context:
    """The context of a request to the API, with one request counted: that of who is recognised, or of the address.

    With `counts_later` only the address's is: who is recognised spends as much as it then turns out to be. Raises as
    `recognise` does, and RateLimited for one request too many. A header that does not hold is counted as a failure of
    the address instead.
    """
    try:
        ctx = await authenticate_connection(anonymous, credentials)
    except Forbidden:
        await anonymous.consume(RateLimit.API)
        raise
    if ctx.actor is None or not counts_later:
        await ctx.consume(RateLimit.API)
    return ctx


async def authenticate_connection(anonymous: Context, credentials: Credentials) -> Context:
    """The same for a connection over which requests will come, each of which enters: none is counted yet."""
    try:
        return await authenticate(anonymous, credentials)
    except Unauthorized:
        await anonymous.consume(RateLimit.AUTH_FAILURES)
        raise


async def authenticate(
    anonymous: Context, credentials: Credentials, *, from_any_page: bool = False
) -> Context:
    """The context of whoever these credentials speak for: a header wins over a cookie, and a cookie may be stale.

    Raises Unauthorized where a header does not hold, and Forbidden where a cookie that does was sent by a foreign
    page, unless it may come `from_any_page`.
    """
    ctx, uses = anonymous, anonymous.services.last_used
    if credentials.authorization is not None:
        token = await tokens.find(credentials.authorization, now=ctx.now())
        uses.record(token, ctx.now())
        return _with_actor(ctx, Actor.by_token(token))
    session = await sessions.find(credentials.session, now=ctx.now()) if credentials.session else None
    if session is None:
        return ctx
    if credentials.page is not RequestOrigin.OURS and not from_any_page:
        raise Forbidden(
            "A request that the session cookie signs must come from a page of this server (by Sec-Fetch-Site or"
            " Origin). Programs send an API token in the header 'Authorization: Bearer YOUR_API_TOKEN'",
            message="The request did not come from a page of ours",
        )
    uses.record(session, ctx.now())
    return _with_actor(ctx, Actor.by_session(session))


def _with_actor(anonymous: Context, actor: Actor) -> Context:
    logs.note(account_id=actor.id)
    return replace(anonymous, actor=actor)


async def sign_up(ctx: Context, browser: Credentials, new: NewSignUp) -> SignedIn:
    """A new account, as far as the server lets people make theirs, and its first session.

    Raises Forbidden where nobody may, or a foreign page asks; Invalid; Busy.
    """
    _require_own_origin(browser)
    settings = ctx.services.settings
    if settings.sign_up == "closed":
        raise Forbidden("Nobody can sign up here by themselves; ask an admin for an account")
    rules = Validator()
    username = rules.username("username", new.username)
    rules.password("password", new.password, username=username)
    rules.raise_if_errors()
    invited = settings.sign_up == "invitation"
    if invited:
        await invitations.require(ctx, new.invitation)
    password_hash = await ctx.services.passwords.hash(new.password)
    async with in_transaction():
        if invited:
            await invitations.redeem(ctx, new.invitation)
        account = await accounts.insert(ctx, username, password_hash)
        return await _begin_session(ctx, browser, account)


async def sign_in(ctx: Context, browser: Credentials, username: str, password: str) -> SignedIn:
    """A new session. Raises Unauthorized, Forbidden for a foreign page, Invalid, Busy; RateLimited where sign-ins from
    the address have failed too often.

    It takes the same work, and refuses in the same words, whether the account exists, is disabled, or has another
    password: one check of one hash.
    """
    _require_own_origin(browser)
    rules = Validator()
    rules.search_text("username", username)
    rules.search_text("password", password)
    rules.raise_if_errors()
    account = await Account.get_or_none(username=username.strip().lower())
    kept = account.password_hash if account else None
    right = await _is_correct(ctx, password, kept)
    if account is None or account.is_disabled or not right:
        raise await _count_failure(ctx)
    fresh = await _upgrade_hash(ctx, password, account.password_hash)
    async with Account.locked(account.id):
        # Once more, with what was checked: a password that has been changed meanwhile opens nothing.
        same = Account.filter(id=account.id, password_hash=account.password_hash, disabled_at=None)
        if not await same.update(password_hash=fresh):
            raise await _count_failure(ctx)
        return await _begin_session(ctx, browser, account)


async def sign_out(ctx: Context) -> Context:
    """Ends the session that asks; the context of nobody. Raises Unauthorized, Forbidden for a token."""
    session = ctx.require_session()
    await Session.filter(id=session.id).update(revoked_at=ctx.now())
    return replace(ctx, actor=None)


async def change_password(ctx: Context, current: str, new: str) -> Account:
    """Changes the caller's password, and ends all its other sessions; its tokens stay.

    Raises Unauthorized, Forbidden for a token, Invalid, Busy; RateLimited where passwords from the address have been
    wrong too often.
    """
    session = ctx.require_session()
    account = ctx.signed_in().account
    rules = Validator()
    rules.search_text("current_password", current)
    rules.password("new_password", new, username=account.username)
    rules.raise_if_errors()
    if not await _is_correct(ctx, current, account.password_hash):
        raise await _wrong_password(ctx)
    password_hash = await ctx.services.passwords.hash(new)
    async with Account.locked(account.id):
        same = Account.filter(id=account.id, password_hash=account.password_hash)
        if not await same.update(password_hash=password_hash):
            raise await _wrong_password(ctx)
        await Session.end_all(account.id, ctx.now(), but=session.id)
    return account


async def viewer(ctx: Context) -> Account | None:
    """The account that asks; None where nobody is signed in. Raises MissingScope."""
    ctx.allow(Scope.ACCOUNT_READ)
    return ctx.actor.account if ctx.actor else None


async def get(ctx: Context) -> Account:
    """The account that asks. Raises Unauthorized, MissingScope."""
    return ctx.require(Scope.ACCOUNT_READ).account


async def get_many(ctx: Context, account_ids: Sequence[str]) -> dict[str, Account]:
    """Of these accounts the caller's own, by id, and to admins all: nobody else sees another's."""
    row = await viewer(ctx)
    if ctx.actor is not None and ctx.actor.is_admin:
        return {each.id: each for each in await Account.filter(id__in=list(account_ids))}
    return {row.id: row} if row and row.id in account_ids else {}


def _require_own_origin(browser: Credentials) -> None:
    """A foreign page must not sign a browser in: what its owner then uploads would be another's."""
    if browser.page is RequestOrigin.FOREIGN:
        raise Forbidden(
            "Sign in from a page of this server, or name the page's origin in PICHUB_CORS_ORIGINS",
            message="The request did not come from a page of ours",
        )


async def _is_correct(ctx: Context, password: str, kept: str | None) -> bool:
    """Whether it is the password. Raises Busy, and RateLimited where the address has no failures left."""
    await _check_failure_limit(ctx)
    right = await ctx.services.passwords.verify(password, kept)
    await _check_failure_limit(ctx)  # of guesses that come at once none had failed when they began
    return right


async def _check_failure_limit(ctx: Context) -> None:
    """Raises RateLimited where the address has no failures left."""
    left = await ctx.peek(RateLimit.AUTH_FAILURES)
    if left is not None and not left.remaining:
        await ctx.consume(RateLimit.AUTH_FAILURES)


async def _count_failure(ctx: Context) -> Unauthorized:
    """What is told where a sign-in fails, which is counted."""
    await ctx.consume(RateLimit.AUTH_FAILURES)
    return Unauthorized("Wrong username or password", "Check both; an account may also have been disabled")


async def _wrong_password(ctx: Context) -> Invalid:
    """What is told of a wrong one, which is counted: who finds a browser signed in must not guess it either."""
    await ctx.consume(RateLimit.AUTH_FAILURES)
    return Invalid({"current_password": ["This is not your password."]})


async def _upgrade_hash(ctx: Context, password: str, kept: str) -> str:
    """The hash to keep from now on: the one there is, unless it was made with other parameters than today's."""
    passwords = ctx.services.passwords
    return await passwords.hash(password) if passwords.needs_rehash(kept) else kept


async def _begin_session(ctx: Context, browser: Credentials, account: Account) -> SignedIn:
    """A new session, in the transaction that is open; it takes the place of the one that the browser had."""
    if ctx.actor is not None and ctx.actor.session is not None:
        await Session.filter(id=ctx.actor.session.id).update(revoked_at=ctx.now())
    lifetime = timedelta(days=ctx.services.settings.session_lifetime)
    session, text = await sessions.create(
        account, user_agent=browser.user_agent, now=ctx.now(), lifetime=lifetime
    )
    await Session.prune(account.id, ctx.now())
    return SignedIn(replace(ctx, actor=Actor.by_session(session)), account, session, text)
