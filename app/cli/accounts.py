import secrets
import sys
from typing import Any

import click

from app.cli.console import as_json, console_command, print_one, print_table
from app.context import Context
from app.errors import format_size
from app.models import Account, Role
from app.models.accounts import UNLIMITED
from app.pagination import MAX_SIZE, PageRequest
from app.resolvers import accounts, quotas
from app.resolvers.accounts import AccountChanges, NewAccount
from app.settings import parse_optional_size

COLUMNS = ("username", "role", "state", "images", "used", "quota", "created_at")


@click.group()
def account() -> None:
    """Create and manage accounts; works while the server runs."""


class Quota(click.ParamType[int | None]):
    """Parses `5GB`, `unlimited`, or `default`, which is None."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if not isinstance(value, str) or value.lower() == "default":
            return None
        try:
            return parse_optional_size(value) or UNLIMITED
        except ValueError as error:
            self.fail(f"It must be default, {error}; it is {value!r}.", param, ctx)


by_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@account.command()
@click.argument("username")
@click.option("--admin", is_flag=True, help="Make it an admin.")
@click.option("--quota", type=Quota(), help="Its quota: 5GB, unlimited, or default.")
@by_stdin
@as_json
@console_command
async def create(
    ctx: Context, username: str, *, admin: bool, quota: int | None, password_stdin: bool, as_json: bool
) -> None:
    """Create an account.

    The password is prompted for, or read with --password-stdin. Without a terminal a random one is generated and
    printed.
    """
    password, made_up = _password(from_stdin=password_stdin)
    new = NewAccount(username, password, role=Role.ADMIN if admin else Role.MEMBER, quota=quota)
    made = await accounts.create(ctx, new)
    print_one(_facts(ctx, made) | ({"password": password} if made_up else {}), as_json=as_json)


@account.command(name="list")
@as_json
@console_command
async def show(ctx: Context, *, as_json: bool) -> None:
    """List all accounts, newest first."""
    request, found = PageRequest(size=MAX_SIZE), list[Account]()
    while True:
        page = await accounts.page(ctx, request)
        found += page.items
        if not await page.has_next():
            break
        request = PageRequest(size=MAX_SIZE, after=page.cursor_of(page.items[-1]))
    print_table([_facts(ctx, each) for each in found], COLUMNS, as_json=as_json)


@account.command()
@click.argument("username")
@as_json
@console_command
async def disable(ctx: Context, username: str, *, as_json: bool) -> None:
    """Disable an account: end its sessions and tokens immediately. Its public images stay visible."""
    await _change(ctx, username, AccountChanges(disabled=True), as_json=as_json)


@account.command()
@click.argument("username")
@as_json
@console_command
async def enable(ctx: Context, username: str, *, as_json: bool) -> None:
    """Enable a disabled account. Its tokens work again."""
    await _change(ctx, username, AccountChanges(disabled=False), as_json=as_json)


@account.command()
@click.argument("username")
@click.argument("size", type=Quota())
@as_json
@console_command
async def set_quota(ctx: Context, username: str, size: int | None, *, as_json: bool) -> None:
    """Set an account's quota: 5GB, unlimited, or default."""
    await _change(ctx, username, AccountChanges(quota=size), as_json=as_json)


@account.command()
@click.argument("username")
@by_stdin
@as_json
@console_command
async def set_password(ctx: Context, username: str, *, password_stdin: bool, as_json: bool) -> None:
    """Set an account's password and end its sessions. Its tokens stay valid.

    The password is prompted for, or read with --password-stdin. Without a terminal a random one is generated and
    printed.
    """
    found = await accounts.get_by_username(ctx, username)
    password, made_up = _password(from_stdin=password_stdin)
    await accounts.set_password(ctx, found.id, password)
    print_one(_facts(ctx, found) | ({"password": password} if made_up else {}), as_json=as_json)


async def _change(ctx: Context, username: str, changes: AccountChanges, *, as_json: bool) -> None:
    found = await accounts.get_by_username(ctx, username)
    print_one(_facts(ctx, await accounts.update(ctx, found.id, changes)), as_json=as_json)


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """Return the password, and True if it was generated."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return secrets.token_urlsafe(12), True


def _facts(ctx: Context, row: Account) -> dict[str, Any]:
    usage = quotas.account_usage(ctx, row)
    return {
        "id": row.id,
        "username": row.username,
        "role": row.role.value,
        "state": "disabled" if row.is_disabled else "enabled",
        "images": usage.images,
        "used": format_size(usage.bytes),
        "bytes_used": usage.bytes,
        "quota": "unlimited" if usage.quota is None else format_size(usage.quota),
        "quota_bytes": usage.quota,
        "created_at": row.created_at,
        "disabled_at": row.disabled_at,
    }
