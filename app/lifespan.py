"""Chooses the implementation of each contract, and starts and stops the services."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.auth.last_used import LastUsed
from app.auth.passwords import Passwords
from app.auth.url_secrets import DatabaseKeyring
from app.caching.epochs import CacheEpochs
from app.caching.redis import SharedCacheEpochs
from app.caching.response_cache import MAX_AGE_SECONDS, EpochCache
from app.context import Context, RateLimit, ResponseCache, Services
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
from app.events.feed import EventFeed
from app.imaging.presets import Presets
from app.imaging.workers.pool import ImageLimits, WorkerPool
from app.jobs import heartbeat
from app.observability.health import Check, Health
from app.observability.metrics import Metrics, MetricSource
from app.observability.tracing import NoTracing, OpenTelemetry, Tracing
from app.outbound.post import Outbound
from app.ratelimits.base import Limiter
from app.ratelimits.memory import MemoryLimiter
from app.ratelimits.policies import Policy
from app.ratelimits.redis import RedisLimiter
from app.resolvers import account
from app.resolvers.account import InitialCredentials
from app.settings import BadSetting, Settings
from app.signing.keyring import FileKeyring, FixedKeyring, Keyring
from app.storage import probe
from app.storage.base import Storage
from app.storage.disk import DiskStorage
from app.storage.locations import Bucket, parse_location
from app.storage.presigned import AwsCredentials
from app.urls import UrlBuilder
from app.webhooks import backlog

MAX_THREADS = 32
IMAGE_CACHE_SIZE = 2_000
MAX_SHARED_AGE_SECONDS = 10.0
"""Cache lifetime with several machines: bounds stale data if one could not announce a change."""


@asynccontextmanager
async def run_services(settings: Settings) -> AsyncIterator[Services]:
    """Run the services until the block ends. The database must be migrated. Raises BadSetting."""
    traced = tracing(settings)
    async with database(database_config(settings)):
        # More than the default: threads here wait for disks, and a slow fsync must not delay reads.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MAX_THREADS))
        services = build_services(settings, traced)
        if services.redis is not None:
            await services.redis.start()
        try:
            async with maintained(services.storage):
                yield services
        finally:
            services.health.stop()
            await services.health.close()
            await services.feed.close()
            await services.last_used.close()
            await services.renders.close()
            await services.imaging.close()
            if services.redis is not None:
                await services.redis.close()
            await services.tracing.close()
            services.cache_epochs.close()


async def prepare(settings: Settings) -> InitialCredentials | None:
    """Create what is missing: data folder, signing secret, tables and the first account.

    Raises BadKeyring.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not secrets_in_database(settings):
        await keyring(settings).signing_secret()
    await migrate(database_config(settings))
    async with database(database_config(settings)):
        await keyring(settings).signing_secret()
        return await account.create_first_account(Context(build_services(settings)))


class NotInitialized(Exception):
    """The data folder has no database. The text says how to create one."""


