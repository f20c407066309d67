"""`pichub doctor`: checks an installation."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import click

from app import lifespan
from app.cli.checks import engines, machine, settings_conflicts
from app.cli.checks.findings import Finding, Level
from app.cli.console import as_json, data_dir
from app.context import Services
from app.db import state
from app.lifespan import NotInitialized
from app.settings import BadSetting, Settings, deprecation_warnings, unknown_variables
from app.signing.keyring import BadKeyring, FileKeyring

MARKS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.PROBLEM: ("problem", "red")}
NOT_INITIALIZED = "start it once with 'pichub serve', or run 'pichub migrate'"


@click.command()
@data_dir
@as_json
def doctor(data_dir: Path | None, *, as_json: bool) -> None:
    """Check settings, engines, folders and images.

    Works while servers run, and when none starts. Changes nothing, except for a test object that it deletes. Exits
    with 1 if there is a problem.
    """
    lines = asyncio.run(_all(data_dir))
    if as_json:
        told = [
            {"level": line.level.value, "about": line.subject, "said": line.message, "advice": line.advice}
            for line in lines
        ]
        click.echo(json.dumps(told))
    else:
        for line in lines:
            _print(line)
    if any(line.level is Level.PROBLEM for line in lines):
        sys.exit(1)


def _print(line: Finding) -> None:
    mark, colour = MARKS[line.level]
    click.echo(f"{click.style(f'{mark:<8}', fg=colour)} {line.subject}: {line.message}")
    if line.advice:
        click.echo(f"{'':<8}   → {line.advice}")


async def _all(data_dir: Path | None) -> list[Finding]:
    found = [
        *settings_conflicts.unknown(unknown_variables()),
        *settings_conflicts.renamed(deprecation_warnings()),
    ]
    try:
        settings = Settings.load()
        settings = replace(settings, data_dir=data_dir) if data_dir else settings
        lifespan.presets(settings)
        lifespan.tracing(settings)
        lifespan.database_config(settings)
        lifespan.storage_location(settings)
    except BadSetting as error:
        return [*found, Finding.problem("settings", str(error), "nothing starts before it is mended")]
    shared = not isinstance(lifespan.keyring(settings), FileKeyring)
    found += settings_conflicts.conflicts(settings, secret_is_shared=shared)
    if not found:
        found.append(Finding.ok("settings", "all are known, and fit together"))
    found += machine.check(settings)
    try:
        lifespan.require_initialized(settings)
    except NotInitialized as error:
        return [*found, Finding.warning("database", str(error).partition(":")[0], NOT_INITIALIZED)]
    return [*found, *[line async for line in _engines(settings)]]


async def _engines(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with lifespan.inspect_services(settings) as services:
            for check in services.observability.health.checks:
                if check.name == "storage":
                    yield await engines.storage(check, services.storage)
                elif check.name != "database":
                    yield await engines.check_engine(check)
            async for line in _rows(settings, services):
                yield line
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        yield Finding.problem("data folder", said, "give the folder to the user that runs PicHub")


async def _rows(settings: Settings, services: Services) -> AsyncIterator[Finding]:
    try:
        if isinstance(services.images.keyring, FileKeyring) and services.images.keyring.path.exists():
            await services.images.keyring.signing_secret()
        async with lifespan.open_database(settings):
            database = next(
                check for check in services.observability.health.checks if check.name == "database"
            )
            line = await engines.check_engine(database)
            yield line
            if line.level is Level.OK and (newer := await state.unknown_migrations()):
                yield Finding.problem(
                    "database",
                    f"it has {len(newer)} migrations that this version does not know, such as {newer[0]}",
                    "run the version that made them, or a newer one",
                )
            elif line.level is Level.OK:
                async for line in engines.rows(services):
                    yield line
    except BadKeyring as error:
        yield Finding.problem(
            "secrets", str(error), "restore the file from a backup, or remove it to begin anew"
        )
    except Exception as error:
        yield Finding.problem(
            "database", engines.error_text(error), "see that it runs, and what PICHUB_DATABASE_URL says"
        )
