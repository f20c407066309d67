"""Which implementation stands behind each contract, and how they start and stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.auth.passwords import Passwords
from app.auth.url_secrets import DatabaseKeyring
from app.auth.uses import LastUsed
from app.caching.epochs import CacheEpochs
from app.caching.redis import SharedCacheEpochs
from app.caching.response_cache import MAX_AGE_SECONDS, EpochCache
from app.context import Budget, Context, Hits, Services
from app.coordination.locks.base import DistributedLock
from app.coordination.locks.local import FolderLock
from app.coordination.locks.redis import RedisLock
from app.coordination.notifier.base import Notifier
from app.coordination.notifier.memory import MemoryNotifier
from app.coordination.notifier.redis import RedisNotifier
from app.coordination.redis.client import RedisClient
from app.coordination.single_flight import SingleFlight
from app.db import state
from app.db.config import Config, UnsupportedDatabase, is_postgres, sqlite_path, sqlite_url, tortoise_config
from app.db.lifecycle import database
from app.db.migrate import migrate
from app.events.feed import Feed
from app.imaging.presets import Presets
from app.imaging.workers.pool import Limits, Pool
from app.jobs import heartbeat
from app.observability.health import Check, Health
from app.observability.metrics import Figure, Metrics
from app.observability.tracing import NoTracing, OpenTelemetry, Tracing
from app.outbound.post import Outbound
from app.ratelimits.base import Limiter
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy
from app.ratelimits.redis import RedisLimiter
from app.resolvers import account
from app.resolvers.account import FirstSignIn
from app.settings import BadSetting, Settings
from app.signing.keyring import FileKeyring, FixedKeyring, Keyring
from app.storage import probe
from app.storage.base import Storage
from app.storage.disk import DiskStorage
from app.storage.locations import Bucket, place
from app.storage.presigned import Keys
from app.urls import Links
from app.webhooks import backlog

THREADS = 32
ROWS = 2_000
LONGEST_SHARED = 10.0
"""Seconds that servers on several machines remember: the bound where one could not tell the others what it changed."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services, from here to the end of the block. The database must have been migrated. Raises BadSetting."""
    traced = tracing(settings)
    async with database(database_config(settings)):
        # More than the default of a few: threads here wait for disks, and a slow fsync must not hold reads up.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        services = assembled(settings, traced)
        if services.redis is not None:
            await services.redis.start()
        try:
            async with looked_after(services.storage):
                yield services
        finally:
            services.health.stop()
            await services.health.close()
            await services.feed.close()
            await services.uses.close()
            await services.renders.close()
            await services.imaging.close()
            if services.redis is not None:
                await services.redis.close()
            await services.tracing.close()
            services.freshness.close()


