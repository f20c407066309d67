"""Which implementation stands behind each contract, and how they start and stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.auth.keyring import DatabaseKeyring
from app.auth.passwords import Passwords
from app.auth.uses import Uses
from app.brokers.memory import MemoryBell
from app.context import Budget, Context, Services
from app.db.config import Config, UnsupportedDatabase, is_postgres, sqlite_path, sqlite_url, tortoise_config
from app.db.lifecycle import database
from app.db.migrate import migrate
from app.events.feed import Feed
from app.flights import Flights
from app.hits.cache import Cache
from app.hits.freshness import Freshness
from app.imaging.pool import Limits, Pool
from app.imaging.presets import Presets
from app.keyring import FileKeyring, FixedKeyring, Keyring
from app.links import Links
from app.metrics import Metrics
from app.outbound.post import Outbound
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy
from app.resolvers import account
from app.resolvers.account import FirstSignIn
from app.settings import BadSetting, Settings
from app.storage.disk import DiskStorage
from app.turns import Turns

THREADS = 32
ROWS = 2_000


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services, from here to the end of the block. The database must have been migrated."""
    async with database(database_config(settings)):
        # More than the default of a few: threads here wait for disks, and a slow fsync must not hold reads up.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        services = assembled(settings)
        try:
            yield services
        finally:
            await services.feed.close()
            await services.uses.close()
            await services.renders.close()
            await services.imaging.close()
            services.freshness.close()


async def prepare(settings: Settings) -> FirstSignIn | None:
    """Makes the data folder, the secret that signs, the tables and the first account, as far as they are missing.

    Raises BadKeyring.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not secrets_are_rows(settings):
        await keyring(settings).newest()
    await migrate(database_config(settings))
    async with database(database_config(settings)):
        await keyring(settings).newest()
        return await account.make_first(Context(assembled(settings)))


class NotMade(Exception):
    """There is no PicHub in this folder. The text says how one is made."""


async def bring_up_to_date(settings: Settings) -> None:
    """Brings the tables up to date that a PicHub has. Raises NotMade where there is none."""
    path = sqlite_path(database_config(settings))
    if path is not None and not path.exists():
        raise NotMade(
            f"There is no PicHub in {settings.data_dir}: start it once with 'pichub serve', or run 'pichub migrate'"
        )
    await migrate(database_config(settings))


@asynccontextmanager
async def console(settings: Settings) -> AsyncIterator[Context]:
    """The context of the command line, which may do what admins may, also while servers run. Raises NotMade."""
    await bring_up_to_date(settings)
    async with database(database_config(settings)):
        services = assembled(settings)
        try:
            yield Context(services, is_operator=True)
        finally:
            services.freshness.close()


def assembled(settings: Settings) -> Services:
    freshness = Freshness(settings.data_dir / "freshness")
    bell = MemoryBell()
    return Services(
        settings=settings,
        storage=DiskStorage(settings.data_dir / "storage"),
        imaging=Pool(
            workers=settings.transform_workers,
            queue=settings.transform_queue,
            deadline=settings.transform_deadline,
            memory=settings.transform_memory,
            limits=Limits(max_pixels=settings.max_pixels, max_side=settings.max_side),
        ),
        presets=presets(settings),
        renders=Flights(),
        turns=Turns(_folder(settings, "locks"), patience=3 * settings.transform_deadline),
        freshness=freshness,
        hits=Cache(freshness, size=settings.hits_size, second_time_only=True),
        rows=Cache(freshness, size=ROWS),
        keyring=keyring(settings),
        bell=bell,
        feed=Feed(bell),
        outbound=Outbound(allowed=settings.webhook_allow_networks),
        metrics=Metrics(on=settings.metrics),
        limiter=MemoryLimiter(_now),
        policies={
            Budget.API: Policy(Budget.API, settings.limit_api),
            Budget.UPLOAD: Policy(Budget.UPLOAD, settings.limit_upload),
            Budget.FAILURES: Policy(Budget.FAILURES, settings.limit_failures),
            Budget.MISSES: Policy(Budget.MISSES, settings.limit_misses),
        },
        links=Links(settings.url),
        passwords=Passwords(),
        uses=Uses(),
        clock=_now,
    )


def presets(settings: Settings) -> Presets:
    """The transforms that have a name. Raises BadSetting."""
    try:
        return Presets.parse(settings.presets)
    except ValueError as error:
        example = "thumb=w=200&h=200&fit=cover; hero=w=1600&q=75"
        raise BadSetting(f"PICHUB_PRESETS must be presets such as {example}: {error}") from error


def keyring(settings: Settings) -> Keyring:
    """The secrets that sign and verify addresses: those of the settings, or the data folder's, the database's."""
    older = (settings.url_secret_old,) if settings.url_secret_old else ()
    if settings.url_secret:
        return FixedKeyring((settings.url_secret, *older))
    return kept_keyring(settings, older)


def kept_keyring(settings: Settings, older: Sequence[str] = ()) -> FileKeyring | DatabaseKeyring:
    """The secrets that PicHub keeps itself: in the data folder, or in a database that other machines reach too."""
    in_folder = FileKeyring(settings.data_dir / "url-secrets.json", older=older)
    return DatabaseKeyring(first=in_folder.kept, older=older) if secrets_are_rows(settings) else in_folder


def secrets_are_rows(settings: Settings) -> bool:
    """Whether the secrets are in the database, which must be open where they are asked for."""
    return is_postgres(database_url(settings)) and not settings.url_secret


async def rotate_secret(settings: Settings, now: datetime, *, keep_for: timedelta) -> datetime:
    """A new secret that PicHub keeps itself; the time until which the one before holds. Raises BadKeyring, NotMade."""
    if not secrets_are_rows(settings):
        return await kept_keyring(settings).rotate(now, keep_for=keep_for)
    async with console(settings):
        return await kept_keyring(settings).rotate(now, keep_for=keep_for)


def _now() -> datetime:
    return datetime.now(UTC)


def _folder(settings: Settings, name: str) -> Path:
    path = settings.data_dir / name
    path.mkdir(exist_ok=True)
    return path


def database_url(settings: Settings) -> str:
    """Where the rows are: where the settings say, or in a file of the data folder."""
    return settings.database_url or sqlite_url(settings.data_dir.resolve() / "pichub.db")


def database_config(settings: Settings) -> Config:
    """Raises BadSetting."""
    try:
        return tortoise_config(database_url(settings))
    except UnsupportedDatabase as error:
        raise BadSetting(f"PICHUB_DATABASE_URL: {error}") from error
