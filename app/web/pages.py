"""Pages and assets built from app/web/ui."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent
BUILT, NOT_BUILT = HERE / "dist", HERE / "not_built.html"
COMMON_POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""No page may be framed, and none submits forms natively."""
INLINE_STYLE_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; {COMMON_POLICY}"
"""For pages without scripts or external files."""
LOADED_ORIGINS = {
    "default": "'none'",
    "script": "'self'",
    "worker": "'self'",
    "connect": "'self'",
    # Monaco, the editor, positions lines with style attributes and writes its themes into style elements.
    "style": "'self' 'unsafe-inline'",
    "img": "'self' data:",
    "font": "'self' data:",
}
OWN_ORIGIN_POLICY = "; ".join(
    [*(f"{kind}-src {origins}" for kind, origins in LOADED_ORIGINS.items()), COMMON_POLICY]
)
"""For applications: nothing is loaded from or sent to another origin."""
OWN_FILES_POLICY = OWN_ORIGIN_POLICY.replace(" 'unsafe-inline'", "")
"""For pages whose styles are all in files."""
ASSET_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
"""For web workers, which have the policy of their own file."""
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Compressed files of the build, smallest first."""
NAME = re.compile(r"[\w-][\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pages:
    """The built pages in a folder. They may be built and rebuilt while the server runs."""

    folder: Path = BUILT

    @property
    def documents(self) -> Path:
        """Manifest of the pages' GraphQL operations; missing if nothing was built."""
        return self.folder / "documents.json"

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/static/{name}", self.asset),
            Route("/docs", self.docs),
            Route("/docs/", self.docs),
            Route("/docs/swagger", self.swagger),
        ]

    def graphiql(self, path: str) -> Response:
        """Return GraphiQL for this path. Its links are relative, so it works under any prefix of a proxy."""
        return self._page("graphiql", OWN_ORIGIN_POLICY, is_in_folder=path.endswith("/"))

    def docs(self, request: Request) -> Response:
        """Return the documentation of the REST API, with its upload form."""
        return self._page("docs", OWN_FILES_POLICY, is_in_folder=request.url.path.endswith("/"))

    def swagger(self, _: Request) -> Response:
        """Return Swagger UI for the same document."""
        return self._page("swagger", OWN_FILES_POLICY, is_in_folder=True)

    def _page(self, name: str, policy: str, *, is_in_folder: bool) -> Response:
        """Return a built page. If its URL does not end in a slash, its relative links are adjusted."""
        try:
            page = (self.folder / name / "index.html").read_text()
        except FileNotFoundError:
            return document(NOT_BUILT.read_text(), INLINE_STYLE_POLICY, status=503)
        return document(page if is_in_folder else page.replace('="../', '="./'), policy)

    def dashboard(self, *, sign_up: str, max_upload: int) -> Response | None:
        """Return the dashboard for the root; None if it was not built.

        It contains facts that have no API: how to sign up, and the maximum file size.
        """
        try:
            page = (self.folder / "dashboard" / "index.html").read_text()
        except FileNotFoundError:
            return None
        page = page.replace('="../', '="./')
        page = page.replace('data-sign-up="closed"', f'data-sign-up="{sign_up}"')
        page = page.replace('data-max-upload=""', f'data-max-upload="{max_upload}"')
        return document(page, OWN_FILES_POLICY)

    def asset(self, request: Request) -> Response:
        """Return an asset of a page. Its name contains a digest, so it may be cached forever."""
        name: str = request.path_params["name"]
        media_type = MEDIA_TYPES.get(Path(name).suffix)
        file = self.folder / "static" / name
        if media_type is None or not NAME.fullmatch(name) or not file.is_file():
            raise HTTPException(404)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": ASSET_POLICY,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        for encoding in accepted_encodings(request.headers.get("accept-encoding", "")):
            compressed = file.with_name(name + ENCODINGS[encoding])
            if compressed.is_file():
                headers["Content-Encoding"] = encoding
                return FileResponse(compressed, media_type=media_type, headers=headers)
        return FileResponse(file, media_type=media_type, headers=headers)


def document(html: str, policy: str, *, status: int = 200) -> Response:
    """Return an uncached page with a Content-Security-Policy."""
    headers: Mapping[str, str] = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(html, status, headers=headers)


def accepted_encodings(header: str) -> list[str]:
    """Return the encodings that an Accept-Encoding header allows, in order of preference."""
    refused = re.compile(r";\s*q=0(\.0*)?\s*$")
    taken = {item.split(";")[0].strip() for item in header.lower().split(",") if not refused.search(item)}
    return [encoding for encoding in ENCODINGS if encoding in taken]
