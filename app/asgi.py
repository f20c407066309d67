"""The faces, put together into one application."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.cancellation import in_thread
from app.context import Services
from app.lifespan import run_services
from app.middleware import RateLimitHeaders, UnexpectedErrors
from app.observability.access_log import Observed
from app.ratelimits import package
from app.settings import Settings
from app.web.pages import Pages
from app.web.routes import not_found_page
from app.web.routes import routes as web_routes
from app.web.watching import metrics_routes
from app.web.watching import routes as watching_routes
from compat_rest.coalescing import RequestCoalescing
from compat_rest.errors import exception_handlers, http_error, internal_error
from compat_rest.response_cache import ResponseCacheMiddleware
from compat_rest.routes import routes as rest_routes
from compat_rest.routes import short
from compat_rest.tus import HEADERS as TUS_HEADERS

EXPOSED_HEADERS = [
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit",
    "RateLimit-Policy",
    "Location",
    "ETag",
    "X-Request-Id",
    "Content-Disposition",
    *TUS_HEADERS,
]


GRAPHQL_BUILD_DELAY_SECONDS = 0.1
"""Seconds that the first requests have the interpreter to themselves."""
WORKER_START_DELAY_SECONDS = 1.0
"""Seconds after which the worker starts."""


class AppState(TypedDict):
    """What requests find in their state."""

    services: Services
    graphql: asyncio.Future[ASGIApp]


class GraphQL:
    """The GraphQL endpoint: requests and WebSockets that come while it is built wait for it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        view = await asyncio.shield(scope["state"]["graphql"])
        await view(scope, receive, send)


@asynccontextmanager
async def graphql_built(settings: Settings, pages: Pages) -> AsyncIterator[asyncio.Future[ASGIApp]]:
    """The GraphQL view, built in a thread while the server answers already: it is more than half of a start.

    Raises BadDocument.
    """

    def build() -> ASGIApp:
        package.load()
        import app.ratelimits.counters  # noqa: F401  (what the first request that is counted would wait for)

        if settings.metrics:
            import prometheus_client  # noqa: F401  (and what the first that counts would)
        from app.graphql.server.protocol import GraphQLView

        return GraphQLView(settings, graphiql=pages.graphiql, own_documents=pages.documents)

    async def build_later() -> ASGIApp:
        await asyncio.sleep(GRAPHQL_BUILD_DELAY_SECONDS)
        return await in_thread(build)

    building = asyncio.ensure_future(build_later())
    if settings.graphql_documents:
        await building  # who trusts documents is told at the start which of them can't be
    yield building
    await asyncio.wait([building])


@asynccontextmanager
async def embedded_worker(services: Services) -> AsyncIterator[None]:
    """The worker, inside of the server if the settings want it there; it starts when the server answers already."""
    if services.settings.worker != "inside":
        yield
        return
    stop = asyncio.Event()
    worker = asyncio.create_task(_work(services, stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def _work(services: Services, stop: asyncio.Event) -> None:
    def load() -> Callable[[Services, asyncio.Event], Awaitable[None]]:
        from app.jobs.worker import run_loops

        return run_loops

    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), WORKER_START_DELAY_SECONDS)
        return
    work = await in_thread(load)
    await work(services, stop)


def monitoring_app(services: Services) -> ASGIApp:
    """What may be asked of a worker: whether it lives and is ready, and what it has counted."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Services]]:
        yield {"services": services}

    routes = [*watching_routes, *(metrics_routes if services.settings.metrics else ())]
    return Starlette(routes=routes, exception_handlers=exception_handlers, lifespan=lifespan)


async def http_not_found(request: Request, error: Any) -> Response:
    """The answer to an HTTPException: a page for a person who is lost, and REST's own for all else."""
    page = not_found_page(request) if error.status_code == 404 else None
    return page or await http_error(request, error)


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The application. Without settings it reads this process's own: `uvicorn app.asgi:create_app --factory`."""
    settings = settings or Settings.load()
    logging.getLogger("pichub").setLevel(settings.log_level.upper())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[AppState]:
        async with (
            run_services(settings) as services,
            graphql_built(settings, pages) as graphql,
            embedded_worker(services),
        ):
            yield {"services": services, "graphql": graphql}

    pages, graphql = Pages(), GraphQL()
    app = Starlette(
        routes=[
            *rest_routes,
            Route("/graphql", graphql, methods=None),
            Route("/graphql/", graphql, methods=None),
            WebSocketRoute("/graphql", graphql),
            WebSocketRoute("/graphql/", graphql),
            *web_routes,
            *pages.routes,
            *(metrics_routes if settings.metrics else ()),
            *short,
        ],
        middleware=[
            Middleware(Observed, is_logged=settings.access_log != "off"),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_credentials=settings.cors_origins != ("*",),
                allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
                allow_headers=["*"],
                expose_headers=EXPOSED_HEADERS,
                max_age=86_400,
            ),
            Middleware(ResponseCacheMiddleware),
            Middleware(RateLimitHeaders, trusted=settings.trusted_proxies),
            # Inside, so that pages on other origins may read its answer.
            Middleware(UnexpectedErrors, answer=internal_error),
        ],
        exception_handlers=exception_handlers | {HTTPException: http_not_found},
        lifespan=lifespan,
    )
    whole = ResponseCacheMiddleware(RequestCoalescing(app), outside=True)
    return Observed(whole, is_logged=True) if settings.access_log == "all" else whole
