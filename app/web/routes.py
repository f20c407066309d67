"""The pages, each at its address."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.settings import Settings
from app.web import watching
from app.web.pages import INLINE_STYLE_POLICY, Pages, document

HOME, LOST = (Path(__file__).with_name(name) for name in ("home.html", "lost.html"))
API_PREFIXES = ("/v1/", "/api/", "/img/", "/static/", "/metrics")


def home(request: Request) -> Response:
    """Where a browser lands: the dashboard; where it was not built, what this server is, and where to go from here."""
    return landing(Pages(), request.state.services.settings)


def landing(pages: Pages, settings: Settings) -> Response:
    dashboard = pages.dashboard(sign_up=settings.sign_up, max_upload=settings.max_upload_size)
    return dashboard or document(HOME.read_text(), INLINE_STYLE_POLICY)


def not_found_page(request: Request) -> Response | None:
    """What a person reads at an address of nothing; None for programs, which are told so in JSON."""
    path = request.url.path
    if path.startswith(API_PREFIXES) or "text/html" not in request.headers.get("accept", ""):
        return None
    root = "../" * (path.count("/") - 1) or "./"  # whatever prefix a proxy adds
    return document(LOST.read_text().replace("ROOT", root), INLINE_STYLE_POLICY, status=404)


routes = [Route("/", home), *watching.routes]