async def prepare(settings: Settings) -> FirstSignIn | None:
    """Makes the data folder, the secret that signs, the tables and the first account, as far as they are missing.

    Raises BadKeyring.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not secrets_are_rows(settings):
        await keyring(settings).signing_secret()
    await migrate(database_config(settings))
    async with database(database_config(settings)):
        await keyring(settings).signing_secret()
        return await account.make_first(Context(assembled(settings)))


class NotMade(Exception):
    """There is no PicHub in this folder. The text says how one is made."""


async def bring_up_to_date(settings: Settings) -> None:
    """Brings the tables up to date that a PicHub has. Raises NotMade where there is none.

    A machine more, whose rows are elsewhere, gets its data folder by that.
    """
    require_made(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await migrate(database_config(settings))


def require_made(settings: Settings) -> None:
    """Raises NotMade."""
    path = sqlite_path(database_config(settings))
    if path is not None and not path.exists():
        raise NotMade(
            f"There is no PicHub in {settings.data_dir}: start it once with 'pichub serve', or run 'pichub migrate'"
        )


@asynccontextmanager
async def parts(settings: Settings) -> AsyncIterator[Services]:
    """The services of a PicHub that may be broken: nothing is asked of an engine yet. Raises OSError.

    The data folder is the first start's to make: where there is none, they get another for the time.
    """
    with ExitStack() as held:
        if not settings.data_dir.exists():
            folder = held.enter_context(TemporaryDirectory(prefix="pichub-"))
            settings = replace(settings, data_dir=Path(folder))
        services = assembled(settings)
        try:
            yield services
        finally:
            await services.imaging.close()
            if services.redis is not None:
                await services.redis.close()
            services.freshness.close()


@asynccontextmanager
async def rows(settings: Settings) -> AsyncIterator[None]:
    """The database as it is, whichever its tables are. Raises NotMade, and what the engine raises."""
    require_made(settings)
    async with database(database_config(settings)):
        yield


@asynccontextmanager
async def console(settings: Settings) -> AsyncIterator[Context]:
    """The context of the command line, which may do what admins may, also while servers run. Raises NotMade."""
    await bring_up_to_date(settings)
    async with database(database_config(settings)):
        services = assembled(settings)
        try:
            yield Context(services, is_operator=True)
        finally:
            if services.redis is not None:
                await services.redis.close()
            services.freshness.close()


def assembled(settings: Settings, tracing: Tracing | None = None) -> Services:
    metrics = Metrics(on=settings.metrics)
    shared = RedisClient(settings.redis_url, metrics) if settings.redis_url else None
    fresh, rings = freshness(settings, shared), bell(shared)
    longest = LONGEST_SHARED if shared else MAX_AGE_SECONDS
    feed = Feed(rings)
    hits: Hits = EpochCache(fresh, size=settings.hits_size, max_age=longest, second_time_only=True)
    pictures = storage(settings)
    imaging = Pool(
        workers=settings.transform_workers,
        queue=settings.transform_queue,
        deadline=settings.transform_deadline,
        memory=settings.transform_memory,
        limits=Limits(max_pixels=settings.max_pixels, max_side=settings.max_side),
    )
    metrics.show(figures(imaging=imaging, hits=hits, feed=feed))
    return Services(
        settings=settings,
        storage=pictures,
        imaging=imaging,
        presets=presets(settings),
        renders=SingleFlight(),
        turns=turns(settings, shared),
        freshness=fresh,
        hits=hits,
        rows=EpochCache(fresh, size=ROWS, max_age=longest),
        keyring=keyring(settings),
        bell=rings,
        feed=feed,
        outbound=Outbound(allowed=settings.webhook_allow_networks),
        metrics=metrics,
        tracing=tracing or NoTracing(),
        health=Health(checks=checks(settings, storage=pictures, imaging=imaging, redis=shared)),
        limiter=limiter(shared),
        policies={
            Budget.API: Policy(Budget.API, settings.limit_api),
            Budget.UPLOAD: Policy(Budget.UPLOAD, settings.limit_upload),
            Budget.FAILURES: Policy(Budget.FAILURES, settings.limit_failures),
            Budget.MISSES: Policy(Budget.MISSES, settings.limit_misses),
        },
        links=Links(settings.url),
        passwords=Passwords(),
        uses=LastUsed(),
        clock=_now,
        redis=shared,
    )


def limiter(redis: RedisClient | None) -> Limiter:
    """Who counts what is spent: each process for itself, or all together."""
    here = MemoryLimiter(_now)
    return RedisLimiter(redis.commands, _now, here) if redis else here


def bell(redis: RedisClient | None) -> Notifier:
    return RedisNotifier(redis) if redis else MemoryNotifier()


def turns(settings: Settings, redis: RedisClient | None) -> DistributedLock:
    patience = 3 * settings.transform_deadline
    here = FolderLock(_folder(settings, "locks"), timeout=patience)
    return RedisLock(redis, here, timeout=patience) if redis else here


def freshness(settings: Settings, redis: RedisClient | None) -> CacheEpochs:
    path = settings.data_dir / "freshness"
    return SharedCacheEpochs(path, redis) if redis else CacheEpochs(path)


def storage(settings: Settings) -> Storage:
    """Where pictures lie. Raises BadSetting."""
    bare = bare_storage(storage_place(settings), settings)
    if isinstance(bare, DiskStorage):
        return bare
    from app.storage.cached import CachedStorage

    return CachedStorage(bare, _copies(settings), size=settings.storage_cache_size, clock=_now)


def storage_place(settings: Settings) -> Path | Bucket:
    """The folder or bucket of PICHUB_STORAGE_URL, if what is said of it goes together. Raises BadSetting."""
    try:
        found = place(settings.storage_url) if settings.storage_url else settings.data_dir / "storage"
    except ValueError as error:
        raise BadSetting(f"PICHUB_STORAGE_URL must be {error}") from error
    keys = _storage_keys(settings)
    if settings.img_redirect != "off" and isinstance(found, Path):
        raise BadSetting(
            "PICHUB_IMG_REDIRECT needs PICHUB_STORAGE_URL to be s3://bucket: a folder has no address"
        )
    if settings.img_redirect == "presigned" and keys is None:
        raise BadSetting(
            "PICHUB_IMG_REDIRECT=presigned signs by PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY: set them"
        )
    return found


def _storage_keys(settings: Settings) -> Keys | None:
    """The keys of a bucket; None where they are to be sought elsewhere. Raises BadSetting."""
    if bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        raise BadSetting("PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY must be set together, or neither")
    return Keys(settings.s3_access_key, settings.s3_secret_key) if settings.s3_access_key else None


def bare_storage(place: Path | Bucket, settings: Settings) -> Storage:
    """The storage in a folder or a bucket, with nothing before it. Raises BadSetting."""
    if isinstance(place, Path):
        return DiskStorage(place, is_near=place.is_relative_to(settings.data_dir))
    from app.storage.s3 import S3Storage  # its client is for those alone who have a bucket

    return S3Storage(place, _storage_keys(settings), _copies(settings), clock=_now)


def _copies(settings: Settings) -> DiskStorage:
    """The folder of this machine for copies of what lies far, and for what is on its way there."""
    return DiskStorage(settings.data_dir / "cache")


@asynccontextmanager
async def looked_after(storage: Storage) -> AsyncIterator[None]:
    """A storage, and what it does beside the requests."""
    tending = asyncio.create_task(storage.tend())
    try:
        yield
    finally:
        tending.cancel()
        await asyncio.wait([tending])


def checks(settings: Settings, *, storage: Storage, imaging: Pool, redis: RedisClient | None) -> list[Check]:
    """What must work for this process to be ready: a line for each engine."""

    async def where() -> str:
        found = storage_place(settings)
        return f"S3, {found.address}" if isinstance(found, Bucket) else f"the folder {found.resolve()}"

    needed = [
        Check("database", state.check, state.version),
        Check("storage", partial(probe.check, storage), where),
        Check("transforms", imaging.check),
    ]
    return needed if redis is None else [*needed, Check("redis", redis.check, redis.version, is_needed=False)]


def figures(*, imaging: Pool, hits: Hits, feed: Feed) -> list[Figure]:
    """What stands somewhere already, and is told when somebody scrapes."""
    # What asks the database stands last: it would find itself among those who ask.
    return [
        Figure("pichub_transform_waiting_pixels", "Pixels that wait for a worker", lambda: imaging.waiting),
        Figure("pichub_transform_workers_busy", "Transform workers that have a job", lambda: imaging.busy),
        Figure("pichub_cache_hits", "Pictures answered from memory", lambda: hits.hits, is_total=True),
        Figure("pichub_cache_misses", "Addresses not found in memory", lambda: hits.misses, is_total=True),
        Figure("pichub_cache_bytes", "Memory that remembered pictures take", lambda: hits.cost),
        Figure("pichub_subscriptions", "Followers of events over GraphQL", lambda: feed.followers),
        Figure("pichub_database_connections_in_use", "Connections that work for somebody", state.in_use),
        Figure("pichub_database_waiting", "Who waits for a connection", state.waiting),
        Figure("pichub_deliveries_pending", "Deliveries that webhooks are owed", backlog.pending),
        Figure(
            "pichub_relay_lag_seconds",
            "Age of the oldest event not yet passed on to webhooks",
            lambda: backlog.lag(_now()),
        ),
        Figure(
            "pichub_worker_silence_seconds",
            "Time since a worker last said that it runs",
            lambda: heartbeat.seconds_since(_now()),
        ),
    ]


def tracing(settings: Settings) -> Tracing:
    """Where spans go. Raises BadSetting."""
    return OpenTelemetry(settings.otel_endpoint) if settings.otel_endpoint else NoTracing()


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
    return (
        DatabaseKeyring(initial=in_folder.stored_secrets, older=older)
        if secrets_are_rows(settings)
        else in_folder
    )


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
