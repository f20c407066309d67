"""Shared by the commands: settings, database, output and errors."""

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
from app.lifespan import NotInitialized, console_context, database_config, prepare, presets, storage_location
from app.observability import tracing
from app.observability.logging import mask_passwords
from app.resolvers.account import InitialCredentials
from app.settings import BadSetting, Settings, deprecation_warnings
from app.signing.keyring import BadKeyring

P = ParamSpec("P")

data_dir = click.option("--data-dir", type=Path, help="Data folder; PICHUB_DATA_DIR.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def load_settings(**options: Any) -> Settings:
    """Load the settings, overridden by options that are not None. Exits if one is invalid."""
    try:
        given = {name: value for name, value in options.items() if value is not None}
        settings = replace(Settings.load(), **given)
        presets(settings)  # validation that needs the toolkits
        database_config(settings)
        tracing.require_packages(settings.otel_endpoint)
        storage_location(settings)
    except BadSetting as error:
        sys.exit(f"pichub: {error}")
    for warning in deprecation_warnings():
        click.echo(f"pichub: {warning}. The former name works until the next release.", err=True)
    return settings


def initialize(settings: Settings) -> InitialCredentials | None:
    """Create what is missing before a start. Exits with a message if secrets or database are unusable."""
    with error_output():
        return asyncio.run(prepare(settings))


@contextmanager
def error_output() -> Iterator[None]:
    """Exit with a message if the secrets can't be read, or the database can't be reached or changed."""
    try:
        yield
    except (BadKeyring, NotInitialized, BadSetting, PicHubError) as error:
        sys.exit(f"pichub: {error}{_cause(error)}")
    except OperationalError as error:
        sys.exit(f"pichub: The database can't be used: {error}")


def console_command(work: Callable[Concatenate[Context, P], Coroutine[Any, Any, None]]) -> Any:
    """Turn a coroutine into a command on the data of --data-dir, also while a server runs."""

    @data_dir
    @functools.wraps(work)
    def command(data_dir: Path | None, *args: P.args, **kwargs: P.kwargs) -> None:
        async def run() -> None:
            async with console_context(load_settings(data_dir=data_dir)) as ctx:
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
    """Print an object: a line per value, or JSON."""
    if as_json:
        click.echo(json.dumps(facts, default=_written))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<{width}}  {_shown(value)}")


def print_table(things: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print objects: a table with these columns, or a JSON list of all values."""
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
    """Return the message of the database's client."""
    cause = error.__cause__ if isinstance(error, DatabaseUnreachable) else None
    return mask_passwords(f" ({str(cause) or type(cause).__name__})") if cause else ""


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