async def upgrade(settings: Settings) -> None:
    """Migrate an existing database. Raises NotInitialized if there is none.

    Creates the data folder of an additional machine.
    """
    require_initialized(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await migrate(database_config(settings))


def require_initialized(settings: Settings) -> None:
    """Raise NotInitialized if there is no database."""
    path = sqlite_path(database_config(settings))
    if path is not None and not path.exists():
        raise NotInitialized(
            f"There is no PicHub in {settings.data_dir}: start it once with 'pichub serve', or run 'pichub migrate'"
        )


@asynccontextmanager
async def inspect_services(settings: Settings) -> AsyncIterator[Services]:
    """Yield the services without contacting an engine, for an installation that may be broken. Raises OSError.

    Without a data folder they use a temporary one.
    """
    with ExitStack() as held:
        if not settings.data_dir.exists():
            folder = held.enter_context(TemporaryDirectory(prefix="pichub-"))
            settings = replace(settings, data_dir=Path(folder))
        services = build_services(settings)
        try:
            yield services
        finally:
            await services.imaging.close()
            if services.redis is not None:
                await services.redis.close()
            services.cache_epochs.close()


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    """Open the database without migrating it. Raises NotInitialized, and errors of the engine."""
    require_initialized(settings)
    async with database(database_config(settings)):
        yield


@asynccontextmanager
async def console(settings: Settings) -> AsyncIterator[Context]:
    """Yield the context of the command line, which has an admin's permissions. Raises NotInitialized."""
    await upgrade(settings)
    async with database(database_config(settings)):
        services = build_services(settings)
        try:
            yield Context(services, is_operator=True)
        finally:
            if services.redis is not None:
                await services.redis.close()
            services.cache_epochs.close()


def build_services(settings: Settings, tracing: Tracing | None = None) -> Services:
    metrics = Metrics(on=settings.metrics)
    shared = RedisClient(settings.redis_url, metrics) if settings.redis_url else None
    fresh, rings = cache_epochs(settings, shared), notifier(shared)
    longest = MAX_SHARED_AGE_SECONDS if shared else MAX_AGE_SECONDS
    feed = EventFeed(rings)
    hits: ResponseCache = EpochCache(
        fresh, size=settings.response_cache_size, max_age=longest, second_time_only=True
    )
    pictures = storage(settings)
    imaging = WorkerPool(
        workers=settings.transform_workers,
        queue=settings.transform_queue,
        deadline=settings.transform_deadline,
        memory=settings.transform_memory,
        limits=ImageLimits(max_pixels=settings.max_pixels, max_dimension=settings.max_dimension),
    )
    metrics.show(metric_sources(imaging=imaging, hits=hits, feed=feed))
    return Services(
        settings=settings,
        storage=pictures,
        imaging=imaging,
        presets=presets(settings),
        renders=SingleFlight(),
        locks=locks(settings, shared),
        cache_epochs=fresh,
        response_cache=hits,
        image_cache=EpochCache(fresh, size=IMAGE_CACHE_SIZE, max_age=longest),
        keyring=keyring(settings),
        notifier=rings,
        feed=feed,
        outbound=Outbound(allowed=settings.webhook_allow_networks),
        metrics=metrics,
        tracing=tracing or NoTracing(),
        health=Health(checks=health_checks(settings, storage=pictures, imaging=imaging, redis=shared)),
        limiter=limiter(shared),
        policies={
            RateLimit.API: Policy(RateLimit.API, settings.limit_api),
            RateLimit.UPLOAD: Policy(RateLimit.UPLOAD, settings.limit_upload),
            RateLimit.AUTH_FAILURES: Policy(RateLimit.AUTH_FAILURES, settings.limit_auth_failures),
            RateLimit.RENDERS: Policy(RateLimit.RENDERS, settings.limit_renders),
        },
        urls=UrlBuilder(settings.url),
        passwords=Passwords(),
        last_used=LastUsed(),
        clock=_now,
        redis=shared,
    )


def limiter(redis: RedisClient | None) -> Limiter:
    """Return the rate limiter: per process, or shared."""
    here = MemoryLimiter(_now)
    return RedisLimiter(redis.commands, _now, here) if redis else here


def notifier(redis: RedisClient | None) -> Notifier:
    return RedisNotifier(redis) if redis else MemoryNotifier()


def locks(settings: Settings, redis: RedisClient | None) -> DistributedLock:
    patience = 3 * settings.transform_deadline
    here = FolderLock(_folder(settings, "locks"), timeout=patience)
    return RedisLock(redis, here, timeout=patience) if redis else here


def cache_epochs(settings: Settings, redis: RedisClient | None) -> CacheEpochs:
    path = settings.data_dir / "freshness"
    return SharedCacheEpochs(path, redis) if redis else CacheEpochs(path)


def storage(settings: Settings) -> Storage:
    """Return the image storage. Raises BadSetting."""
    bare = bare_storage(storage_location(settings), settings)
    if isinstance(bare, DiskStorage):
        return bare
    from app.storage.cached import CachedStorage

    return CachedStorage(bare, _copies(settings), size=settings.storage_cache_size, clock=_now)


def storage_location(settings: Settings) -> Path | Bucket:
    """Return the folder or bucket of PICHUB_STORAGE_URL. Raises BadSetting for conflicting settings."""
    try:
        found = (
            parse_location(settings.storage_url) if settings.storage_url else settings.data_dir / "storage"
        )
    except ValueError as error:
        raise BadSetting(f"PICHUB_STORAGE_URL must be {error}") from error
    keys = _aws_credentials(settings)
    if settings.img_redirect != "off" and isinstance(found, Path):
        raise BadSetting(
            "PICHUB_IMG_REDIRECT needs PICHUB_STORAGE_URL to be s3://bucket: a folder has no address"
        )
    if settings.img_redirect == "presigned" and keys is None:
        raise BadSetting(
            "PICHUB_IMG_REDIRECT=presigned signs by PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY: set them"
        )
    return found


def _aws_credentials(settings: Settings) -> AwsCredentials | None:
    """Return the bucket's credentials; None to search for them elsewhere. Raises BadSetting."""
    if bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        raise BadSetting("PICHUB_S3_ACCESS_KEY and PICHUB_S3_SECRET_KEY must be set together, or neither")
    return AwsCredentials(settings.s3_access_key, settings.s3_secret_key) if settings.s3_access_key else None


def bare_storage(place: Path | Bucket, settings: Settings) -> Storage:
    """Return the storage in a folder or a bucket without a cache. Raises BadSetting."""
    if isinstance(place, Path):
        return DiskStorage(place, stat_on_loop=place.is_relative_to(settings.data_dir))
    from app.storage.s3 import S3Storage  # its client is loaded only for buckets

    return S3Storage(place, _aws_credentials(settings), _copies(settings), clock=_now)


def _copies(settings: Settings) -> DiskStorage:
    """Return the local folder for copies of remote objects and incoming files."""
    return DiskStorage(settings.data_dir / "cache")


@asynccontextmanager
async def maintained(storage: Storage) -> AsyncIterator[None]:
    """Run the storage's maintenance until the block ends."""
    tending = asyncio.create_task(storage.maintain())
    try:
        yield
    finally:
        tending.cancel()
        await asyncio.wait([tending])


def health_checks(
    settings: Settings, *, storage: Storage, imaging: WorkerPool, redis: RedisClient | None
) -> list[Check]:
    """Return the checks for readiness, one per engine."""

    async def where() -> str:
        found = storage_location(settings)
        return f"S3, {found.url}" if isinstance(found, Bucket) else f"the folder {found.resolve()}"

    needed = [
        Check("database", state.check, state.version),
        Check("storage", partial(probe.check, storage), where),
        Check("transforms", imaging.check),
    ]
    return needed if redis is None else [*needed, Check("redis", redis.check, redis.version, is_needed=False)]


def metric_sources(*, imaging: WorkerPool, hits: ResponseCache, feed: EventFeed) -> list[MetricSource]:
    """Return the metrics that are read when /metrics is requested."""
    # Those that query the database come last: they would count themselves.
    return [
        MetricSource(
            "pichub_transform_waiting_pixels", "Pixels that wait for a worker", lambda: imaging.waiting
        ),
        MetricSource(
            "pichub_transform_workers_busy", "Transform workers that have a job", lambda: imaging.busy
        ),
        MetricSource("pichub_cache_hits", "Pictures answered from memory", lambda: hits.hits, is_total=True),
        MetricSource(
            "pichub_cache_misses", "Addresses not found in memory", lambda: hits.misses, is_total=True
        ),
        MetricSource("pichub_cache_bytes", "Memory that remembered pictures take", lambda: hits.cost),
        MetricSource("pichub_subscriptions", "Followers of events over GraphQL", lambda: feed.subscribers),
        MetricSource(
            "pichub_database_connections_in_use", "Connections that work for somebody", state.in_use
        ),
        MetricSource("pichub_database_waiting", "Who waits for a connection", state.waiting),
        MetricSource("pichub_deliveries_pending", "Deliveries that webhooks are owed", backlog.pending),
        MetricSource(
            "pichub_relay_lag_seconds",
            "Age of the oldest event not yet passed on to webhooks",
            lambda: backlog.lag(_now()),
        ),
        MetricSource(
            "pichub_worker_silence_seconds",
            "Time since a worker last said that it runs",
            lambda: heartbeat.seconds_since(_now()),
        ),
    ]


def tracing(settings: Settings) -> Tracing:
    """Return the tracer. Raises BadSetting."""
    return OpenTelemetry(settings.otel_endpoint) if settings.otel_endpoint else NoTracing()


def presets(settings: Settings) -> Presets:
    """Return the presets. Raises BadSetting."""
    try:
        return Presets.parse(settings.presets)
    except ValueError as error:
        example = "thumb=w=200&h=200&fit=cover; hero=w=1600&q=75"
        raise BadSetting(f"PICHUB_PRESETS must be presets such as {example}: {error}") from error


def keyring(settings: Settings) -> Keyring:
    """Return the keyring for signed URLs: from the settings, the data folder or the database."""
    older = (settings.url_secret_old,) if settings.url_secret_old else ()
    if settings.url_secret:
        return FixedKeyring((settings.url_secret, *older))
    return stored_keyring(settings, older)


def stored_keyring(settings: Settings, older: Sequence[str] = ()) -> FileKeyring | DatabaseKeyring:
    """Return the keyring that PicHub stores itself: in the data folder, or in a database shared by machines."""
    in_folder = FileKeyring(settings.data_dir / "url-secrets.json", older=older)
    return (
        DatabaseKeyring(initial=in_folder.stored_secrets, older=older)
        if secrets_in_database(settings)
        else in_folder
    )


def secrets_in_database(settings: Settings) -> bool:
    """Return True if the keyring is in the database, which must then be open."""
    return is_postgres(database_url(settings)) and not settings.url_secret


async def rotate_secret(settings: Settings, now: datetime, *, keep_for: timedelta) -> datetime:
    """Rotate the stored secret. Return the time until which the previous one verifies.

    Raises BadKeyring, NotInitialized.
    """
    if not secrets_in_database(settings):
        return await stored_keyring(settings).rotate(now, keep_for=keep_for)
    async with console(settings):
        return await stored_keyring(settings).rotate(now, keep_for=keep_for)


def _now() -> datetime:
    return datetime.now(UTC)


def _folder(settings: Settings, name: str) -> Path:
    path = settings.data_dir / name
    path.mkdir(exist_ok=True)
    return path


def database_url(settings: Settings) -> str:
    """Return the database URL: from the settings, or a file in the data folder."""
    return settings.database_url or sqlite_url(settings.data_dir.resolve() / "pichub.db")


def database_config(settings: Settings) -> Config:
    """Return Tortoise's configuration. Raises BadSetting."""
    try:
        return tortoise_config(database_url(settings))
    except UnsupportedDatabase as error:
        raise BadSetting(f"PICHUB_DATABASE_URL: {error}") from error
