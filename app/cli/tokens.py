import re
from datetime import datetime, timedelta
from typing import Any

import click

from app.auth.actor import Scope, ScopePreset
from app.cli.console import as_json, console_command, print_one, print_table
from app.context import Context
from app.models import ApiToken
from app.resolvers import accounts, tokens
from app.resolvers.tokens import NewToken

COLUMNS = ("id", "name", "hint", "scopes", "album_id", "created_at", "last_used_at", "expires_at")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
HYPHENS = str.maketrans("_", "-")


@click.group()
def token() -> None:
    """Create, list and revoke API tokens; works while the server runs."""


class Duration(click.ParamType[timedelta]):
    """Parses `12h`, `30d` or `8w`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", str(value))
        if match is None:
            self.fail(f"It must be hours, days or weeks such as 12h, 30d or 8w; it is {value!r}.", param, ctx)
        return int(match[1]) * UNITS[match[2]]


@token.command()
@click.argument("username")
@click.option("--name", default="Command line", show_default=True, help="Name of the token.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Scope of the token; may be repeated.",
)
@click.option(
    "--preset",
    type=click.Choice([preset.translate(HYPHENS) for preset in ScopePreset]),
    help="A set of scopes. Default: all scopes.",
)
@click.option("--expires-in", type=Duration(), help="Lifetime: 12h, 30d, 8w. Default: until revoked.")
@click.option("--album", "album_id", help="Id of the album for uploads with this token.")
@as_json
@console_command
async def create(
    ctx: Context,
    username: str,
    *,
    name: str,
    scopes: tuple[str, ...],
    preset: str | None,
    expires_in: timedelta | None,
    album_id: str | None,
    as_json: bool,
) -> None:
    """Create a token for an account. Its text is printed only once."""
    account = await accounts.get_by_username(ctx, username)
    expires_at = ctx.now() + expires_in if expires_in else None
    new = NewToken(name, _scopes(scopes), _preset(scopes, preset), expires_at, album_id)
    made = await tokens.create_for(ctx, account, new)
    print_one(_facts(made.row) | {"token": made.text}, as_json=as_json)


@token.command(name="list")
@click.argument("username")
@as_json
@console_command
async def show(ctx: Context, username: str, *, as_json: bool) -> None:
    """List an account's tokens that are not revoked, newest first."""
    found = await tokens.list_of(ctx, await accounts.get_by_username(ctx, username))
    print_table([_facts(each) for each in found], COLUMNS, as_json=as_json)


@token.command()
@click.argument("token_id")
@as_json
@console_command
async def revoke(ctx: Context, token_id: str, *, as_json: bool) -> None:
    """Revoke a token by its id. Further requests with it are refused."""
    print_one({"id": await tokens.revoke(ctx, token_id), "revoked": True}, as_json=as_json)


def _scopes(scopes: tuple[str, ...]) -> list[Scope] | None:
    return [Scope(scope) for scope in scopes] or None


def _preset(scopes: tuple[str, ...], preset: str | None) -> ScopePreset | None:
    if preset is not None:
        return ScopePreset(preset.replace("-", "_"))
    return None if scopes else ScopePreset.EVERYTHING


def _facts(row: ApiToken) -> dict[str, str | list[str] | datetime | None]:
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "scopes": row.scopes,
        "album_id": row.album_id,
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
        "expires_at": row.expires_at,
    }
