import secrets
import sys
from typing import Any

import click

from app.cli.console import as_json, console_command, print_one, print_table
from app.context import Context
from app.errors import written_size
from app.models import Account, Role
from app.models.accounts import UNLIMITED
from app.pagination import MAX_SIZE, PageRequest
from app.resolvers import accounts, quotas
from app.resolvers.accounts import AccountChanges, NewAccount
from app.settings import allowance

COLUMNS = ("username", "role", "state", "images", "used", "quota", "created_at")


@click.group()
def account() -> None:
    """Make accounts and look after them; works while the server runs."""


class Quota(click.ParamType[int | None]):
    """`5GB`, `unlimited`, or `default`, which is None."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if not isinstance(value, str) or value.lower() == "default":
            return None
        try:
            return allowance(value) or UNLIMITED
        except ValueError as error:
            self.fail(f"It must be default, {error}; it is {value!r}.", param, ctx)


by_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@account.command()
@click.argument("username")
@click.option("--admin", is_flag=True, help="Let it look after the server and its accounts.")
@click.option("--quota", type=Quota(), help="How many bytes it may keep: 5GB, unlimited, or default.")
@by_stdin
@as_json
@console_command
async def create(
    ctx: Context, username: str, *, admin: bool, quota: int | None, password_stdin: bool, as_json: bool
) -> None:
    """Make an account.

    The password is asked for, or read by --password-stdin; where there is no terminal to ask at, one is made up and
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
    """End an account's sessions and stop its tokens, at once. Its public images stay visible."""
    await _change(ctx, username, AccountChanges(disabled=True), as_json=as_json)


@account.command()
@click.argument("username")
@as_json
@console_command
async def enable(ctx: Context, username: str, *, as_json: bool) -> None:
    """Let an account that was disabled sign in again. Its tokens work again, too."""
    await _change(ctx, username, AccountChanges(disabled=False), as_json=as_json)


@account.command()
@click.argument("username")
@click.argument("size", type=Quota())
@as_json
@console_command
async def set_quota(ctx: Context, username: str, size: int | None, *, as_json: bool) -> None:
    """Set how many bytes an account may keep: 5GB, unlimited, or default."""
    await _change(ctx, username, AccountChanges(quota=size), as_json=as_json)


@account.command()
@click.argument("username")
@by_stdin
@as_json
@console_command
async def set_password(ctx: Context, username: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give an account another password, and end its sessions. Its tokens stay.

    The password is asked for, or read by --password-stdin; where there is no terminal to ask at, one is made up and
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
    """The password, and whether it was made up here."""
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
        "used": written_size(usage.bytes),
        "bytes_used": usage.bytes,
        "quota": "unlimited" if usage.quota is None else written_size(usage.quota),
        "quota_bytes": usage.quota,
        "created_at": row.created_at,
        "disabled_at": row.disabled_at,
    }
