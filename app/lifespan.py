"""Which implementation stands behind each contract, and how they start and stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from app.auth.passwords import Passwords
from app.auth.uses import Uses
from app.brokers.base import Bell
from app.brokers.memory import MemoryBell
from app.brokers.redis import RedisBell
from app.context import Budget, Context, Services
from app.db.config import sqlite_path, sqlite_url, tortoise_config
from app.db.lifecycle import database
from app.db.migrate import migrate
from app.events.feed import Feed
from app.flights import Flights
from app.hits.cache import LONGEST, Cache
from app.hits.freshness import Freshness
from app.hits.shared import SharedFreshness
from app.imaging.pool import Limits, Pool
from app.imaging.presets import Presets
from app.keyring import FileKeyring, FixedKeyring, Keyring
from app.links import Links
from app.metrics import Metrics
from app.outbound.post import Outbound
from app.ratelimits.base import Limiter
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy
from app.ratelimits.redis import RedisLimiter
from app.redis.shared import Redis
from app.resolvers import account
from app.resolvers.account import FirstSignIn
from app.settings import BadSetting, Settings
from app.storage.disk import DiskStorage
from app.turns.base import Turns
from app.turns.folder import FolderTurns
from app.turns.redis import RedisTurns

THREADS = 32
ROWS = 2_000
LONGEST_SHARED = 10.0
"""Seconds that servers on several machines remember: the bound where one could not tell the others what it changed."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services, from here to the end of the block. The database must have been migrated."""
    async with database(tortoise_config(database_url(settings))):
        # More than the default of a few: threads here wait for disks, and a slow fsync must not hold reads up.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        services = assembled(settings)
        if services.redis is not None:
            await services.redis.start()
        try:
            yield services
        finally:
            await services.feed.close()
            await services.uses.close()
            await services.renders.close()
            await services.imaging.close()
            if services.redis is not None:
                await services.redis.close()
            services.freshness.close()


async def prepare(settings: Settings) -> FirstSignIn | None:
    """Makes the data folder, the secret that signs, the tables and the first account, as far as they are missing.

    Raises BadKeyring.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await keyring(settings).newest()
    await migrate(tortoise_config(database_url(settings)))
    async with database(tortoise_config(database_url(settings))):
        return await account.make_first(Context(assembled(settings)))


class NotMade(Exception):
    """There is no PicHub in this folder. The text says how one is made."""


async def bring_up_to_date(settings: Settings) -> None:
    """Brings the tables up to date that a PicHub has. Raises NotMade where there is none."""
    path = sqlite_path(tortoise_config(database_url(settings)))
    if path is not None and not path.exists():
        raise NotMade(
            f"There is no PicHub in {settings.data_dir}: start it once with 'pichub serve', or run 'pichub migrate'"
        )
    await migrate(tortoise_config(database_url(settings)))


@asynccontextmanager
async def console(settings: Settings) -> AsyncIterator[Context]:
    """The context of the command line, which may do what admins may, also while servers run. Raises NotMade."""
    await bring_up_to_date(settings)
    async with database(tortoise_config(database_url(settings))):
        services = assembled(settings)
        try:
            yield Context(services, is_operator=True)
        finally:
            if services.redis is not None:
                await services.redis.close()
            services.freshness.close()


def assembled(settings: Settings) -> Services:
    metrics = Metrics(on=settings.metrics)
    shared = Redis(settings.redis_url, metrics) if settings.redis_url else None
    fresh, rings = freshness(settings, shared), bell(shared)
    longest = LONGEST_SHARED if shared else LONGEST
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
        turns=turns(settings, shared),
        freshness=fresh,
        hits=Cache(fresh, size=settings.hits_size, longest=longest, second_time_only=True),
        rows=Cache(fresh, size=ROWS, longest=longest),
        keyring=keyring(settings),
        bell=rings,
        feed=Feed(rings),
        outbound=Outbound(allowed=settings.webhook_allow_networks),
        metrics=metrics,
        limiter=limiter(shared),
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
        redis=shared,
    )


def limiter(redis: Redis | None) -> Limiter:
    """Who counts what is spent: each process for itself, or all together."""
    here = MemoryLimiter(_now)
    return RedisLimiter(redis.commands, _now, here) if redis else here


def bell(redis: Redis | None) -> Bell:
    return RedisBell(redis) if redis else MemoryBell()


def turns(settings: Settings, redis: Redis | None) -> Turns:
    patience = 3 * settings.transform_deadline
    here = FolderTurns(_folder(settings, "locks"), patience=patience)
    return RedisTurns(redis, here, patience=patience) if redis else here


def freshness(settings: Settings, redis: Redis | None) -> Freshness:
    path = settings.data_dir / "freshness"
    return SharedFreshness(path, redis) if redis else Freshness(path)


def presets(settings: Settings) -> Presets:
    """The transforms that have a name. Raises BadSetting."""
    try:
        return Presets.parse(settings.presets)
    except ValueError as error:
        example = "thumb=w=200&h=200&fit=cover; hero=w=1600&q=75"
        raise BadSetting(f"PICHUB_PRESETS must be presets such as {example}: {error}") from error


def keyring(settings: Settings) -> Keyring:
    """The secrets that sign and verify addresses: those of the settings, or the data folder's own."""
    older = (settings.url_secret_old,) if settings.url_secret_old else ()
    if settings.url_secret:
        return FixedKeyring((settings.url_secret, *older))
    return kept_keyring(settings, older)


def kept_keyring(settings: Settings, older: Sequence[str] = ()) -> FileKeyring:
    """The data folder's own secrets."""
    return FileKeyring(settings.data_dir / "url-secrets.json", older=older)


def _now() -> datetime:
    return datetime.now(UTC)


def _folder(settings: Settings, name: str) -> Path:
    path = settings.data_dir / name
    path.mkdir(exist_ok=True)
    return path


def database_url(settings: Settings) -> str:
    return sqlite_url(settings.data_dir.resolve() / "pichub.db")
