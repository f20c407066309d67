"""What the commands that work on a PicHub share: its settings, its database, and how they answer and fail."""

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click
from tortoise.exceptions import OperationalError

from app.context import Context
from app.errors import DatabaseUnreachable, PicHubError
from app.lifespan import NotInitialized, console, database_config, prepare, presets, storage_location
from app.observability import tracing
from app.observability.logging import masked
from app.resolvers.account import InitialCredentials
from app.settings import BadSetting, Settings
from app.signing.keyring import BadKeyring

P = ParamSpec("P")

data_dir = click.option("--data-dir", type=Path, help="The folder that holds everything; PICHUB_DATA_DIR.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def load_settings(**options: Any) -> Settings:
    """The settings, with what the options say; None says nothing. Ends the command where one is not allowed."""
    try:
        given = {name: value for name, value in options.items() if value is not None}
        settings = replace(Settings.load(), **given)
        presets(settings)  # what of it only the toolkits can read
        database_config(settings)
        tracing.check(settings.otel_endpoint)
        storage_location(settings)
    except BadSetting as error:
        sys.exit(f"pichub: {error}")
    return settings


def initialize(settings: Settings) -> InitialCredentials | None:
    """Makes what is missing before a start; ends the command with a line where secrets or database can't be had."""
    with error_output():
        return asyncio.run(prepare(settings))


@contextmanager
def error_output() -> Iterator[None]:
    """Ends the command with a line where the secrets can't be read, or the database can't be reached or changed."""
    try:
        yield
    except (BadKeyring, NotInitialized, BadSetting, PicHubError) as error:
        sys.exit(f"pichub: {error}{_cause(error)}")
    except OperationalError as error:
        sys.exit(f"pichub: The database can't be used: {error}")


def console_command(work: Callable[Concatenate[Context, P], Coroutine[Any, Any, None]]) -> Any:
    """Makes a command of a coroutine: it works on the PicHub in --data-dir, also while a server runs there."""

    @data_dir
    @functools.wraps(work)
    def command(data_dir: Path | None, *args: P.args, **kwargs: P.kwargs) -> None:
        async def run() -> None:
            async with console(load_settings(data_dir=data_dir)) as ctx:
                await work(ctx, *args, **kwargs)

        try:
            asyncio.run(run())
        except PicHubError as error:
            raise click.ClickException(_message(error)) from error
        except NotInitialized as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            raise click.ClickException(f"The database can't be used: {error}") from error

    return command


def print_one(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """A thing: a line a fact, or a JSON object."""
    if as_json:
        click.echo(json.dumps(facts, default=_written))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<{width}}  {_shown(value)}")


def print_table(things: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Things: a table of these columns, or a JSON list of all that is known of them."""
    if as_json:
        click.echo(json.dumps(things, default=_written))
        return
    rows = [[column.replace("_", " ") for column in columns]]
    rows += [[_shown(thing[column]) for column in columns] for thing in things]
    widths = [max(len(row[n]) for row in rows) for n in range(len(columns))]
    for row in rows:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _message(error: PicHubError) -> str:
    complaints = [text for texts in error.fields.values() for text in texts]
    return (" ".join(complaints) or error.details) + _cause(error)


def _cause(error: Exception) -> str:
    """What the database's client said, for who runs it."""
    cause = error.__cause__ if isinstance(error, DatabaseUnreachable) else None
    return masked(f" ({str(cause) or type(cause).__name__})") if cause else ""


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{value!r} is not for JSON")


def _shown(value: Any) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
        case list():
            return ",".join(value)
    return str(value)
