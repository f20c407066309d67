"""Routes of the pages."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.settings import Settings
from app.web import monitoring
from app.web.pages import INLINE_STYLE_POLICY, Pages, document

HOME, NOT_FOUND = (Path(__file__).with_name(name) for name in ("home.html", "not_found.html"))
API_PREFIXES = ("/v1/", "/api/", "/img/", "/static/", "/metrics")


def home(request: Request) -> Response:
    """Return the dashboard, or a landing page if it was not built."""
    return landing(Pages(), request.state.services.settings)


def landing(pages: Pages, settings: Settings) -> Response:
    dashboard = pages.dashboard(sign_up=settings.sign_up, max_upload=settings.max_upload_size)
    return dashboard or document(HOME.read_text(), INLINE_STYLE_POLICY)


def not_found_page(request: Request) -> Response | None:
    """Return the 404 page for browsers; None for API clients, which get JSON."""
    path = request.url.path
    if path.startswith(API_PREFIXES) or "text/html" not in request.headers.get("accept", ""):
        return None
    root = "../" * (path.count("/") - 1) or "./"  # any prefix of a proxy
    return document(NOT_FOUND.read_text().replace("ROOT", root), INLINE_STYLE_POLICY, status=404)


routes = [Route("/", home), *monitoring.routes]
