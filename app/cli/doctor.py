"""Whether this installation is as it should be."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import click

from app import lifespan
from app.cli.checks import engines, machine, settings_conflicts
from app.cli.checks.findings import Level, Line
from app.cli.console import as_json, data_dir
from app.context import Services
from app.db import state
from app.lifespan import NotMade
from app.settings import BadSetting, Settings, unknown
from app.signing.keyring import BadKeyring, FileKeyring

MARKS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.PROBLEM: ("problem", "red")}
NOT_MADE = "start it once with 'pichub serve', or run 'pichub migrate'"


@click.command()
@data_dir
@as_json
def doctor(data_dir: Path | None, *, as_json: bool) -> None:
    """Look whether settings, engines, folders and pictures are as they should be.

    Works while servers run, and when none starts. Changes nothing but for an object that it puts and removes. Ends with
    1 where there is a problem.
    """
    lines = asyncio.run(_all(data_dir))
    if as_json:
        told = [
            {"level": line.level.value, "about": line.about, "said": line.said, "advice": line.advice}
            for line in lines
        ]
        click.echo(json.dumps(told))
    else:
        for line in lines:
            _print(line)
    if any(line.level is Level.PROBLEM for line in lines):
        sys.exit(1)


def _print(line: Line) -> None:
    mark, colour = MARKS[line.level]
    click.echo(f"{click.style(f'{mark:<8}', fg=colour)} {line.about}: {line.said}")
    if line.advice:
        click.echo(f"{'':<8}   → {line.advice}")


async def _all(data_dir: Path | None) -> list[Line]:
    found = [*settings_conflicts.unknown(unknown())]
    try:
        settings = Settings.load()
        settings = replace(settings, data_dir=data_dir) if data_dir else settings
        lifespan.presets(settings)
        lifespan.tracing(settings)
        lifespan.database_config(settings)
        lifespan.storage_place(settings)
    except BadSetting as error:
        return [*found, Line.problem("settings", str(error), "nothing starts before it is mended")]
    shared = not isinstance(lifespan.keyring(settings), FileKeyring)
    found += settings_conflicts.dangerous(settings, secret_is_shared=shared)
    if not found:
        found.append(Line.ok("settings", "all are known, and fit together"))
    found += machine.look(settings)
    try:
        lifespan.require_made(settings)
    except NotMade as error:
        return [*found, Line.warning("database", str(error).partition(":")[0], NOT_MADE)]
    return [*found, *[line async for line in _engines(settings)]]


async def _engines(settings: Settings) -> AsyncIterator[Line]:
    try:
        async with lifespan.parts(settings) as services:
            for check in services.health.checks:
                if check.name == "storage":
                    yield await engines.storage(check, services.storage)
                elif check.name != "database":
                    yield await engines.answers(check)
            async for line in _rows(settings, services):
                yield line
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        yield Line.problem("data folder", said, "give the folder to the user that runs PicHub")


async def _rows(settings: Settings, services: Services) -> AsyncIterator[Line]:
    try:
        if isinstance(services.keyring, FileKeyring) and services.keyring.path.exists():
            await services.keyring.signing_secret()
        async with lifespan.rows(settings):
            database = next(check for check in services.health.checks if check.name == "database")
            line = await engines.answers(database)
            yield line
            if line.level is Level.OK and (newer := await state.unknown_migrations()):
                yield Line.problem(
                    "database",
                    f"it has {len(newer)} migrations that this version does not know, such as {newer[0]}",
                    "run the version that made them, or a newer one",
                )
            elif line.level is Level.OK:
                async for line in engines.rows(services):
                    yield line
    except BadKeyring as error:
        yield Line.problem(
            "secrets", str(error), "restore the file from a backup, or remove it to begin anew"
        )
    except Exception as error:
        yield Line.problem(
            "database", engines.words(error), "see that it runs, and what PICHUB_DATABASE_URL says"
        )
