"""The caller's account: authentication, sign-up, sign-in and sign-out."""

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
    """Credentials shown once by the first start: a password and a token."""

    username: str
    password: str
    token: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: `text` is its cookie, and `ctx` the context of its account."""

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
    """Create the first account, an admin with a token of all scopes. None if there are accounts already."""
    if await Account.exists():
        return None
    password = secrets.token_urlsafe(12)
    password_hash = await ctx.services.access.passwords.hash(password)
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
    """Authenticate an API request and count it, against the account or the address.

    With `counts_later` only anonymous requests are counted; the caller counts the others by their cost. Raises the
    errors of `authenticate`, and RateLimited. An invalid header counts as a failure of the address instead.
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
    """Authenticate a connection. Its requests are authenticated and counted one by one."""
    try:
        return await authenticate(anonymous, credentials)
    except Unauthorized:
        await anonymous.consume(RateLimit.AUTH_FAILURES)
        raise


async def authenticate(
    anonymous: Context, credentials: Credentials, *, from_any_page: bool = False
) -> Context:
    """Return the context for these credentials.

    A header takes precedence over a cookie; an expired cookie is ignored.

    Raises Unauthorized for an invalid header, and Forbidden for a valid cookie sent by a foreign page, unless
    `from_any_page`.
    """
    ctx, uses = anonymous, anonymous.services.access.last_used
    if credentials.authorization is not None:
        token = await tokens.find(credentials.authorization, now=ctx.now())
        uses.record(token, ctx.now())
        return _with_actor(ctx, Actor.by_token(token))
    session = await sessions.find(credentials.session, now=ctx.now()) if credentials.session else None
    if session is None:
        return ctx
    if credentials.page is not RequestOrigin.OURS and not from_any_page:
        raise Forbidden(
            "Requests with a session cookie must come from a page of this server, according to Sec-Fetch-Site or"
            " Origin. Programs send an API token in the header 'Authorization: Bearer YOUR_API_TOKEN'",
            message="The request did not come from a page of this server",
            reason="foreign_page",
        )
    uses.record(session, ctx.now())
    return _with_actor(ctx, Actor.by_session(session))


def _with_actor(anonymous: Context, actor: Actor) -> Context:
    logs.bind(account_id=actor.id)
    return replace(anonymous, actor=actor)


async def sign_up(ctx: Context, browser: Credentials, new: NewSignUp) -> SignedIn:
    """Create an account, if the server allows sign-ups, and its first session.

    Raises Forbidden if sign-up is closed or a foreign page asks; Invalid; Busy.
    """
    _require_own_origin(browser)
    settings = ctx.services.settings
    if settings.sign_up == "closed":
        raise Forbidden("Sign-up is closed; ask an admin for an account", reason="sign_up_closed")
    rules = Validator()
    username = rules.username("username", new.username)
    rules.password("password", new.password, username=username)
    rules.raise_if_errors()
    invited = settings.sign_up == "invitation"
    if invited:
        await invitations.require(ctx, new.invitation)
    password_hash = await ctx.services.access.passwords.hash(new.password)
    async with in_transaction():
        if invited:
            await invitations.redeem(ctx, new.invitation)
        account = await accounts.insert(ctx, username, password_hash)
        return await _begin_session(ctx, browser, account)


async def sign_in(ctx: Context, browser: Credentials, username: str, password: str) -> SignedIn:
    """Create a session.

    Raises Unauthorized, Forbidden for a foreign page, Invalid, Busy; RateLimited after too many failures from the
    address.

    Time and error are the same whether the account does not exist, is disabled, or has another password: one hash is
    verified in each case.
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
        # Verify again with the locked row: the password may have changed.
        same = Account.filter(id=account.id, password_hash=account.password_hash, disabled_at=None)
        if not await same.update(password_hash=fresh):
            raise await _count_failure(ctx)
        return await _begin_session(ctx, browser, account)


async def sign_out(ctx: Context) -> Context:
    """End the caller's session. Return the anonymous context. Raises Unauthorized, Forbidden for a token."""
    session = ctx.require_session()
    await Session.filter(id=session.id).update(revoked_at=ctx.now())
    return replace(ctx, actor=None)


