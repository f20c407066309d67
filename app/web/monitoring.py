"""Monitoring endpoints: liveness, readiness, metrics."""

from secrets import compare_digest

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Unauthorized
from app.observability.metrics import CONTENT_TYPE

NO_STORE = {"Cache-Control": "no-store"}


async def healthz(_: Request) -> Response:
    """Return 200 while the process responds. No engine is checked: a restart would not fix one."""
    return Response("ok\n", headers=NO_STORE, media_type="text/plain")


async def readyz(request: Request) -> Response:
    """Return 200 if the server can handle requests, else 503: a dependency is unavailable, or it is stopping."""
    report = await request.state.services.observability.health.report()
    checks = {
        name: {"status": "ok" if result.is_ok else "error", "ms": result.ms}
        | ({} if result.is_ok else {"error": result.problem})
        for name, result in report.results.items()
    }
    status = "stopping" if report.stopping else "ready" if report.is_ready else "not ready"
    body = orjson.dumps({"status": status, "checks": checks})
    return Response(body, 200 if report.is_ready else 503, NO_STORE, media_type="application/json")


async def metrics(request: Request) -> Response:
    """Return Prometheus metrics, if enabled. Raises Unauthorized."""
    services = request.state.services
    token = services.settings.metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and not compare_digest(sent.encode(), token.encode()):
        raise Unauthorized(
            "The metrics need a token", "Send PICHUB_METRICS_TOKEN in the header 'Authorization: Bearer …'"
        )
    return Response(await services.observability.metrics.render(), media_type=CONTENT_TYPE)


routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
metrics_routes = [Route("/metrics", metrics)]
