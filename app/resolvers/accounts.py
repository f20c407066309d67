"""Account management by admins and the command line."""

from dataclasses import dataclass

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from app.context import Context
from app.db.locks import AdvisoryLock, advisory_lock, lock_rows
from app.db.paging import by_cursor
from app.errors import Invalid, NotFound
from app.ids import Kind, kind_of, new_id
from app.models import Account, Role, Session
from app.models.accounts import UNLIMITED
from app.pagination import Page, PageRequest
from app.resolvers.validation import ABSENT, Absent, Validator, changed_fields


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`quota` is in bytes; None is the server's default."""

    username: str
    password: str
    role: Role = Role.MEMBER
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class AccountChanges:
    disabled: bool | Absent = ABSENT
    quota: int | None | Absent = ABSENT
    role: Role | Absent = ABSENT


async def page(ctx: Context, request: PageRequest) -> Page[Account]:
    """Return a page of all accounts, newest first. Raises Unauthorized, Forbidden unless admin."""
    ctx.require_admin()
    return await by_cursor(Account.all(), request)


async def get_by_username(ctx: Context, username: str) -> Account:
    """Return the account with this name, ignoring case. Raises NotFound, Unauthorized, Forbidden."""
    ctx.require_admin()
    rules = Validator()
    rules.search_text("username", username)
    rules.raise_if_errors()
    account = await Account.get_or_none(username=username.lower())
    if account is None:
        raise NotFound("account", username)
    return account


async def create(ctx: Context, new: NewAccount) -> Account:
    """Create an account. Raises Invalid, also for a taken name; Unauthorized, Forbidden, Busy."""
    ctx.require_admin()
    rules = Validator()
    username = rules.username("username", new.username)
    rules.password("password", new.password, username=username)
    rules.integer("quota", new.quota, maximum=UNLIMITED)
    rules.raise_if_errors()
    password_hash = await ctx.services.access.passwords.hash(new.password)
    return await insert(ctx, username, password_hash, role=new.role, quota=new.quota)


async def update(ctx: Context, account_id: str, changes: AccountChanges) -> Account:
    """Update an account. Disabling ends its sessions, and its tokens stop working.

    Raises NotFound, Unauthorized, Forbidden, and Invalid if no admin would be left.
    """
    ctx.require_admin()
    rules = Validator()
    values = changed_fields(changes)
    rules.integer("quota", values.get("quota"), maximum=UNLIMITED)
    rules.raise_if_errors()
    async with in_transaction() as transaction:
        await advisory_lock(
            transaction, AdvisoryLock.ADMINS
        )  # of two concurrent changes, one may remove the last admin
        await lock_rows(Account.filter(id=account_id))
        account = await _load(account_id)
        if "disabled" in values:
            await _set_disabled(ctx, account, disabled=values.pop("disabled"))
        await account.update_from_dict(values).save()
        await _require_remaining_admin(values)
    return account


async def set_password(ctx: Context, account_id: str, password: str) -> Account:
    """Set an account's password and end its sessions, except the caller's; tokens stay valid.

    Raises NotFound, Invalid, Unauthorized, Forbidden, Busy.
    """
    ctx.require_admin()
    account = await _load(account_id)
    rules = Validator()
    rules.password("password", password, username=account.username)
    rules.raise_if_errors()
    password_hash = await ctx.services.access.passwords.hash(password)
    own = ctx.actor.session if ctx.actor else None
    async with Account.locked(account.id):
        await Account.filter(id=account.id).update(password_hash=password_hash)
        await Session.end_all(account.id, ctx.now(), but=own.id if own else None)
    return account


async def insert(
    ctx: Context,
    username: str,
    password_hash: str,
    *,
    role: Role = Role.MEMBER,
    quota: int | None = None,
) -> Account:
    """Insert an account with validated values. Raises Invalid if the name is taken."""
    now = ctx.now()
    try:
        return await Account.create(
            id=new_id(Kind.ACCOUNT, now),
            username=username,
            password_hash=password_hash,
            role=role,
            quota=quota,
            created_at=now,
        )
    except IntegrityError as error:
        raise Invalid.field(
            "username", "name_taken", "The username {name} is already taken.", name=username
        ) from error


async def _load(account_id: str) -> Account:
    account = await Account.get_or_none(id=account_id) if kind_of(account_id) is Kind.ACCOUNT else None
    if account is None:
        raise NotFound("account", account_id)
    return account


async def _set_disabled(ctx: Context, account: Account, *, disabled: bool) -> None:
    if disabled and not account.is_disabled:
        account.disabled_at = ctx.now()
        await Session.end_all(account.id, ctx.now())
    elif not disabled:
        account.disabled_at = None


async def _require_remaining_admin(changes: dict[str, object]) -> None:
    """Raise Invalid, which rolls back, if the changes removed the last admin."""
    if not await Account.enabled_admins().exists():
        name = "role" if "role" in changes else "disabled"
        raise Invalid.field(name, "last_admin", "This is the last enabled admin. Create another one first.")