async def change_password(ctx: Context, current: str, new: str) -> Account:
    """Change the caller's password and end all other sessions; tokens stay valid.

    Raises Unauthorized, Forbidden for a token, Invalid, Busy; RateLimited after too many failures from the address.
    """
    session = ctx.require_session()
    account = ctx.require_actor().account
    rules = Validator()
    rules.search_text("current_password", current)
    rules.password("new_password", new, username=account.username)
    rules.raise_if_errors()
    if not await _is_correct(ctx, current, account.password_hash):
        raise await _wrong_password(ctx)
    password_hash = await ctx.services.access.passwords.hash(new)
    async with Account.locked(account.id):
        same = Account.filter(id=account.id, password_hash=account.password_hash)
        if not await same.update(password_hash=password_hash):
            raise await _wrong_password(ctx)
        await Session.end_all(account.id, ctx.now(), but=session.id)
    return account


async def viewer(ctx: Context) -> Account | None:
    """Return the caller's account; None for anonymous callers. Raises MissingScope."""
    ctx.require_token_scope(Scope.ACCOUNT_READ)
    return ctx.actor.account if ctx.actor else None


async def get(ctx: Context) -> Account:
    """Return the caller's account. Raises Unauthorized, MissingScope."""
    return ctx.require(Scope.ACCOUNT_READ).account


async def get_many(ctx: Context, account_ids: Sequence[str]) -> dict[str, Account]:
    """Return accounts by id: the caller's own, and any for admins."""
    row = await viewer(ctx)
    if ctx.actor is not None and ctx.actor.is_admin:
        return {each.id: each for each in await Account.filter(id__in=list(account_ids))}
    return {row.id: row} if row and row.id in account_ids else {}


def _require_own_origin(browser: Credentials) -> None:
    """Refuse foreign pages: one could sign a browser in to its own account and receive the user's uploads."""
    if browser.page is RequestOrigin.FOREIGN:
        raise Forbidden(
            "Sign in from a page of this server, or add the origin of the page to PICHUB_CORS_ORIGINS",
            message="The request did not come from a page of this server",
            reason="foreign_page",
        )


async def _is_correct(ctx: Context, password: str, kept: str | None) -> bool:
    """Verify the password. Raises Busy, and RateLimited if the address has no failures left."""
    await _check_failure_limit(ctx)
    right = await ctx.services.access.passwords.verify(password, kept)
    await _check_failure_limit(ctx)  # concurrent guesses had not failed yet when they began
    return right


async def _check_failure_limit(ctx: Context) -> None:
    """Raise RateLimited if the address has no failures left."""
    left = await ctx.peek(RateLimit.AUTH_FAILURES)
    if left is not None and not left.remaining:
        await ctx.consume(RateLimit.AUTH_FAILURES)


async def _count_failure(ctx: Context) -> Unauthorized:
    """Count a failed sign-in and return its error."""
    await ctx.consume(RateLimit.AUTH_FAILURES)
    return Unauthorized(
        "Wrong username or password",
        "Check both; the account may also be disabled",
        reason="wrong_credentials",
    )


async def _wrong_password(ctx: Context) -> Invalid:
    """Count a wrong password and return its error: a signed-in browser must not allow guessing either."""
    await ctx.consume(RateLimit.AUTH_FAILURES)
    return Invalid.field("current_password", "wrong_password", "This is not your password.")


async def _upgrade_hash(ctx: Context, password: str, kept: str) -> str:
    """Return the hash to store: the present one, or a new one if the parameters have changed."""
    passwords = ctx.services.access.passwords
    return await passwords.hash(password) if passwords.needs_rehash(kept) else kept


async def _begin_session(ctx: Context, browser: Credentials, account: Account) -> SignedIn:
    """Create a session in the open transaction. It replaces the browser's previous one."""
    if ctx.actor is not None and ctx.actor.session is not None:
        await Session.filter(id=ctx.actor.session.id).update(revoked_at=ctx.now())
    lifetime = timedelta(days=ctx.services.settings.session_lifetime)
    session, text = await sessions.create(
        account, user_agent=browser.user_agent, now=ctx.now(), lifetime=lifetime
    )
    await Session.prune(account.id, ctx.now())
    return SignedIn(replace(ctx, actor=Actor.by_session(session)), account, session, text)
